// The base64 of Node.js. The console has one of its own in place of this file (apps/console/browser-core.mts).

/** Standard base64 with padding. */
export function textOfBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** The bytes of base64 digits, standard or URL-safe, without padding. Nothing is checked. */
export function bytesOfBase64(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits, 'base64'));
}
