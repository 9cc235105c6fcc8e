import type { Digest } from '@taskrunner/core/foundation';

/** A digest as 32 bytes, which the frequently written tables store. */
export function digestBytes(digest: Digest): Buffer {
  return Buffer.from(digest.slice('sha256:'.length), 'hex');
}

/** The digest of 32 bytes. */
export function toDigest(bytes: Buffer): Digest {
  return `sha256:${bytes.toString('hex')}` as Digest;
}
