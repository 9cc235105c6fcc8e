import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import { canonical } from './canonical';
import { sha256Hex } from './sha256';

/** sha256 of bytes, or of the UTF-8 bytes of a text. */
export function sha256(data: string | Uint8Array): Digest {
  return `sha256:${sha256Hex(data)}` as Digest;
}

/** sha256 of the RFC 8785 text of a value: the one way this product names a value. */
export function digestOf(value: Json): Digest {
  return sha256(canonical(value));
}

/** The digest of a value that somebody else may have written; null for one that no document can have, such as half of a surrogate pair. */
export function digestIfJson(value: Json): Digest | null {
  try {
    return digestOf(value);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return null;
    throw error;
  }
}
