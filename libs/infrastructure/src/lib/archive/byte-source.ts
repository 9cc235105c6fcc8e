import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { isCodedError } from '@taskrunner/core/foundation';
import { refusal } from './archive-error';

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
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
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

/**
 * Passes plain bytes through and decompresses gzip (RFC 1952, detected by its first bytes). Data after the gzip stream is
 * `ARCHIVE_INVALID`.
 */
export async function* unpacked(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  const packed = new ByteSource(source, maxBytes);
  try {
    const head = await packed.take(2);
    if (head[0] === 0x1f && head[1] === 0x8b) yield* gunzipped(packed, head);
    else {
      yield head;
      yield* packed.upTo(Infinity);
    }
  } finally {
    await packed.close();
  }
}

async function* gunzipped(packed: ByteSource, head: Uint8Array): AsyncGenerator<Uint8Array> {
  let fed = 0;
  async function* all(): AsyncGenerator<Uint8Array> {
    for (const part of [head]) yield ((fed += part.length), part);
    for await (const part of packed.upTo(Infinity)) yield ((fed += part.length), part);
  }
  const input = Readable.from(all());
  const gunzip = createGunzip();
  input.once('error', (error) => gunzip.destroy(error));
  try {
    yield* input.pipe(gunzip) as AsyncIterable<Uint8Array>;
    // zlib stops silently at data that is not another gzip member.
    if (gunzip.bytesWritten !== fed) throw refusal('ARCHIVE_INVALID', 'there is data after the end of the gzip stream');
  } catch (error) {
    if (isCodedError(error)) throw error;
    throw refusal('ARCHIVE_INVALID', 'the gzip stream is damaged', error);
  } finally {
    gunzip.destroy();
    input.destroy();
  }
}
