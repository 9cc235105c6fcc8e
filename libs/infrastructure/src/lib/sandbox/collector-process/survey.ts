import type { CollectLimits } from '@taskrunner/core/ports';
import { isPattern, PatternWalk } from './glob';
import { byBytes, Folder, Refused } from './folder';

/** A file or folder to collect. `path` is relative to the workspace. */
export type Entry =
  | { readonly kind: 'file'; readonly path: string; readonly size: number; readonly executable: boolean }
  | { readonly kind: 'folder'; readonly path: string };

/** Result for one declared artifact. `folder`: folder of the tar, relative to the workspace. */
export type Survey =
  | { readonly kind: 'files'; readonly files: readonly Extract<Entry, { kind: 'file' }>[] }
  | { readonly kind: 'tar'; readonly folder: string; readonly entries: readonly Entry[] };

/** Checks types, names, sizes and the total limits of all artifacts before any content is read. */
export class Surveyor {
  private entries = 0;
  private bytes = 0;

  constructor(
    private readonly root: string,
    private readonly limits: CollectLimits,
  ) {}

  /** Null if the path does not exist. Throws `Refused`. An artifact's path is relative to the workspace, then to its `out`. */
  survey(path: string): Survey | null {
    const { bytes } = this;
    try {
      return this.find(path);
    } catch (error) {
      // A refused artifact does not use the byte limit of the others. Visited entries still count.
      this.bytes = bytes;
      throw error;
    }
  }

  private find(path: string): Survey | null {
    const isTree = path.endsWith('/');
    const plain = isTree ? path.slice(0, -1) : path.replace(/^\.\//, '');
    const parts = plain.replace(/^\.\//, '').split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0')))
      throw new Refused('ARTIFACT_REFUSED', path, 'not a plain path inside the workspace');
    for (const base of [[], ['out']]) {
      const survey = isTree
        ? this.tree([...base, ...parts])
        : isPattern(plain)
          ? this.list(base, parts.join('/'))
          : this.single([...base, ...parts]);
      if (survey !== null) return survey;
    }
    return null;
  }

  private single(parts: readonly string[]): Survey | null {
    return this.inFolder(parts.slice(0, -1), (folder) => {
      const name = parts.at(-1) ?? '';
      const found = folder.look(name);
      if (found.kind === 'missing') return null;
      if (found.kind === 'folder')
        throw new Refused('ARTIFACT_REFUSED', folder.nameOf(name), 'is a folder: end the path with a slash');
      return { kind: 'files', files: [this.file(folder, name, found)] };
    });
  }

  private tree(parts: readonly string[]): Survey | null {
    return this.inFolder(parts, (folder) => {
      const entries: Entry[] = [];
      this.walk(folder, (below, name) => {
        const found = below.look(name);
        if (found.kind === 'folder') {
          entries.push({ kind: 'folder', path: below.nameOf(name) });
          return true;
        }
        entries.push(this.file(below, name, found));
        return false;
      });
      return { kind: 'tar', folder: parts.join('/'), entries };
    });
  }

  private list(base: readonly string[], pattern: string): Survey | null {
    return this.inFolder(base, (folder) => {
      const files: Extract<Entry, { kind: 'file' }>[] = [];
      const walks = new Map<string, PatternWalk>([[folder.name, PatternWalk.of(pattern)]]);
      this.walk(folder, (below, name) => {
        const walk = walks.get(below.name)?.into(name) ?? null;
        if (walk === null) return false;
        const found = below.look(name);
        if (found.kind === 'folder') {
          walks.set(below.nameOf(name), walk);
          return walk.open;
        }
        if (walk.ended) files.push(this.file(below, name, found));
        return false;
      });
      return files.length === 0 ? null : { kind: 'files', files: files.sort((a, b) => byBytes(a.path, b.path)) };
    });
  }

  /** Visits entries in the order of their names, a folder before its content. It descends if `visit` returns true. */
  private walk(top: Folder, visit: (folder: Folder, name: string) => boolean): void {
    const depth = (folder: Folder) => (folder.name === '' ? 0 : folder.name.split('/').length);
    const enter = (folder: Folder): void => {
      if (depth(folder) > this.limits.maxDepth)
        throw new Refused('ARTIFACT_TOO_LARGE', folder.name, `folders are nested deeper than ${this.limits.maxDepth}`);
      const names = folder.names(this.limits.maxEntries - this.entries);
      if (names === null) throw this.tooMany(folder.name);
      this.entries += names.length;
      for (const name of names) {
        if (!visit(folder, name)) continue;
        const below = folder.folder(name);
        try {
          enter(below);
        } finally {
          below.close();
        }
      }
    };
    enter(top);
  }

  /** Opens the folder at this path; null if it does not exist. */
  private inFolder(parts: readonly string[], use: (folder: Folder) => Survey | null): Survey | null {
    const opened = [Folder.open(this.root)];
    try {
      for (const part of parts) {
        const folder = opened.at(-1) as Folder;
        const found = folder.look(part);
        if (found.kind === 'missing' || found.kind === 'file') return null;
        if (found.kind === 'refused') throw new Refused('ARTIFACT_REFUSED', folder.nameOf(part), found.why);
        opened.push(folder.folder(part));
      }
      return use(opened.at(-1) as Folder);
    } finally {
      for (const folder of opened) folder.close();
    }
  }

  private file(folder: Folder, name: string, found: ReturnType<Folder['look']>): Extract<Entry, { kind: 'file' }> {
    const path = folder.nameOf(name);
    if (found.kind !== 'file')
      throw new Refused('ARTIFACT_REFUSED', path, found.kind === 'refused' ? found.why : 'is gone');
    this.bytes += found.size;
    if (this.bytes > this.limits.maxBytes)
      throw new Refused('ARTIFACT_TOO_LARGE', path, `artifacts have more than ${this.limits.maxBytes} bytes`);
    return { kind: 'file', path, size: found.size, executable: found.executable };
  }

  private tooMany(path: string): Refused {
    return new Refused('ARTIFACT_TOO_LARGE', path, `more than ${this.limits.maxEntries} files and folders`);
  }
}
