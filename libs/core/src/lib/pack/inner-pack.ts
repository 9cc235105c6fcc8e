import { isInnerPath } from './check-files';
import { packedPaths, VENDORED, type PackFiles } from './pack-files';
import { parsePackPath } from './model/pack-path';
import { parsePackReference, type PackReference } from './pack-reference';

// Inner packs (docs/guides/writing-packs.md, Inner packs). `pack:<path>` is a folder of the caller's pack. `pack:<name>:<version>` is a published pack; its files are
// among those of the run, under a folder in which no pack can have files.

/** Maximum nesting of packs below the one that is run. */
export const MAX_PACK_DEPTH = 5;

/** The pack that a step uses. */
export type InnerReference =
  | { readonly kind: 'path'; readonly folder: string }
  | { readonly kind: 'registry'; readonly reference: PackReference }
  | { readonly kind: 'invalid' };

/** True if `uses` names another pack. */
export function usesPack(uses: string): boolean {
  return uses.startsWith('pack:');
}

/** Reads `pack:<path>` or `pack:<name>:<version>`. A path is a folder, or the `pack.yaml` in it. */
export function parseInnerReference(uses: string): InnerReference {
  const text = uses.slice('pack:'.length);
  if (!isInnerPath(uses)) {
    const reference = parsePackReference(text);
    return reference === null || reference.version === null ? { kind: 'invalid' } : { kind: 'registry', reference };
  }
  const path = parsePackPath(text);
  const folder = path?.replace(/(?:^|\/)pack\.yaml$/, '').replace(/\/$/, '') ?? '';
  return folder === '' || path === 'pack.yaml' ? { kind: 'invalid' } : { kind: 'path', folder };
}

/** Folder of an inner pack's files among those of the run, with a trailing slash; `outer` is the folder of its caller. */
export function innerFolder(outer: string, uses: string): string {
  const named = parseInnerReference(uses);
  if (named.kind === 'path') return `${outer}${named.folder}/`;
  return named.kind === 'registry' ? vendorFolder(named.reference) : outer;
}

/** Folder of a published pack's files among those of a run. */
export function vendorFolder({ name, version }: PackReference): string {
  return `${VENDORED}${name}/${version ?? ''}/`;
}

/** The files of the pack in a folder, independent of the outer pack. Files that its own `.packignore` names are left out. */
export function filesBelow(files: PackFiles, folder: string): PackFiles {
  return {
    paths: () => files.paths().flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : [])),
    read: (path) => files.read(`${folder}${path}`),
    executable: (path) => files.executable(`${folder}${path}`),
  };
}

/** Paths of the files that a step sees below `/task/pack`: those of its own pack. For `folder` see `innerFolder`. */
export function pathsOfPack(files: PackFiles, folder: string): readonly string[] {
  return packedPaths(folder === '' ? files : filesBelow(files, folder));
}
