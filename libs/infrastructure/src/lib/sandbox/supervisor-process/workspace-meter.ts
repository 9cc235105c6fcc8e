import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  type Dir,
  type Stats,
} from 'node:fs';
import { setImmediate } from 'node:timers/promises';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** open(2): only a name for a file, which needs no right to read it. Node has no name for it. */
const O_PATH = 0o10000000;
/** Entries that are looked at before others of this process get their turn. */
const SLICE = 256;
/** Folders in each other: each holds a descriptor while it is walked. */
export const MAX_DEPTH = 256;
/** Bytes of a block in `stat`. */
const BLOCK = 512;
/** Laid down before the step began, and read-only for it. */
const LAID = ['in', 'pack'].map((name) => Buffer.from(name));

/** What a folder holds. */
export interface FolderUse {
  /** Of the blocks that are taken, not of the sizes that files claim. A file with several names counts once. */
  readonly bytes: number;
  /** Files and folders. */
  readonly files: number;
  /** True if folders are nested deeper than `MAX_DEPTH`: then they were not counted. */
  readonly deep: boolean;
}

/**
 * Counts what lies in a workspace, but for its `in` and `pack`. Entries are opened below descriptors and never through a link. Ends early
 * where there are more than `maxFiles`. Others get their turn meanwhile, so it may go on while the step writes.
 */
export async function measureFolder(path: string, maxFiles: number): Promise<FolderUse> {
  const linked = new Set<string>();
  let bytes = 0;
  let files = 0;
  let deep = false;
  const isOver = (): boolean => deep || files > maxFiles;
  const walk = async (above: Buffer, depth: number): Promise<void> => {
    const fd = openFolder(above);
    if (fd === null) return;
    try {
      const place = Buffer.from(`/proc/self/fd/${fd}/`);
      const folder = opendirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' as 'utf8' });
      try {
        for (let name = nextName(folder); name !== null && !isOver(); name = nextName(folder)) {
          const entry = name;
          if (depth === 0 && LAID.some((laid) => laid.equals(entry))) continue;
          const at = Buffer.concat([place, entry]);
          const found = look(at);
          if (found === null) continue;
          if (++files % SLICE === 0) await setImmediate();
          const isCounted = found.isDirectory() || found.nlink === 1 || !linked.has(idOf(found));
          if (isCounted) bytes += found.blocks * BLOCK;
          if (!found.isDirectory()) {
            if (found.nlink > 1) linked.add(idOf(found));
          } else if (depth + 1 > MAX_DEPTH) deep = true;
          else await walk(at, depth + 1);
        }
      } finally {
        folder.closeSync();
      }
    } finally {
      closeSync(fd);
    }
  };
  await walk(Buffer.from(path), 0);
  return { bytes, files, deep };
}

const idOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

function nextName(folder: Dir): Buffer | null {
  return (folder.readSync()?.name as unknown as Buffer | undefined) ?? null;
}

function look(path: Buffer): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    // It was removed meanwhile.
    return null;
  }
}

/** Null where there is no folder any more. One that the step has closed to its own user is opened for a moment. */
function openFolder(path: Buffer): number | null {
  const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  try {
    return openSync(path, flags);
  } catch {
    // Below: not there, or not to be read.
  }
  let name: number;
  try {
    name = openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  } catch {
    return null;
  }
  try {
    // By descriptor: what stands at the path now may be a link to something else.
    const own = `/proc/self/fd/${name}`;
    const { mode } = fstatSync(name);
    chmodSync(own, (mode & 0o7777) | 0o500);
    try {
      return openSync(own, O_RDONLY | O_DIRECTORY);
    } finally {
      chmodSync(own, mode & 0o7777);
    }
  } catch {
    return null;
  } finally {
    closeSync(name);
  }
}
