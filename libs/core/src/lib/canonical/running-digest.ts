import { createHash } from 'node:crypto';
import type { Digest } from '../foundation/ids';

/** sha256 of bytes that come in pieces, and how many they are. */
export class RunningDigest {
  private readonly hash = createHash('sha256');
  size = 0;

  add(piece: Uint8Array): void {
    this.hash.update(piece);
    this.size += piece.length;
  }

  /** Of all pieces; nothing can be added then. */
  end(): Digest {
    return `sha256:${this.hash.digest('hex')}` as Digest;
  }
}
