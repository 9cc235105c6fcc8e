import { isInnerPath } from './check-files';
import { packedPaths, VENDORED, type PackFiles } from './pack-files';
import { parsePackPath } from './model/pack-path';
import { parsePackReference, type PackReference } from './pack-reference';

// Packs inside packs (docs/guides/writing-packs.md, Inner packs): `pack:<path>` is a folder of the caller's pack, `pack:<name>:<version>` a published pack, whose
// files lie among those of the run under a folder that no pack can hold files in.

/** Most packs in each other below the one that is run. */
export const MAX_PACK_DEPTH = 5;

/** What a step that uses another pack names. */
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

/** Where the files of an inner pack lie among those of the run, with a slash at the end; `outer` is the folder of its caller. */
export function innerFolder(outer: string, uses: string): string {
  const named = parseInnerReference(uses);
  if (named.kind === 'path') return `${outer}${named.folder}/`;
  return named.kind === 'registry' ? vendorFolder(named.reference) : outer;
}

/** Where the files of a published pack lie among those of a run. */
export function vendorFolder({ name, version }: PackReference): string {
  return `${VENDORED}${name}/${version ?? ''}/`;
}

/** The files of the pack in a folder, as if it were alone: what its own `.packignore` names is no part of it. */
export function filesBelow(files: PackFiles, folder: string): PackFiles {
  return {
    paths: () => files.paths().flatMap((path) => (path.startsWith(folder) ? [path.slice(folder.length)] : [])),
    read: (path) => files.read(`${folder}${path}`),
    executable: (path) => files.executable(`${folder}${path}`),
  };
}

/** Paths of the files that a step sees below `/task/pack`: those of its own pack. `folder` as of `innerFolder`. */
export function pathsOfPack(files: PackFiles, folder: string): readonly string[] {
  return packedPaths(folder === '' ? files : filesBelow(files, folder));
}
