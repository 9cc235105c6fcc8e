// Fast operations of Node.js on bytes. The console has its own in place of this file (apps/console/browser-core.mts).

/** The parts as one. A single part is returned as it is. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
}

/** True if both have the same bytes. */
export function areSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one.buffer, one.byteOffset, one.length).equals(other);
}
