// In place of `archive/unpacked.ts` of infrastructure (browser-core.mts).

/** The pieces of a plain tar as they are. A bundle that is compressed is refused before it is read (`readEvidenceBundle`). */
export function unpacked(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return source;
}
