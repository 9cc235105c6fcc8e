import type { Digest } from '@taskrunner/core/foundation';

/** The 32 bytes of a digest, as the hot tables keep them. */
export function digestBytes(digest: Digest): Buffer {
  return Buffer.from(digest.slice('sha256:'.length), 'hex');
}

/** The digest that 32 bytes stand for. */
export function toDigest(bytes: Buffer): Digest {
  return `sha256:${bytes.toString('hex')}` as Digest;
}
