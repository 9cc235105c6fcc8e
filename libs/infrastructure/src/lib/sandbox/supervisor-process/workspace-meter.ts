import { constants, type Stats } from 'node:fs';
import { chmod, lstat, open, opendir, readdir } from 'node:fs/promises';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** open(2): a reference to a file that needs no read permission. Node has no constant for it. */
const O_PATH = 0o10000000;
/** Entries that are examined concurrently. */
const AT_ONCE = 64;
/** Size of a folder itself, bytes, up to which its names are read at once. */
const SMALL_FOLDER = 16 * 1024;
/** Maximum depth of folders. Each level holds a descriptor during the walk. */
export const MAX_DEPTH = 256;
/** Permissions of the owner to list and enter a folder. */
const OPEN = 0o500;
/** Block size in `stat`, bytes. */
const BLOCK = 512;
/** Written before the step started, and read-only for it. */
const WRITTEN = ['in', 'pack'].map((name) => Buffer.from(name));

/** Usage of a folder. */
interface FolderUse {
  /** Allocated blocks rather than file sizes. A file with several names counts once. */
  readonly bytes: number;
  /** Files and folders. */
  readonly files: number;
  /** True if folders are nested deeper than `MAX_DEPTH`. Deeper ones are not counted. */
  readonly deep: boolean;
}

/**
 * Measures a workspace without its `in` and `pack`. Entries are opened relative to descriptors and never through a link. Stops early above
 * `maxFiles`. It never blocks this process, even on a network file system that hangs.
 */
export async function measureFolder(path: string, maxFiles: number): Promise<FolderUse> {
  const walk = new Walk(maxFiles);
  await walk.enter(Buffer.from(path), 0);
  const { bytes, files, deep } = walk;
  return { bytes, files, deep };
}

class Walk implements FolderUse {
  bytes = 0;
  files = 0;
  deep = false;
  private readonly linked = new Set<string>();

  constructor(private readonly maxFiles: number) {}

  async enter(path: Buffer, depth: number): Promise<void> {
    const handle = await openFolder(path);
    if (handle === null) return;
    try {
      const place = Buffer.from(`/proc/self/fd/${handle.fd}/`);
      for await (const names of namesOf(place, handle.size)) {
        const wanted = names.filter((name) => depth > 0 || !WRITTEN.some((written) => written.equals(name)));
        const paths = wanted.map((name) => Buffer.concat([place, name]));
        const found = await Promise.all(paths.map(look));
        const folders = paths.filter((_path, index) => this.count(found[index] ?? null));
        this.deep ||= folders.length > 0 && depth + 1 > MAX_DEPTH;
        for (const folder of folders) if (!this.isOver) await this.enter(folder, depth + 1);
        if (this.isOver) return;
      }
    } finally {
      await handle.close();
    }
  }

  private get isOver(): boolean {
    return this.deep || this.files > this.maxFiles;
  }

  /** True for a folder. */
  private count(found: Stats | null): boolean {
    // Removed in the meantime.
    if (found === null) return false;
    this.files++;
    const isFolder = found.isDirectory();
    const id = `${found.dev}:${found.ino}`;
    if (isFolder || found.nlink === 1 || !this.linked.has(id)) this.bytes += found.blocks * BLOCK;
    if (!isFolder && found.nlink > 1) this.linked.add(id);
    return isFolder;
  }
}

/** The names in a folder of this size, in batches. */
async function* namesOf(path: Buffer, size: number): AsyncGenerator<readonly Buffer[]> {
  if (size <= SMALL_FOLDER) {
    const all = await readdir(path, { encoding: 'buffer' });
    for (let at = 0; at < all.length; at += AT_ONCE) yield all.slice(at, at + AT_ONCE);
    return;
  }
  let names: Buffer[] = [];
  for await (const { name } of await opendir(path, { encoding: 'buffer' as 'utf8', bufferSize: AT_ONCE })) {
    names.push(name as unknown as Buffer);
    if (names.length < AT_ONCE) continue;
    yield names;
    names = [];
  }
  yield names;
}

function look(path: Buffer): Promise<Stats | null> {
  return lstat(path).catch(() => null);
}

/** A folder that is readable until it is closed. */
interface OpenFolder {
  readonly fd: number;
  /** Of the folder itself, bytes. */
  readonly size: number;
  close(): Promise<void>;
}

/** Null if the folder no longer exists. A folder without permissions for its owner is made readable until it has been read. */
async function openFolder(path: Buffer): Promise<OpenFolder | null> {
  const opened = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(() => null);
  const found = await opened?.stat();
  if (opened !== null && found !== undefined && isReadable(found))
    return { fd: opened.fd, size: found.size, close: () => opened.close() };
  await opened?.close();
  const name = await open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW).catch(() => null);
  if (name === null) return null;
  // By descriptor, because the path may now be a link to another target.
  const own = `/proc/self/fd/${name.fd}`;
  const { size, mode: whole } = await name.stat();
  const mode = whole & 0o7777;
  const restore = () => chmod(own, mode).catch(() => undefined);
  // The folder was removed or belongs to another user (`none/v1`).
  const isOpen = await chmod(own, mode | OPEN).then(
    () => true,
    () => false,
  );
  const close = async () => {
    if (isOpen) await restore();
    await name.close();
  };
  if (isOpen) return { fd: name.fd, size, close };
  await close();
  return null;
}

/** True if the owner of a folder may list and enter it. */
function isReadable({ mode, uid }: Stats): boolean {
  return process.getuid?.() !== uid || (mode & OPEN) === OPEN;
}
