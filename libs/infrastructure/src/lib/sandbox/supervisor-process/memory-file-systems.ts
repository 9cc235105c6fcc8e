import { closeSync, constants, fstatSync, openSync, statfsSync, statSync } from 'node:fs';
import type { StepExcess } from '@taskrunner/core/ports';
import type { Watch } from './protocol';

const { O_DIRECTORY } = constants;
/** open(2): only a name for a file. It holds the file system, also when the child is over. */
const O_PATH = 0o10000000;
/** statfs(2). */
const TMPFS_MAGIC = 0x01021994;
const PAGE = 4_096;

type Tmpfs = Watch['tmpfs'][number];

/** The file systems in memory of one child, held from its start until it has been looked at for the last time. */
export class MemoryFileSystems {
  private readonly held = new Map<Tmpfs, number>();

  constructor(private readonly wanted: readonly Tmpfs[]) {}

  /** Takes hold of those that are there, as this process of the child sees them; true once it holds all of them. */
  hold(pid: number): boolean {
    for (const tmpfs of this.wanted) {
      if (this.held.has(tmpfs)) continue;
      const fd = openTmpfs(pid, tmpfs);
      if (fd === null) return false;
      this.held.set(tmpfs, fd);
    }
    return true;
  }

  /** One that holds more than so many files. */
  crowded(maxFiles: number): StepExcess | null {
    for (const [{ path }, fd] of this.held) {
      const { files, ffree } = statfsSync(`/proc/self/fd/${fd}`);
      // The root of the file system is no file of the child.
      const used = files - ffree - 1;
      if (used > maxFiles) return { limit: 'files', used, allowed: maxFiles, place: path };
    }
    return null;
  }

  /** One that is full. */
  full(): StepExcess | null {
    for (const [{ path, bytes }, fd] of this.held) {
      if (statfsSync(`/proc/self/fd/${fd}`).bavail === 0)
        return { limit: 'tmpfs', used: bytes, allowed: bytes, place: path };
    }
    return null;
  }

  /** Lets go: then the kernel takes the memory back. */
  release(): void {
    for (const fd of this.held.values()) closeSync(fd);
    this.held.clear();
  }
}

/** Until its sandbox is built, a child sees other file systems at the same paths, those of this machine among them. */
function openTmpfs(pid: number, { path, bytes }: Tmpfs): number | null {
  let fd: number;
  try {
    fd = openSync(`/proc/${pid}/root${path}`, O_PATH | O_DIRECTORY);
  } catch {
    return null;
  }
  const { type, blocks, bsize } = statfsSync(`/proc/self/fd/${fd}`);
  const isOurs = fstatSync(fd).dev === statSync(path, { throwIfNoEntry: false })?.dev;
  if (type === TMPFS_MAGIC && !isOurs && blocks * bsize === Math.ceil(bytes / PAGE) * PAGE) return fd;
  closeSync(fd);
  return null;
}
