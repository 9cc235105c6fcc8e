import { stat, statfs } from 'node:fs/promises';
import type { StepExcess } from '@taskrunner/core/ports';
import type { MemoryGroup } from './memory-group';
import { memoryOf } from './memory-use';
import { MemoryFileSystems } from './memory-file-systems';
import { deviceName, mappedUnnamed, unnamedFiles } from './open-files';
import { monotonicMs, type Watch } from './protocol';
import { MAX_DEPTH, measureFolder } from './workspace-meter';

/** A workspace of so many files is walked every second time that it is looked at, of twice as many every third time, and so on. */
const FILES_PER_LOOK = 2_000;
/** Pause between two tries to take hold of file systems that are being made, and longest time for all of them. Milliseconds. */
const [TRY_MS, HOLD_MS] = [1, 60_000];

/** What a walk found, and how full the disk was then. */
interface Measured {
  readonly bytes: number;
  readonly files: number;
  readonly disk: DiskUse;
}

interface DiskUse {
  readonly bytes: number;
  readonly files: number;
}

/** Looks at what one child uses, while it runs and once more when it is over. */
export class ChildWatch {
  private readonly tmpfs: MemoryFileSystems;
  /** The device of the workspace, and how full it was in the beginning. */
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
    // Whoever looks hears of it.
    this.start.catch(() => undefined);
  }

  /** Takes hold of its file systems in memory, as soon as this first process of it has them. False if it never has. */
  async hold(pid: number): Promise<boolean> {
    const until = monotonicMs() + HOLD_MS;
    while (!this.released && !this.tmpfs.hold(pid)) {
      if (monotonicMs() > until) return false;
      await new Promise((resolve) => setTimeout(resolve, TRY_MS).unref());
    }
    return true;
  }

  /** The limit that it is over now, or null. `first`: its first process here; `family`: all of them. Calls that come meanwhile share one look. */
  look(first: number, family: () => readonly number[]): Promise<StepExcess | null> {
    this.busy ??= this.lookNow(first, family).finally(() => (this.busy = null));
    return this.busy;
  }

  /** The limit that it was over, when nothing of it runs any more. `failed`: whether it ended badly, as who finds no more room does. */
  async conclude(failed: boolean): Promise<StepExcess | null> {
    await this.busy?.catch(() => null);
    const killed = this.overrun();
    if (killed !== null) return killed;
    const full = failed ? this.tmpfs.full() : null;
    return full ?? this.crowded() ?? (await this.walk(() => 0));
  }

  /** Lets go of everything that it holds. */
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

  /** A walk costs time, so it waits until the disk has lost as much as the child may still write, or many looks have passed. */
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

  /** Bytes of files that its processes hold and that no folder names any more. `named`: of those that a folder names. */
  private async unnamed(pids: readonly number[], named: number): Promise<number> {
    const { dev: own, disk } = await this.start;
    const open = unnamedFiles(pids, own);
    const known = new Set(open.map(({ id }) => id));
    const bytes = sum(open);
    const device = deviceName(own);
    const mapped = mappedUnnamed(pids).filter(({ dev, id }) => dev === device && !known.has(id));
    // How much of a file is behind a mapping nobody tells; no more than the disk has lost.
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

/** What is taken of the file system of a folder, by whomever. Nothing where the step has removed the folder itself (`none/v1`). */
async function diskUse(path: string): Promise<DiskUse> {
  const found = await statfs(path).catch(() => null);
  if (found === null) return { bytes: 0, files: 0 };
  const { blocks, bfree, bsize, files, ffree } = found;
  return { bytes: (blocks - bfree) * bsize, files: files - ffree };
}
