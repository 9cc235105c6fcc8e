import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { isStrictEd25519, type VerifySignature } from '@taskrunner/core/evidence';
import { bytesOfBase64 } from './base64-bytes';
import { verifyRsaSha256 } from './rsa';

// In place of `evidence/encoding/signature.ts` of core (browser-core.mts). WebCrypto answers as a promise only, browsers differ in the points of
// Ed25519 that they accept, and not every browser has it.

/** Bytes of a key and of R. */
const POINT = 32;
/** The points of both kinds of keys end their SPKI; their lengths are fixed (RFC 8410, RFC 5480). */
const SPKI = { ed25519: { length: 44, point: 32 }, p256: { length: 91, point: 65 } } as const;

/** Checks signatures in a browser, with the same answers as the function of Node.js. */
export const verifySignature: VerifySignature = (spki, algorithm, data, signature) => {
  try {
    const der = bytesOfBase64(spki.replace(/={1,2}$/, ''));
    switch (algorithm) {
      case 'ed25519':
        return der.length === SPKI.ed25519.length && holdsEd25519(der.subarray(-SPKI.ed25519.point), data, signature);
      case 'ecdsa-p256': {
        if (der.length !== SPKI.p256.length) return false;
        const point = der.subarray(-SPKI.p256.point);
        return p256.verify(signature, data, point, { format: 'der', lowS: false, prehash: true });
      }
      case 'rsa-sha256':
        return verifyRsaSha256(der, data, signature);
    }
  } catch {
    return false;
  }
};

/**
 * RFC 8032 §5.1.7 without the cofactor, as OpenSSL computes it: the bytes of S·B − k·A equal R. The library multiplies by the cofactor and so
 * accepts points of mixed order that OpenSSL refuses.
 */
function holdsEd25519(key: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  if (!isStrictEd25519(key, signature)) return false;
  const { Point } = ed25519;
  const order = Point.Fn.ORDER;
  const r = signature.subarray(0, POINT);
  const a = Point.fromBytes(key);
  const k = littleEndian(sha512.create().update(r).update(key).update(data).digest()) % order;
  const s = littleEndian(signature.subarray(POINT));
  const found = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).toBytes();
  return found.every((byte, at) => byte === r[at]);
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at -= 1) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return value;
}
