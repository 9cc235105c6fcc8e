import type { Digest } from '../../foundation/ids';
import type { Envelope } from '../encoding/envelope';
import { EvidenceError } from '../encoding/evidence-error';
import { openEnvelope, type KeyRing } from '../encoding/open-envelope';
import { closed, digest, listOf, oneOf, readShape, text, whole } from '../encoding/shape';
import { parseStrictJson, parseUtf8 } from '../encoding/strict-json';

/** One file of a delivered bundle. */
interface ContentEntry {
  readonly path: string;
  readonly size: number;
  readonly sha256: Digest;
  readonly mediaType: string;
}

/** A publisher's list of the files of a bundle, `taskrunner.bundle.v1`: the payload of its envelope, byte for byte. */
export interface ContentManifest {
  readonly schema: 'taskrunner.bundle.v1';
  readonly name: string;
  readonly version: string;
  /** Sorted by path, without duplicates. */
  readonly entries: readonly ContentEntry[];
}

/** Path of the signed manifest in a bundle: a DSSE v1.0.2 envelope. */
export const CONTENT_MANIFEST = 'manifest.dsse.json';
export const CONTENT_PAYLOAD_TYPE = 'application/vnd.taskrunner.bundle+json';

const shape = closed<ContentManifest>({
  schema: oneOf('taskrunner.bundle.v1'),
  name: text,
  version: text,
  entries: listOf(closed<ContentEntry>({ path: text, size: whole, sha256: digest, mediaType: text })),
});

/**
 * Opens a bundle's manifest: one signature, by a key of the ring with usage `pack`. The verified bytes are the bytes that are read. Throws
 * `ENVELOPE_*`, `EVIDENCE_JSON`, `EVIDENCE_SHAPE`.
 */
export function openContentManifest(envelope: Uint8Array, ring: KeyRing): ContentManifest {
  const sealed = parseStrictJson(parseUtf8(envelope)) as unknown as Envelope;
  const { payload } = openEnvelope(sealed, CONTENT_PAYLOAD_TYPE, 'pack', ring);
  const manifest = readShape(shape, parseStrictJson(parseUtf8(payload)), 'the manifest of the bundle');
  manifest.entries.forEach(({ path }, i) => {
    if (i > 0 && (manifest.entries[i - 1] as ContentEntry).path >= path)
      throw new EvidenceError('EVIDENCE_SHAPE', `entries are not sorted at ${path}`, 'Sort them by path, each once.');
    if (path === CONTENT_MANIFEST)
      throw new EvidenceError('EVIDENCE_SHAPE', 'the manifest lists itself', 'Leave it out of its entries.');
  });
  return manifest;
}

/** How an archive differs from its manifest. */
interface ContentDifference {
  readonly code: 'BUNDLE_ENTRY_MISSING' | 'BUNDLE_ENTRY_EXTRA' | 'BUNDLE_ENTRY_DIFFERS';
  readonly path: string;
}

/** The first difference between the listed and the existing files; null if they are the same. */
export function contentDifference(
  manifest: ContentManifest,
  found: ReadonlyMap<string, { readonly size: number; readonly digest: Digest }>,
): ContentDifference | null {
  const listed = new Set<string>();
  for (const { path, size, sha256 } of manifest.entries) {
    listed.add(path);
    const file = found.get(path);
    if (file === undefined) return { code: 'BUNDLE_ENTRY_MISSING', path };
    if (file.size !== size || file.digest !== sha256) return { code: 'BUNDLE_ENTRY_DIFFERS', path };
  }
  const extra = [...found.keys()].sort().find((path) => !listed.has(path));
  return extra === undefined ? null : { code: 'BUNDLE_ENTRY_EXTRA', path: extra };
}
