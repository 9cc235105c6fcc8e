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
