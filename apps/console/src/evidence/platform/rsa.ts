import { sha256 } from '@noble/hashes/sha2.js';

/** The head of `DigestInfo` for SHA-256 (RFC 8017 §9.2, note 1). */
const DIGEST_INFO = [
  0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];
/** Largest exponent, bits: larger ones are slow, and no issuer has them. OpenSSL has this bound for long moduli. */
const MAX_EXPONENT_BITS = 64;
/** Shortest padding of zeros' complement (RFC 8017 §9.2, step 3). */
const MIN_PADDING = 8;

/** A public key: modulus and exponent. */
interface RsaKey {
  readonly n: bigint;
  readonly e: bigint;
}

/**
 * True if the signature is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2.2) over the data. `der`: SubjectPublicKeyInfo. There is no secret here,
 * so time may depend on the values.
 */
export function verifyRsaSha256(der: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const key = readKey(der);
  if (key === null || key.n % 2n === 0n || key.e < 2n || key.e >= key.n) return false;
  if (key.e.toString(2).length > MAX_EXPONENT_BITS) return false;
  const size = Math.ceil(key.n.toString(16).length / 2);
  const s = toNumber(signature);
  if (signature.length !== size || s >= key.n) return false;
  const digest = [...DIGEST_INFO, ...sha256(data)];
  const padding = size - 3 - digest.length;
  if (padding < MIN_PADDING) return false;
  const encoded = Uint8Array.from([0, 1, ...Array<number>(padding).fill(0xff), 0, ...digest]);
  return power(s, key.e, key.n) === toNumber(encoded);
}

function toNumber(bytes: Uint8Array): bigint {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex === '' ? 0n : BigInt(`0x${hex}`);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** Reads `SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING { SEQUENCE { n, e } } }`, as core writes it of a JWK. */
function readKey(der: Uint8Array): RsaKey | null {
  const outer = element(der, 0x30);
  const algorithm = outer && element(outer.content, 0x30);
  const bits = algorithm && element(algorithm.rest, 0x03);
  const numbers = bits?.content[0] === 0 ? element(bits.content.subarray(1), 0x30) : null;
  const n = numbers && element(numbers.content, 0x02);
  const e = n && element(n.rest, 0x02);
  return n && e && e.rest.length === 0 ? { n: toNumber(n.content), e: toNumber(e.content) } : null;
}

interface Element {
  readonly content: Uint8Array;
  readonly rest: Uint8Array;
}

/** The DER element with this tag at the beginning of the bytes. */
function element(bytes: Uint8Array, tag: number): Element | null {
  const [found, first = 0] = bytes;
  if (found !== tag) return null;
  const more = first < 0x80 ? 0 : first - 0x80;
  const length = more === 0 ? first : Number(toNumber(bytes.subarray(2, 2 + more)));
  const end = 2 + more + length;
  if (more > 4 || end > bytes.length) return null;
  return { content: bytes.subarray(2 + more, end), rest: bytes.subarray(end) };
}
