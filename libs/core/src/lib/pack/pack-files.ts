import { parseIgnore } from './pack-ignore';

/** The files beside a manifest. Pure: the adapter that unpacked them holds the bytes. */
export interface PackFiles {
  /** Relative paths with forward slashes. Only regular files; `pack.yaml` may be among them. */
  readonly paths: () => readonly string[];
  /** The bytes of a file, or null if there is none. */
  readonly read: (path: string) => Uint8Array | null;
  /** True if a file may be executed. */
  readonly executable: (path: string) => boolean;
}

/** A manifest without files. */
export const NO_FILES: PackFiles = { paths: () => [], read: () => null, executable: () => false };

/** Folder for published packs that a pack uses, added to its files at admission. They are not part of the pack itself. */
export const VENDORED = '.taskrunner/packs/';

const MANIFESTS = new Set(['pack.yaml', 'pack.yml', 'pack.json']);

/** The files of the pack, sorted by path: without the manifest, without files that `.packignore` names, and without packs of a registry. */
export function packedPaths(files: PackFiles): readonly string[] {
  const rules = files.read('.packignore');
  const isIgnored = parseIgnore(rules === null ? '' : new TextDecoder().decode(rules));
  return files
    .paths()
    .filter((path) => !MANIFESTS.has(path) && !path.startsWith(VENDORED) && !isIgnored(path))
    .sort();
}
