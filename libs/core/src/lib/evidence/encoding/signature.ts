import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import type { VerifySignature } from './open-envelope';

const known = new Map<string, KeyObject | null>();

function keyOf(spki: string): KeyObject | null {
  const found = known.get(spki);
  if (found !== undefined) return found;
  let key: KeyObject | null;
  try {
    key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  } catch {
    key = null;
  }
  if (known.size > 1_000) known.clear();
  known.set(spki, key);
  return key;
}

/**
 * Checks signatures with Node's OpenSSL. This is one of the two places of core that use a Node built-in (sha256 is the other). Other code
 * takes the function as a parameter, so that a browser can supply its own.
 */
export const verifySignature: VerifySignature = (spki, algorithm, data, signature) => {
  const key = keyOf(spki);
  if (!key) return false;
  const type = key.asymmetricKeyType;
  try {
    switch (algorithm) {
      case 'ed25519':
        return type === 'ed25519' && verify(null, data, key, signature);
      case 'ecdsa-p256':
        if (type !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return false;
        return verify('sha256', data, { key, dsaEncoding: 'der' }, signature);
      case 'rsa-sha256':
        return type === 'rsa' && verify('sha256', data, key, signature);
    }
  } catch {
    return false;
  }
};
