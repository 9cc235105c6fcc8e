import { hkdfSync, type KeyObject } from 'node:crypto';

/**
 * Identifier of a secret key: 128 bits derived from it with HKDF-SHA-256 (RFC 5869), for this purpose only. It reveals only if a key that
 * the reader already has is the same. Keys have 256 random bits, so they cannot be found by trying.
 */
export function secretKeyId(key: KeyObject | Uint8Array, use: 'journal-mac' | 'sensitive-inputs'): string {
  return `HKDF:${Buffer.from(hkdfSync('sha256', key, '', `taskrunner ${use}.id.v1`, 16)).toString('hex')}`;
}
