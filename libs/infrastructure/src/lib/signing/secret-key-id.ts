import { hkdfSync, type KeyObject } from 'node:crypto';

/**
 * Identifier of a secret key: 128 bits that HKDF-SHA-256 (RFC 5869) derives from it for this and nothing else. A reader learns only whether
 * a key that they already have is the same. Keys have 256 random bits, so they cannot be found by trying.
 */
export function secretKeyId(key: KeyObject | Uint8Array, use: 'journal-mac' | 'sensitive-inputs'): string {
  return `HKDF:${Buffer.from(hkdfSync('sha256', key, '', `taskrunner ${use}.id.v1`, 16)).toString('hex')}`;
}
