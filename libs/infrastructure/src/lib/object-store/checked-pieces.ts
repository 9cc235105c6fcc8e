import { createHash } from 'node:crypto';
import type { Digest } from '@taskrunner/core/foundation';
import { altered, refusal } from './object-store-error';

/** Passes the pieces on and verifies the hash over all of them. The last piece is held back until then. Throws `OBJECT_DIGEST_MISMATCH`. */
export async function* checkedPieces(pieces: AsyncIterable<Uint8Array>, digest: Digest): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let held: Uint8Array | null = null;
  for await (const piece of pieces) {
    if (piece.length === 0) continue;
    hash.update(piece);
    if (held !== null) yield held;
    held = piece;
  }
  if (`sha256:${hash.digest('hex')}` !== digest) throw altered(digest);
  if (held !== null) yield held;
}

/** Hashes and counts bytes. */
export class Measure {
  private readonly hash = createHash('sha256');
  private known: Digest | null = null;
  size = 0;

  constructor(private readonly maxBytes: number) {}

  /** Adds a piece. Throws `OBJECT_TOO_LARGE`. */
  take(piece: Uint8Array): void {
    this.size += piece.length;
    if (this.size > this.maxBytes) throw refusal('OBJECT_TOO_LARGE', `more than ${this.maxBytes} bytes`);
    this.hash.update(piece);
  }

  /** Digest of all bytes. No more bytes can be added afterwards. */
  digest(): Digest {
    return (this.known ??= `sha256:${this.hash.digest('hex')}` as Digest);
  }
}
