import { createPublicKey, verify, type KeyObject } from 'node:crypto';

/** True if `signature` is the Ed25519 signature (RFC 8032, pure) of `data` under the key (SPKI, PEM). False for any other key. */
export function verifyEd25519(spkiPem: string, data: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKey(spkiPem);
  return key?.asymmetricKeyType === 'ed25519' && signature.length === 64 && verify(null, data, key, signature);
}

/**
 * True if `signature` is the ECDSA P-256 signature with SHA-256 (ASN.1 DER) of `data` under the key (SPKI, PEM). False for any other key.
 */
export function verifyP256(spkiPem: string, data: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKey(spkiPem);
  return (
    key?.asymmetricKeyType === 'ec' &&
    key.asymmetricKeyDetails?.namedCurve === 'prime256v1' &&
    verify('sha256', data, { key, dsaEncoding: 'der' }, signature)
  );
}

function publicKey(spkiPem: string): KeyObject | null {
  if (!spkiPem.startsWith('-----BEGIN PUBLIC KEY-----')) return null;
  try {
    return createPublicKey({ key: spkiPem, format: 'pem', type: 'spki' });
  } catch {
    return null;
  }
}
