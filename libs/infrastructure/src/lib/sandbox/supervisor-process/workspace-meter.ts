import { constants, type Stats } from 'node:fs';
import { chmod, lstat, open, opendir } from 'node:fs/promises';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** open(2): only a name for a file, which needs no right to read it. Node has no name for it. */
const O_PATH = 0o10000000;
/** Entries that are looked at at once. */
const AT_ONCE = 64;
/** Folders in each other: each holds a descriptor while it is walked. */
export const MAX_DEPTH = 256;
/** Rights of a folder's owner to list it and to go into it. */
const OPEN = 0o500;
/** Bytes of a block in `stat`. */
const BLOCK = 512;
/** Laid down before the step began, and read-only for it. */
const WRITTEN = ['in', 'pack'].map((name) => Buffer.from(name));

/** What a folder holds. */
interface FolderUse {
  /** Of the blocks that are taken, not of the sizes that files claim. A file with several names counts once. */
  readonly bytes: number;
  /** Files and folders. */
  readonly files: number;
  /** True if folders are nested deeper than `MAX_DEPTH`: then they were not counted. */
  readonly deep: boolean;
}

/**
 * Counts what lies in a workspace, but for its `in` and `pack`. Entries are opened below descriptors and never through a link. Ends early
 * where there are more than `maxFiles`. Nothing blocks this process meanwhile, also if the file system is on a network that hangs.
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
      for await (const names of namesOf(place)) {
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
    // Removed meanwhile.
    if (found === null) return false;
    this.files++;
    const isFolder = found.isDirectory();
    const id = `${found.dev}:${found.ino}`;
    if (isFolder || found.nlink === 1 || !this.linked.has(id)) this.bytes += found.blocks * BLOCK;
    if (!isFolder && found.nlink > 1) this.linked.add(id);
    return isFolder;
  }
}

/** The names in a folder, in pieces. */
async function* namesOf(path: Buffer): AsyncGenerator<readonly Buffer[]> {
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

/** A folder that can be read until it is closed. */
interface OpenFolder {
  readonly fd: number;
  close(): Promise<void>;
}

/** Null where there is no folder any more. One that the step has closed to its own user is open to it until it has been read. */
async function openFolder(path: Buffer): Promise<OpenFolder | null> {
  const opened = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(() => null);
  if (opened !== null && isReadable(await opened.stat())) return { fd: opened.fd, close: () => opened.close() };
  await opened?.close();
  const name = await open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW).catch(() => null);
  if (name === null) return null;
  // By descriptor: what stands at the path now may be a link to something else.
  const own = `/proc/self/fd/${name.fd}`;
  const mode = (await name.stat()).mode & 0o7777;
  const restore = () => chmod(own, mode).catch(() => undefined);
  // Removed, or another user's (`none/v1`).
  const isOpen = await chmod(own, mode | OPEN).then(
    () => true,
    () => false,
  );
  const close = async () => {
    if (isOpen) await restore();
    await name.close();
  };
  if (isOpen) return { fd: name.fd, close };
  await close();
  return null;
}

/** Whether the owner of a folder may list it and go into it. */
function isReadable({ mode, uid }: Stats): boolean {
  return process.getuid?.() !== uid || (mode & OPEN) === OPEN;
}
