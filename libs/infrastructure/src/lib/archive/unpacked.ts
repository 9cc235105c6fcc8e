import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { isCodedError } from '@taskrunner/core/foundation';
import { refusal } from './archive-error';
import { ByteSource } from './byte-source';

// The gzip of Node.js. The console, which reads plain tars only, has a file of its own in place of this one (apps/console/browser-core.mts).

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
