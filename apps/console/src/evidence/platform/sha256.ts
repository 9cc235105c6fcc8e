import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

// In place of `canonical/sha256.ts` of core (browser-core.mts). WebCrypto has SHA-256 as a promise only, and core asks at once.

const encoder = new TextEncoder();

/** SHA-256 of bytes that come in pieces. */
export interface RunningSha256 {
  update(piece: Uint8Array): void;
  /** Of all pieces, in lower-case hexadecimal digits; nothing can be added then. */
  hex(): string;
}

/** SHA-256 of bytes, or of the UTF-8 bytes of a text, in lower-case hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return bytesToHex(sha256(typeof data === 'string' ? encoder.encode(data) : data));
}

/** Begins a SHA-256 of bytes that come in pieces. */
export function beginSha256(): RunningSha256 {
  const running = sha256.create();
  return { update: (piece) => void running.update(piece), hex: () => bytesToHex(running.digest()) };
}
