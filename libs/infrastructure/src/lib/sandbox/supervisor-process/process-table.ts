import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process as in `/proc/<pid>/stat` (proc_pid_stat(5)). */
interface Process {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks since boot. It distinguishes a process from a later one with the same id. */
  readonly birth: string;
}

function processOf(pid: number | string): Process | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The name is in parentheses and may contain any character. Fields after the last parenthesis are separated by spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group, session] = fields;
  return { state, parent: Number(parent), group: Number(group), session: Number(session), birth: fields[19] ?? '' };
}

const isAlive = (process: Process | null): process is Process =>
  process !== null && process.state !== 'Z' && process.state !== 'X';

/** Start time of this process, or null if it has ended. */
export function birthOf(pid: number): string | null {
  const process = processOf(pid);
  return isAlive(process) ? process.birth : null;
}

/**
 * True if the process has ended. For the first process of a pid namespace, the namespace is then empty: the kernel kills the others and
 * waits for them before the first one ends (pid_namespaces(7)).
 */
export function isGone(pid: number, birth: string): boolean {
  return birthOf(pid) !== birth;
}

/** All visible processes at one moment. */
export class Processes {
  private constructor(private readonly all: ReadonlyMap<number, Process>) {}

  static now(): Processes {
    const all = new Map<number, Process>();
    for (const pid of pidsNow()) {
      const found = processOf(pid);
      if (isAlive(found)) all.set(Number(pid), found);
    }
    return new Processes(all);
  }

  /** A process, its descendants, and the members of its group or session with their descendants. */
  familyOf(first: number): readonly number[] {
    const below = new Map<number, number[]>();
    const family = new Set<number>();
    const add = (pid: number) => void (this.all.has(pid) && family.add(pid));
    add(first);
    for (const [pid, { parent, group, session }] of this.all) {
      if (group === first || session === first) add(pid);
      const siblings = below.get(parent);
      if (siblings === undefined) below.set(parent, [pid]);
      else siblings.push(pid);
    }
    // Iteration over a set includes elements that are added during it.
    for (const pid of family) for (const child of below.get(pid) ?? []) add(child);
    return [...family];
  }
}

/** A process and its descendants, read from their own entries only (proc_pid_task(5)); null if the kernel does not list children. */
export function descendantsOf(first: number): readonly number[] | null {
  if (!existsSync('/proc/thread-self/children')) return null;
  const family = new Set([first]);
  for (const pid of family) for (const child of childrenOf(pid)) family.add(child);
  return [...family];
}

function childrenOf(pid: number): readonly number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1'));
    return children.flatMap((text) => text.split(' ').filter((number) => number !== '')).map(Number);
  } catch {
    // The process has already ended.
    return [];
  }
}

/** Kills all members of this process group and of the session of the same number. Returns true when none is left. */
export function killGroup(leader: number): boolean {
  let reached = true;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    reached = false;
  }
  const pids = pidsNow();
  if (pids.length === 0) return !reached;
  let alive = false;
  for (const pid of pids) {
    const found = processOf(pid);
    if (!isAlive(found) || (found.group !== leader && found.session !== leader)) continue;
    alive = true;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // The group has already ended.
    }
  }
  return !alive;
}

/**
 * Kills the groups of all other processes that hold one of these files open. Returns true when there are none. It finds a child of unknown
 * process id by its output.
 */
export function killHolders(paths: readonly string[]): boolean {
  const own = processOf(process.pid)?.session;
  let none = true;
  for (const pid of pidsNow()) {
    if (Number(pid) === process.pid) continue;
    const open = filesOf(pid);
    const found = processOf(pid);
    if (!isAlive(found) || !paths.some((path) => open.includes(path))) continue;
    none = false;
    if (found.session !== own) killGroup(found.session);
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // The process has already ended.
    }
  }
  return none;
}

/** Process ids; empty without /proc. */
function pidsNow(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  } catch {
    return [];
  }
}

/** Files that a process holds open; empty if it has ended or belongs to another user. */
function filesOf(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
