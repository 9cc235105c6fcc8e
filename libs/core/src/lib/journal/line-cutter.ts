const LF = 0x0a;
const CR = 0x0d;
const NOTHING = new Uint8Array(0);

/** Told of a line, or of a part of one that is too long. `goesOn`: the line's next part follows. */
export type LineReader = (text: Uint8Array, goesOn: boolean) => void;

/**
 * Cuts raw output into lines: UTF-8, without line end (`\n` or `\r\n`), none longer than `lineBytes`, no character cut in two. What is
 * not UTF-8 becomes U+FFFD, NUL becomes `\u0000`, all else (ANSI sequences, lone carriage returns) stays. However the output comes
 * in pieces, the same lines come out, and never more than one line's bytes are kept.
 */
export class LineCutter {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private readonly encoder = new TextEncoder();
  /** Text without a line end yet: at most `lineBytes`, and one more that may belong to a line end. */
  private rest: Uint8Array = NOTHING;

  constructor(
    private readonly lineBytes: number,
    private readonly line: LineReader,
  ) {}

  push(output: Uint8Array): void {
    this.cut(this.decoder.decode(output, { stream: true }));
  }

  /** The output is over: what is left is a line too. */
  end(): void {
    this.cut(this.decoder.decode());
    const { rest } = this;
    this.rest = NOTHING;
    if (rest.length > 0) this.whole(rest, 0, rest.length);
  }

  private cut(text: string): void {
    if (text === '') return;
    const fresh = this.encoder.encode(text.includes('\0') ? text.replaceAll('\0', '\\u0000') : text);
    const bytes = this.rest.length === 0 ? fresh : joined(this.rest, fresh);
    let from = 0;
    // What was kept has no line end in it.
    for (let end = bytes.indexOf(LF, this.rest.length); end >= 0; end = bytes.indexOf(LF, from)) {
      this.whole(bytes, from, end > from && bytes[end - 1] === CR ? end - 1 : end);
      from = end + 1;
    }
    while (bytes.length - from > this.lineBytes + 1) from = this.part(bytes, from);
    // A copy: the block that it came in is not kept for it.
    this.rest = from === bytes.length ? NOTHING : bytes.slice(from);
  }

  private whole(bytes: Uint8Array, begin: number, end: number): void {
    let from = begin;
    while (end - from > this.lineBytes) from = this.part(bytes, from);
    this.line(bytes.subarray(from, end), false);
  }

  /** The longest part that ends with a character. Gives where it ends. */
  private part(bytes: Uint8Array, from: number): number {
    let to = from + this.lineBytes;
    while (isWithinCharacter(bytes[to])) to--;
    this.line(bytes.subarray(from, to), true);
    return to;
  }
}

/** True for a byte that continues a character of UTF-8. */
function isWithinCharacter(byte = 0): boolean {
  return (byte & 0xc0) === 0x80;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
