import type { Digest } from '../../foundation/ids';
import { filesBelow, parseInnerReference, vendorFolder } from '../../pack/inner-pack';
import { contentDigest } from '../../pack/pack-digest';
import { VENDORED, type PackFiles } from '../../pack/pack-files';
import { readPack } from '../../pack/read-pack';
import type { PlanIndex } from '../../plan/plan-index';
import { packFilesOf, type PackFile } from './pack-source';

/** A stored pack, with the files of the published packs that it uses. */
export interface StoredPack {
  readonly manifest: string;
  readonly files: readonly PackFile[];
}

/** Content digests by folder: of the pack under the empty name, of each published pack under its own. Null: it is not a pack. */
export type PackContents = Readonly<Record<string, Digest | null>>;

const OWN = '';

/** The content digests of a stored pack's files and manifest. Pure. */
export function storedContents({ manifest, files }: StoredPack): PackContents {
  const all = packFilesOf(files);
  const found: Record<string, Digest | null> = { [OWN]: contentOf(manifest, all) };
  for (const folder of publishedFolders(all.paths())) {
    const bytes = all.read(`${folder}pack.yaml`);
    found[folder] = bytes === null ? null : contentOf(bytes, filesBelow(all, folder));
  }
  return found;
}

/** The content digests of a plan's pack and of the published packs in it. */
export function plannedContents({ plan, nodes }: PlanIndex): PackContents {
  const planned: Record<string, Digest | null> = { [OWN]: plan.pack.contentDigest };
  for (const { node } of nodes.values()) {
    const used = node.kind === 'pack' ? parseInnerReference(node.uses) : null;
    if (node.kind === 'pack' && used?.kind === 'registry')
      planned[vendorFolder(used.reference)] = node.pack.contentDigest;
  }
  return planned;
}

/** The first pack that differs from the planned one; null if all are the same. */
export function contentDifference(
  planned: PackContents,
  stored: PackContents,
): { readonly what: string; readonly expected: string; readonly found: string } | null {
  const folder = Object.keys(planned).find((name) => planned[name] !== stored[name]);
  if (folder === undefined) return null;
  const what = folder === OWN ? 'the pack' : `the published pack ${folder.slice(VENDORED.length, -1)}`;
  return { what, expected: String(planned[folder]), found: stored[folder] ?? 'no pack' };
}

function contentOf(manifest: string | Uint8Array, files: PackFiles): Digest | null {
  const reading = readPack(manifest, files);
  if (reading.kind === 'refused') return null;
  try {
    return contentDigest(reading.pack, files);
  } catch (error) {
    // The listing names a file that does not exist.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** `<name>/<version>/` below the folder of published packs. */
function publishedFolders(paths: readonly string[]): readonly string[] {
  const folders = paths.flatMap((path) => {
    if (!path.startsWith(VENDORED)) return [];
    const [name, version] = path.slice(VENDORED.length).split('/');
    return name && version ? [`${VENDORED}${name}/${version}/`] : [];
  });
  return [...new Set(folders)];
}
