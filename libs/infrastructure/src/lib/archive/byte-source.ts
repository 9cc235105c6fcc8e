import { refusal } from './archive-error';
import { joined } from './bytes';

/** A source of bytes from which a reader takes exact amounts, up to `maxBytes` in all. */
export class ByteSource {
  private readonly pieces: AsyncIterator<Uint8Array>;
  private held: Uint8Array = new Uint8Array(0);
  private taken = 0;

  constructor(
    source: AsyncIterable<Uint8Array>,
    private readonly maxBytes: number,
  ) {
    this.pieces = source[Symbol.asyncIterator]();
  }

  /** Returns exactly this number of bytes; fewer only at the end. */
  async take(size: number): Promise<Uint8Array> {
    if (this.held.length >= size) {
      const part = this.held.subarray(0, size);
      this.held = this.held.subarray(size);
      return part;
    }
    const parts: Uint8Array[] = [];
    let missing = size;
    for await (const part of this.upTo(size)) {
      parts.push(part);
      missing -= part.length;
      if (missing === 0) break;
    }
    return joined(parts);
  }

  /** Yields the next bytes in pieces, up to this number in all. */
  async *upTo(size: number): AsyncGenerator<Uint8Array> {
    for (let missing = size; missing > 0;) {
      if (this.held.length === 0 && !(await this.fill())) return;
      const part = this.held.subarray(0, missing);
      this.held = this.held.subarray(part.length);
      missing -= part.length;
      yield part;
    }
  }

  /** Closes the source, whether it was read to the end or not. */
  async close(): Promise<void> {
    await this.pieces.return?.();
  }

  private async fill(): Promise<boolean> {
    for (;;) {
      const next = await this.pieces.next();
      if (next.done === true) return false;
      const { value } = next;
      this.taken += value.length;
      if (this.taken > this.maxBytes)
        throw refusal('ARCHIVE_TOO_LARGE', `the archive has more than ${this.maxBytes} bytes`);
      if (value.length === 0) continue;
      this.held = value;
      return true;
    }
  }
}
