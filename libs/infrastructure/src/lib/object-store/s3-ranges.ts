import { randomUUID } from 'node:crypto';
import type { S3Bucket } from './s3-bucket';

const SIZE = 200_000;
const RANGES = [
  [1, 2],
  [65_535, 131_073],
  [SIZE - 1, SIZE - 1],
] as const;

/**
 * True if the server answers range requests correctly; some return other bytes with the right headers. The test uses an object of its own,
 * because the bytes of a range cannot be verified by digest.
 */
export async function rangesAreExact(bucket: S3Bucket, probes: string): Promise<boolean> {
  const bytes = Uint8Array.from({ length: SIZE }, (_, at) => (at * 31 + (at >>> 8) * 7) & 0xff);
  const key = `${probes}${randomUUID()}`;
  await bucket.put(key, bytes);
  try {
    for (const [first, last] of RANGES) {
      const part = await bucket.get(key, { first, last });
      const pieces: Uint8Array[] = [];
      if (part !== null) for await (const piece of part.pieces) pieces.push(piece);
      if (!Buffer.concat(pieces).equals(bytes.subarray(first, last + 1))) return false;
    }
    return true;
  } finally {
    await bucket.delete(key);
  }
}
