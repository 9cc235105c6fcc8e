/** Bytes of a point or of a scalar. */
const SIZE = 32;
/** The prime of the field, 2^255 − 19, little-endian (RFC 8032 §5.1). */
const PRIME = [0xed, ...Array<number>(30).fill(0xff), 0x7f];
/** The order L of the group, little-endian (RFC 8032 §5.1). */
const ORDER = [
  0xed,
  0xd3,
  0xf5,
  0x5c,
  0x1a,
  0x63,
  0x12,
  0x58,
  0xd6,
  0x9c,
  0xf7,
  0xa2,
  0xde,
  0xf9,
  0xde,
  0x14,
  ...Array<number>(15).fill(0),
  0x10,
];
/** The y coordinates of the eight points whose order divides 8, little-endian. */
const SMALL_ORDER = [
  hexBytes('00'.repeat(SIZE)),
  hexBytes(`01${'00'.repeat(SIZE - 1)}`),
  hexBytes(`ec${'ff'.repeat(SIZE - 2)}7f`),
  hexBytes('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
  hexBytes('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
];

function hexBytes(hex: string): readonly number[] {
  return Array.from({ length: hex.length / 2 }, (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}

/**
 * True if this is a key and a signature (R ‖ S) that every implementation of Ed25519 judges alike: A and R are written canonically and have no
 * small order, and S is less than L. RFC 8032 leaves these cases open, and implementations differ in them. A verifier asks this before it
 * computes anything, so that the command line and a browser agree.
 */
export function isStrictEd25519(key: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== SIZE || signature.length !== 2 * SIZE) return false;
  const r = signature.subarray(0, SIZE);
  return isStrictPoint(key) && isStrictPoint(r) && isLess(signature.subarray(SIZE), ORDER);
}

/** `point`: y, little-endian; the highest bit is the sign of x. */
function isStrictPoint(point: Uint8Array): boolean {
  const y = Uint8Array.from(point);
  y[SIZE - 1] = (y[SIZE - 1] ?? 0) & 0x7f;
  return isLess(y, PRIME) && !SMALL_ORDER.some((small) => small.every((byte, at) => y[at] === byte));
}

/** Compares little-endian numbers of 32 bytes. */
function isLess(value: Uint8Array, bound: readonly number[]): boolean {
  for (let at = SIZE - 1; at >= 0; at -= 1) {
    const [have, most] = [value[at] ?? 0, bound[at] ?? 0];
    if (have !== most) return have < most;
  }
  return false;
}
