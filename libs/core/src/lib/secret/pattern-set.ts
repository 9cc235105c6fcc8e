const NONE = 0;

/**
 * Many byte patterns, looked for at once (Aho and Corasick, 1975). State 0 is the root; the state after some bytes is the
 * longest beginning of a pattern that they end with. Capitals of ASCII are equal to small letters; NUL and line ends are left out of
 * patterns, since a reader skips them too.
 */
export class PatternSet {
  /** Length of the longest pattern. */
  readonly longest: number;
  private readonly bytes: Uint8Array;
  private readonly child: Int32Array;
  private readonly sibling: Int32Array;
  private readonly fail: Int32Array;
  private readonly depths: Int32Array;
  private readonly ends: Int32Array;
  private readonly open: Int32Array;
  private readonly root = new Int32Array(256);
  private size = 1;

  constructor(patterns: readonly Uint8Array[]) {
    const plain = patterns.map(normalised).filter((pattern) => pattern.length > 0);
    const most = plain.reduce((sum, pattern) => sum + pattern.length, 1);
    this.bytes = new Uint8Array(most);
    this.child = new Int32Array(most);
    this.sibling = new Int32Array(most);
    this.fail = new Int32Array(most);
    this.depths = new Int32Array(most);
    this.ends = new Int32Array(most);
    this.open = new Int32Array(most);
    this.longest = plain.reduce((longest, pattern) => Math.max(longest, pattern.length), 0);
    for (const pattern of plain) this.add(pattern);
    this.link();
  }

  /** The state after one more byte, folded by `FOLDED`. */
  next(state: number, byte: number): number {
    for (let at = state; at !== NONE; at = this.fail[at] ?? NONE) {
      const found = this.childOf(at, byte);
      if (found !== NONE) return found;
    }
    return this.root[byte] ?? NONE;
  }

  /** Number of bytes of the longest partial match. */
  begun(state: number): number {
    return this.open[state] ?? 0;
  }

  /** Length of the longest pattern that ends here; 0 if none does. */
  matched(state: number): number {
    return this.ends[state] ?? 0;
  }

  private childOf(state: number, byte: number): number {
    for (let at = this.child[state] ?? NONE; at !== NONE; at = this.sibling[at] ?? NONE)
      if (this.bytes[at] === byte) return at;
    return NONE;
  }

  private add(pattern: Uint8Array): void {
    let state = NONE;
    for (const byte of pattern) {
      let next = state === NONE ? (this.root[byte] ?? NONE) : this.childOf(state, byte);
      if (next === NONE) {
        next = this.size++;
        this.bytes[next] = byte;
        this.depths[next] = (this.depths[state] ?? 0) + 1;
        if (state === NONE) this.root[byte] = next;
        else {
          this.sibling[next] = this.child[state] ?? NONE;
          this.child[state] = next;
        }
      }
      state = next;
    }
    this.ends[state] = pattern.length;
  }

  /** Builds the failure links, level by level. */
  private link(): void {
    const queue = [...this.root].filter((state) => state !== NONE);
    for (let place = 0; place < queue.length; place++) {
      const state = queue[place] ?? NONE;
      const fail = this.fail[state] ?? NONE;
      if (this.ends[state] === 0) this.ends[state] = this.ends[fail] ?? 0;
      this.open[state] = (this.child[state] === NONE ? this.open[fail] : this.depths[state]) ?? 0;
      for (let at = this.child[state] ?? NONE; at !== NONE; at = this.sibling[at] ?? NONE) {
        this.fail[at] = this.next(fail, this.bytes[at] ?? 0);
        queue.push(at);
      }
    }
  }
}

/** Maps bytes, with upper-case ASCII letters folded to lower case. */
export const FOLDED = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));

/** NUL (UTF-16 printed as bytes) and line ends (base64 wrapped at 76 columns) are skipped. */
export function isSkipped(byte: number): boolean {
  return byte === 0x00 || byte === 0x0a || byte === 0x0d;
}

function normalised(pattern: Uint8Array): Uint8Array {
  return pattern.filter((byte) => !isSkipped(byte)).map((byte) => FOLDED[byte] ?? byte);
}
