import { parseIgnore } from './pack-ignore';

/** The files that came with a manifest. Pure: the adapter that unpacked them holds the bytes. */
export interface PackFiles {
  /** Relative paths with forward slashes, regular files only, `pack.yaml` among them or not. */
  readonly paths: () => readonly string[];
  /** The bytes of a file, or null if there is none. */
  readonly read: (path: string) => Uint8Array | null;
  /** True if a file may be executed. */
  readonly executable: (path: string) => boolean;
}

/** A manifest that came alone. */
export const NO_FILES: PackFiles = { paths: () => [], read: () => null, executable: () => false };

/** Where published packs that a pack uses are laid among its files when a run is accepted: no part of the pack itself. */
export const VENDORED = '.taskrunner/packs/';

const MANIFESTS = new Set(['pack.yaml', 'pack.yml', 'pack.json']);

/** The files that belong to the pack: all but the manifest, what `.packignore` names and packs of a registry, in order of their paths. */
export function packedPaths(files: PackFiles): readonly string[] {
  const rules = files.read('.packignore');
  const isIgnored = parseIgnore(rules === null ? '' : new TextDecoder().decode(rules));
  return files
    .paths()
    .filter((path) => !MANIFESTS.has(path) && !path.startsWith(VENDORED) && !isIgnored(path))
    .sort();
}
