import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { isStrictEd25519 } from './ed25519';
import type { VerifySignature } from './open-envelope';

/** Bytes of an Ed25519 key, which end its SPKI. */
const ED25519_BYTES = 32;

interface KnownKey {
  readonly key: KeyObject;
  /** The point of an Ed25519 key; empty for others. */
  readonly point: Uint8Array;
}

const known = new Map<string, KnownKey | null>();

function keyOf(spki: string): KnownKey | null {
  const found = known.get(spki);
  if (found !== undefined) return found;
  let made: KnownKey | null;
  try {
    const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
    const isEd25519 = key.asymmetricKeyType === 'ed25519';
    const point = isEd25519 ? key.export({ format: 'der', type: 'spki' }).subarray(-ED25519_BYTES) : new Uint8Array();
    made = { key, point };
  } catch {
    made = null;
  }
  if (known.size > 1_000) known.clear();
  known.set(spki, made);
  return made;
}

/**
 * Checks signatures with Node's OpenSSL. This is one of the places of core that use a Node built-in (sha256 and base64 are the others). The
 * console has a function of its own in place of this file (apps/console/browser-core.mts); other code takes the function as a parameter.
 */
export const verifySignature: VerifySignature = (spki, algorithm, data, signature) => {
  const found = keyOf(spki);
  if (!found) return false;
  const { key, point } = found;
  const type = key.asymmetricKeyType;
  try {
    switch (algorithm) {
      case 'ed25519':
        return type === 'ed25519' && isStrictEd25519(point, signature) && verify(null, data, key, signature);
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
