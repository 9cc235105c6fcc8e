import type { Digest } from '../../foundation/ids';
import { isJsonObject } from '../../foundation/json';
import { valuesOf } from './answers/large-values';
import type { EvidenceDocuments } from '../records/evidence-documents';

/** A value beside the journal that neither an entry nor a gate request names; null if there is none. */
export function unnamedValue({ evidence, facts, gates }: EvidenceDocuments): Digest | null {
  const named = new Set<string>();
  for (const entry of facts.entries)
    for (const ref of valuesOf(entry)) if (ref?.kind === 'value') named.add(ref.digest);
  for (const { request } of gates.values()) named.add(request.showDigest);
  for (const { values } of evidence.pages) {
    for (const [digest, value] of Object.entries(values) as [Digest, unknown][]) {
      // The request of a gate that was rendered but never opened is not a separate document.
      const show =
        named.has(digest) && isJsonObject(value as never) ? (value as { showDigest?: unknown }).showDigest : null;
      if (typeof show === 'string') named.add(show);
    }
  }
  for (const { values } of evidence.pages)
    for (const digest of Object.keys(values) as Digest[]) if (!named.has(digest)) return digest;
  return null;
}
