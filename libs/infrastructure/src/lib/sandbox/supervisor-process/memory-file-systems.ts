import { closeSync, constants, fstatSync, openSync, statfsSync, statSync } from 'node:fs';
import type { StepExcess } from '@taskrunner/core/ports';
import type { Watch } from './protocol';

const { O_DIRECTORY } = constants;
/** open(2): a reference without access. It keeps the file system alive after the child's end. */
const O_PATH = 0o10000000;
/** statfs(2). */
const TMPFS_MAGIC = 0x01021994;
const PAGE = 4_096;

type Tmpfs = Watch['tmpfs'][number];

/** The in-memory file systems of one child, held open from its start to the last check. */
export class MemoryFileSystems {
  private readonly held = new Map<Tmpfs, number>();

  constructor(private readonly wanted: readonly Tmpfs[]) {}

  /** Opens those that exist as this process of the child sees them. Returns true when all are open. */
  hold(pid: number): boolean {
    for (const tmpfs of this.wanted) {
      if (this.held.has(tmpfs)) continue;
      const fd = openTmpfs(pid, tmpfs);
      if (fd === null) return false;
      this.held.set(tmpfs, fd);
    }
    return true;
  }

  /** The excess of a file system with more than this number of files. */
  crowded(maxFiles: number): StepExcess | null {
    for (const [{ path }, fd] of this.held) {
      const { files, ffree } = statfsSync(`/proc/self/fd/${fd}`);
      // The root folder of the file system is not a file of the child.
      const used = files - ffree - 1;
      if (used > maxFiles) return { limit: 'files', used, allowed: maxFiles, place: path };
    }
    return null;
  }

  /** The excess of a file system that is full. */
  full(): StepExcess | null {
    for (const [{ path, bytes }, fd] of this.held) {
      if (statfsSync(`/proc/self/fd/${fd}`).bavail === 0)
        return { limit: 'tmpfs', used: bytes, allowed: bytes, place: path };
    }
    return null;
  }

  /** Closes all references. The kernel then frees the memory. */
  release(): void {
    for (const fd of this.held.values()) closeSync(fd);
    this.held.clear();
  }
}

/** Until its sandbox is built, a child sees other file systems at these paths, including those of this machine. */
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
