import type { Digest } from '../foundation/ids';
import { beginSha256 } from './sha256';

/** sha256 of bytes that come in pieces, and how many they are. */
export class RunningDigest {
  private readonly hash = beginSha256();
  size = 0;

  add(piece: Uint8Array): void {
    this.hash.update(piece);
    this.size += piece.length;
  }

  /** Of all pieces; nothing can be added then. */
  end(): Digest {
    return `sha256:${this.hash.hex()}` as Digest;
  }
}
