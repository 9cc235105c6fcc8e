import { stat, statfs } from 'node:fs/promises';
import type { StepExcess } from '@taskrunner/core/ports';
import type { MemoryGroup } from './memory-group';
import { memoryOf } from './memory-use';
import { MemoryFileSystems } from './memory-file-systems';
import { deviceName, mappedUnnamed, unnamedFiles } from './open-files';
import { monotonicMs, type Watch } from './protocol';
import { MAX_DEPTH, measureFolder } from './workspace-meter';

/**
 * Files per additional check between walks: a workspace of this size is walked at every second check, one of twice the size at every third,
 * and so on.
 */
const FILES_PER_LOOK = 2_000;
/** Pause between attempts to open new file systems, and the time limit of all attempts. Milliseconds. */
const [TRY_MS, HOLD_MS] = [1, 60_000];

/** Result of a walk, and the disk usage at that time. */
interface Measured {
  readonly bytes: number;
  readonly files: number;
  readonly disk: DiskUse;
}

interface DiskUse {
  readonly bytes: number;
  readonly files: number;
}

/** Measures the resource use of one child, while it runs and once after its end. */
export class ChildWatch {
  private readonly tmpfs: MemoryFileSystems;
  /** Device of the workspace, and the disk usage at the start. */
  private readonly start: Promise<{ readonly dev: number; readonly disk: DiskUse }>;
  private last: Measured | null = null;
  private skipped = 0;
  private busy: Promise<StepExcess | null> | null = null;
  private released = false;

  constructor(
    private readonly watch: Watch,
    private readonly group: MemoryGroup | null,
  ) {
    this.tmpfs = new MemoryFileSystems(watch.tmpfs);
    this.start = startOf(watch.workspace);
    // The error is reported by the next check.
    this.start.catch(() => undefined);
  }

  /** Opens the child's in-memory file systems as soon as this first process has them. Returns false if it never does. */
  async hold(pid: number): Promise<boolean> {
    const until = monotonicMs() + HOLD_MS;
    while (!this.released && !this.tmpfs.hold(pid)) {
      if (monotonicMs() > until) return false;
      await new Promise((resolve) => setTimeout(resolve, TRY_MS).unref());
    }
    return true;
  }

  /**
   * The limit that is currently exceeded, or null. `first`: its first process on this machine; `family`: all of its processes. Concurrent
   * calls share one check.
   */
  look(first: number, family: () => readonly number[]): Promise<StepExcess | null> {
    this.busy ??= this.lookNow(first, family).finally(() => (this.busy = null));
    return this.busy;
  }

  /**
   * The limit that was exceeded, after all processes have ended. `failed`: true if the child failed, as it does if it runs out of space.
   */
  async conclude(failed: boolean): Promise<StepExcess | null> {
    await this.busy?.catch(() => null);
    const killed = this.overrun();
    if (killed !== null) return killed;
    const full = failed ? this.tmpfs.full() : null;
    return full ?? this.crowded() ?? (await this.walk(() => 0));
  }

  /** Closes everything that it holds open. */
  release(): void {
    this.released = true;
    this.tmpfs.release();
    this.group?.remove();
  }

  private async lookNow(first: number, family: () => readonly number[]): Promise<StepExcess | null> {
    if (!this.released) this.tmpfs.hold(first);
    let listed: readonly number[] | null = null;
    const members = () => (listed ??= family());
    const memory = this.group === null ? this.memory(members) : this.overrun();
    return memory ?? this.crowded() ?? (await this.workspace(members));
  }

  private memory(members: () => readonly number[]): StepExcess | null {
    const { memoryBytes: allowed } = this.watch;
    if (allowed === null) return null;
    const used = memoryOf(members(), allowed);
    return used > allowed ? { limit: 'memory', used, allowed } : null;
  }

  private overrun(): StepExcess | null {
    const { memoryBytes: allowed } = this.watch;
    const used = this.group?.overrun() ?? null;
    return used === null || allowed === null ? null : { limit: 'memory', used, allowed };
  }

  private crowded(): StepExcess | null {
    const { workspaceFiles } = this.watch;
    return workspaceFiles === null ? null : this.tmpfs.crowded(workspaceFiles);
  }

  /** A walk is expensive. It waits until the disk has lost as much as the child may still write, or until many checks have passed. */
  private async workspace(members: () => readonly number[]): Promise<StepExcess | null> {
    const { workspace, workspaceBytes, workspaceFiles } = this.watch;
    if (workspaceBytes === null && workspaceFiles === null) return null;
    const last = this.last ?? { bytes: 0, files: 0, disk: (await this.start).disk };
    const disk = await diskUse(workspace);
    const isDue =
      ++this.skipped > 1 + last.files / FILES_PER_LOOK ||
      disk.bytes - last.disk.bytes > (workspaceBytes ?? Infinity) - last.bytes ||
      disk.files - last.disk.files > (workspaceFiles ?? Infinity) - last.files;
    return isDue ? this.walk((named) => this.unnamed(members(), named)) : null;
  }

  private async walk(unnamed: (named: number) => number | Promise<number>): Promise<StepExcess | null> {
    const { workspace, workspaceBytes, workspaceFiles } = this.watch;
    const [maxBytes, maxFiles] = [workspaceBytes ?? Infinity, workspaceFiles ?? Infinity];
    this.skipped = 0;
    const disk = await diskUse(workspace);
    const found = await measureFolder(workspace, maxFiles);
    const { files, deep } = found;
    if (deep) return { limit: 'depth', used: MAX_DEPTH + 1, allowed: MAX_DEPTH };
    if (files > maxFiles) return { limit: 'files', used: files, allowed: maxFiles };
    const bytes = found.bytes + (await unnamed(found.bytes));
    this.last = { bytes, files, disk };
    return bytes > maxBytes ? { limit: 'workspace', used: bytes, allowed: maxBytes } : null;
  }

  /** Bytes of unlinked files that its processes hold open. `named`: bytes of files with a name. */
  private async unnamed(pids: readonly number[], named: number): Promise<number> {
    const { dev: own, disk } = await this.start;
    const open = unnamedFiles(pids, own);
    const known = new Set(open.map(({ id }) => id));
    const bytes = sum(open);
    const device = deviceName(own);
    const mapped = mappedUnnamed(pids).filter(({ dev, id }) => dev === device && !known.has(id));
    // The kernel does not report how much of a file is behind a mapping. The space that the disk has lost is an upper bound.
    const lost = Math.max(0, (await diskUse(this.watch.workspace)).bytes - disk.bytes - bytes - named);
    return bytes + Math.min(sum(mapped), lost);
  }
}

const sum = (files: readonly { readonly bytes: number }[]): number =>
  files.reduce((bytes, file) => bytes + file.bytes, 0);

async function startOf(workspace: string): Promise<{ readonly dev: number; readonly disk: DiskUse }> {
  const [{ dev }, disk] = await Promise.all([stat(workspace), diskUse(workspace)]);
  return { dev, disk };
}

/** Usage of a folder's file system by all processes. Nothing if the step has removed the folder itself (`none/v1`). */
async function diskUse(path: string): Promise<DiskUse> {
  const found = await statfs(path).catch(() => null);
  if (found === null) return { bytes: 0, files: 0 };
  const { blocks, bfree, bsize, files, ffree } = found;
  return { bytes: (blocks - bfree) * bsize, files: files - ffree };
}
