import { bytesOfBase64, textOfBase64 } from './base64-bytes';

const STANDARD = /^[A-Za-z0-9+/]*$/;
const URL_SAFE = /^[A-Za-z0-9_-]*$/;
/** Unused bits of the last character, by the number of characters in the last group. */
const SPARE_BITS = [0, 0, 0b1111, 0b11];

/** RFC 4648 §4, with padding. */
export function toBase64(bytes: Uint8Array): string {
  return textOfBase64(bytes);
}

/** Decodes standard or URL-safe base64 (not a mixture), padded or not; null for anything else. Unused bits must be zero. */
export function fromBase64(text: string): Uint8Array | null {
  const end = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  if (end !== text.length && text.length % 4 !== 0) return null;
  if (end % 4 === 1) return null;
  const digits = text.slice(0, end);
  if (!STANDARD.test(digits) && !URL_SAFE.test(digits)) return null;
  const bytes = bytesOfBase64(digits);
  return spareBitsOf(digits) === 0 ? bytes : null;
}

function spareBitsOf(digits: string): number {
  // One character of base64 is six bits: four times itself is three bytes.
  const last = bytesOfBase64(`AAA${digits.at(-1) ?? 'A'}`)[2] ?? 0;
  return last & (SPARE_BITS[digits.length % 4] ?? 0);
}
