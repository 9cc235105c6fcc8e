import { closeSync, constants, existsSync, fstatSync, lstatSync, opendirSync, openSync, type Stats } from 'node:fs';
import type { CollectCode } from './protocol';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const BY_DESCRIPTOR = existsSync('/proc/self/fd');

/** One artifact cannot be collected. The others are not affected. */
export class Refused extends Error {
  constructor(
    readonly code: CollectCode,
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

/** The type of an entry, determined without opening it. */
export type Found =
  | { readonly kind: 'file'; readonly size: number; readonly executable: boolean }
  | { readonly kind: 'folder' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * An open folder of the workspace. Entries are opened relative to its descriptor, one path component at a time and never through a link. No
 * path can leave the workspace, even if entries are renamed concurrently. (Without /proc, entries are opened by path.)
 */
export class Folder {
  private constructor(
    private readonly fd: number,
    private readonly path: string,
    /** Path relative to the workspace, for messages and names. */
    readonly name: string,
  ) {}

  static open(path: string): Folder {
    return new Folder(openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path, '');
  }

  close(): void {
    closeSync(this.fd);
  }

  look(entry: string): Found {
    let stat: Stats;
    try {
      stat = lstatSync(this.at(entry));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
      return { kind: 'refused', why: `cannot be examined (${String(code)})` };
    }
    return found(stat);
  }

  folder(entry: string): Folder {
    try {
      const fd = openSync(this.at(entry), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      return new Folder(fd, this.at(entry), this.nameOf(entry));
    } catch {
      throw new Refused('ARTIFACT_REFUSED', this.nameOf(entry), 'the folder cannot be read, or it is a link');
    }
  }

  /** Opens a regular file that has a single link. `size` is its earlier size. */
  file(entry: string, size: number): number {
    let fd: number;
    try {
      fd = openSync(this.at(entry), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch {
      throw new Refused('ARTIFACT_REFUSED', this.nameOf(entry), 'the file cannot be read, or it is a link');
    }
    const now = found(fstatSync(fd));
    if (now.kind === 'file' && now.size === size) return fd;
    closeSync(fd);
    throw new Refused('ARTIFACT_REFUSED', this.nameOf(entry), 'the file changed while it was collected');
  }

  /** Names, sorted by their bytes; null if there are more than `limit`. */
  names(limit: number): string[] | null {
    const names: string[] = [];
    const folder = opendirSync(BY_DESCRIPTOR ? `/proc/self/fd/${this.fd}` : this.path, {
      encoding: 'buffer' as 'utf8',
    });
    try {
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
        if (names.length >= limit) return null;
        names.push(this.decode(entry.name as unknown as Uint8Array));
      }
    } finally {
      folder.closeSync();
    }
    return names.sort(byBytes);
  }

  nameOf(entry: string): string {
    return this.name === '' ? entry : `${this.name}/${entry}`;
  }

  private at(entry: string): string {
    return BY_DESCRIPTOR ? `/proc/self/fd/${this.fd}/${entry}` : `${this.path}/${entry}`;
  }

  private decode(name: Uint8Array): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name);
    } catch {
      throw new Refused('ARTIFACT_REFUSED', this.name, 'a name in this folder is not UTF-8');
    }
  }
}

function found(stat: Stats): Found {
  if (stat.isDirectory()) return { kind: 'folder' };
  if (stat.isSymbolicLink()) return { kind: 'refused', why: 'is a symbolic link' };
  if (!stat.isFile()) return { kind: 'refused', why: 'is neither a file nor a folder' };
  if (stat.nlink !== 1) return { kind: 'refused', why: 'has more than one hard link' };
  return { kind: 'file', size: stat.size, executable: (stat.mode & 0o100) !== 0 };
}

/** Orders UTF-8 bytes by code points. UTF-16, and therefore `<`, orders differently. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(new TextEncoder().encode(a), new TextEncoder().encode(b));
}
