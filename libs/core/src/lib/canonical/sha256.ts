import { createHash, hash } from 'node:crypto';

// SHA-256 of Node.js. The console has one of its own in place of this file (apps/console/browser-core.mts), because WebCrypto is asynchronous.

/** SHA-256 of bytes that come in pieces. */
export interface RunningSha256 {
  update(piece: Uint8Array): void;
  /** Of all pieces, in lower-case hexadecimal digits; nothing can be added then. */
  hex(): string;
}

/** SHA-256 of bytes, or of the UTF-8 bytes of a text, in lower-case hexadecimal digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** Begins a SHA-256 of bytes that come in pieces. */
export function beginSha256(): RunningSha256 {
  const running = createHash('sha256');
  return { update: (piece) => void running.update(piece), hex: () => running.digest('hex') };
}
