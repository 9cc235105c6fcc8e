import { sha256 } from '../../canonical/digest';
import type { Json, JsonObject } from '../../foundation/json';
import { fromBase64, toBase64 } from './base64';
import { EvidenceError } from './evidence-error';

/** How a signature is checked: pure Ed25519; P-256 with SHA-256 in DER; RSASSA-PKCS1-v1_5 with SHA-256 (issuers' tokens only). */
export type SignatureAlgorithm = 'ed25519' | 'ecdsa-p256' | 'rsa-sha256';

const ED25519 = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const P256 = [
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
  0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const RSA = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

function unsupported(what: string): never {
  throw new EvidenceError('KEY_UNSUPPORTED', what, 'Use an Ed25519 or a P-256 key (SPKI).');
}

/** The key's raw point, without the SPKI prefix (RFC 8410, RFC 5480), and the algorithm of the key. */
function pointOf(spki: string): { algorithm: 'ed25519' | 'ecdsa-p256'; point: Uint8Array } {
  const der = fromBase64(spki);
  if (der?.length === 44 && ED25519.every((byte, i) => der[i] === byte)) {
    return { algorithm: 'ed25519', point: der.subarray(12) };
  }
  if (der?.length === 91 && P256.every((byte, i) => der[i] === byte) && der[26] === 4) {
    return { algorithm: 'ecdsa-p256', point: der.subarray(26) };
  }
  return unsupported('not an Ed25519 or uncompressed P-256 public key');
}

/** The algorithm of a base64 SPKI. Throws `KEY_UNSUPPORTED`. */
export function algorithmOf(spki: string): 'ed25519' | 'ecdsa-p256' {
  return pointOf(spki).algorithm;
}

/**
 * The OpenSSH fingerprint `SHA256:…` of a base64 SPKI: keyid and hint, which other verifiers derive in the same way. Throws
 * `KEY_UNSUPPORTED`.
 */
export function fingerprint(spki: string): string {
  const { algorithm, point } = pointOf(spki);
  const fields = algorithm === 'ed25519' ? ['ssh-ed25519', point] : ['ecdsa-sha2-nistp256', 'nistp256', point];
  const wire: number[] = [];
  for (const field of fields) {
    const bytes = typeof field === 'string' ? new TextEncoder().encode(field) : field;
    wire.push(0, 0, 0, bytes.length, ...bytes);
  }
  const hex = sha256(Uint8Array.from(wire)).slice(7);
  const hash = Uint8Array.from({ length: 32 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
  return `SHA256:${toBase64(hash).replace('=', '')}`;
}

function der(tag: number, ...parts: readonly (readonly number[])[]): number[] {
  const content = parts.flat();
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return [tag, ...length, ...content];
}

function derInteger(bytes: Uint8Array): number[] {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const significant = [...bytes.subarray(start)];
  return der(0x02, (significant[0] ?? 0) >= 128 ? [0, ...significant] : significant);
}

/** A raw `r ‖ s` P-256 signature, as JWS (RFC 7518 §3.4) has it, in DER; null if it is not 64 bytes. */
export function rawToDer(signature: Uint8Array): Uint8Array | null {
  if (signature.length !== 64) return null;
  return Uint8Array.from(der(0x30, derInteger(signature.subarray(0, 32)), derInteger(signature.subarray(32))));
}

/** Converts a JWK (RFC 7517, RFC 8037) into base64 SPKI, with the JWS algorithm that the key type determines; null for other key types. */
export function jwkToSpki(
  jwk: JsonObject,
): { readonly spki: string; readonly alg: 'EdDSA' | 'ES256' | 'RS256' } | null {
  const member = (name: string): Uint8Array | null => {
    const value: Json | undefined = jwk[name];
    return typeof value === 'string' ? fromBase64(value) : null;
  };
  const [x, y, n, e] = [member('x'), member('y'), member('n'), member('e')];
  if (jwk['kty'] === 'OKP' && jwk['crv'] === 'Ed25519' && x?.length === 32) {
    return { spki: toBase64(Uint8Array.from([...ED25519, ...x])), alg: 'EdDSA' };
  }
  if (jwk['kty'] === 'EC' && jwk['crv'] === 'P-256' && x?.length === 32 && y?.length === 32) {
    return { spki: toBase64(Uint8Array.from([...P256, 4, ...x, ...y])), alg: 'ES256' };
  }
  if (jwk['kty'] === 'RSA' && n && e && n.length >= 256 && n.length <= 1024) {
    const key = der(0x30, derInteger(n), derInteger(e));
    return { spki: toBase64(Uint8Array.from(der(0x30, RSA, der(0x03, [0], key)))), alg: 'RS256' };
  }
  return null;
}
