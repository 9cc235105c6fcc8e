// In place of `evidence/encoding/base64-bytes.ts` of core (browser-core.mts).

/** Bytes that one call of `String.fromCharCode` takes as arguments. */
const PIECE = 8_192;

/** Standard base64 with padding. */
export function textOfBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) pieces.push(String.fromCharCode(...bytes.subarray(at, at + PIECE)));
  return btoa(pieces.join(''));
}

/** The bytes of base64 digits, standard or URL-safe, without padding. */
export function bytesOfBase64(digits: string): Uint8Array {
  const text = atob(digits.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}
