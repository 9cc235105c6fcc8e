import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Files of a control group, version 2 or version 1. */
const V2 = { limit: 'memory.max', swap: 'memory.swap.max', events: 'memory.events', peak: 'memory.peak' };
const V1 = {
  limit: 'memory.limit_in_bytes',
  swap: 'memory.memsw.limit_in_bytes',
  events: 'memory.oom_control',
  peak: 'memory.max_usage_in_bytes',
};
const NAME = /^taskrunner-(\d+)-\d+$/;

/** Enough for a process that does nothing. */
const TRIED_BYTES = 64 * 1024 * 1024;

/** A control group below one that is delegated to this worker. The kernel counts and limits the memory of its processes. */
export class MemoryGroup {
  private readonly files: typeof V2;

  private constructor(
    private readonly path: string,
    private readonly bytes: number,
  ) {
    this.files = existsSync(join(path, V2.limit)) ? V2 : V1;
  }

  /** Creates the group. Throws errors of the file system if the parent group is not delegated. */
  static make(above: string, id: number, bytes: number): MemoryGroup {
    const control = join(above, 'cgroup.subtree_control');
    if (existsSync(control) && !readFileSync(control, 'latin1').split(/\s/).includes('memory'))
      write(control, '+memory');
    const path = join(above, `taskrunner-${process.pid}-${id}`);
    mkdirSync(path);
    const group = new MemoryGroup(path, bytes);
    try {
      const { files } = group;
      write(join(path, files.limit), String(bytes));
      // Without this limit, swap is unlimited. Version 1 limits memory and swap together, and has the file only if swap is accounted.
      if (existsSync(join(path, files.swap))) write(join(path, files.swap), files === V2 ? '0' : String(bytes));
      if (existsSync(join(path, 'memory.oom.group'))) write(join(path, 'memory.oom.group'), '1');
      return group;
    } catch (error) {
      group.remove();
      throw error;
    }
  }

  /** A command line that joins the group before it executes the given command. */
  joined(argv: readonly string[]): readonly string[] {
    return ['/bin/sh', '-c', 'echo 0 >"$0" && exec "$@"', join(this.path, 'cgroup.procs'), ...argv];
  }

  /** Peak memory use if the kernel killed one of its processes; otherwise null. */
  overrun(): number | null {
    const killed = /^oom_kill (\d+)$/m.exec(this.read(this.files.events))?.[1] ?? '0';
    if (killed === '0') return null;
    const peak = parseInt(this.read(this.files.peak), 10);
    return Number.isNaN(peak) ? this.bytes : peak;
  }

  /** Removes the group if it is empty. Otherwise the next supervisor removes it. */
  remove(): void {
    try {
      rmdirSync(this.path);
    } catch {
      // The group is not empty.
    }
  }

  private read(file: string): string {
    try {
      return readFileSync(join(this.path, file), 'latin1');
    } catch {
      return '';
    }
  }
}

/** Writes to an existing file only, so that no file is created in a folder that is not a control group. */
function write(path: string, text: string): void {
  writeFileSync(path, text, { flag: 'r+' });
}

/** Creates a group and a process that joins it. Throws the system's error on failure. */
export function tryGroup(above: string): void {
  const group = MemoryGroup.make(above, 0, TRIED_BYTES);
  try {
    const [command = '', ...args] = group.joined(['/bin/true']);
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } finally {
    group.remove();
  }
}

/** Removes empty groups of earlier supervisors. */
export function sweepGroups(above: string): void {
  // If the folder is unreadable, the first step reports the error.
  const names = existsSync(above) ? readdirSync(above) : [];
  for (const name of names) {
    const pid = NAME.exec(basename(name))?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      rmdirSync(join(above, name));
    } catch {
      // The group is not empty.
    }
  }
}
