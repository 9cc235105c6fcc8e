import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process as `/proc/<pid>/stat` shows it (proc_pid_stat(5)). */
interface Process {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks since boot: tells a process from a later one with the same number. */
  readonly birth: string;
}

function processOf(pid: number | string): Process | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The name stands in parentheses and may hold any character; everything after the last one is separated by spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group, session] = fields;
  return { state, parent: Number(parent), group: Number(group), session: Number(session), birth: fields[19] ?? '' };
}

const isAlive = (process: Process | null): process is Process =>
  process !== null && process.state !== 'Z' && process.state !== 'X';

/** When this process started, or null if it is over. */
export function birthOf(pid: number): string | null {
  const process = processOf(pid);
  return isAlive(process) ? process.birth : null;
}

/**
 * True once the process is over. For the first process of a pid namespace that means that the namespace is empty: the kernel kills
 * the others and waits for them before it lets the first one end (pid_namespaces(7)).
 */
export function isGone(pid: number, birth: string): boolean {
  return birthOf(pid) !== birth;
}

/** All processes that live now, as far as they can be seen. */
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

  /** A process, its descendants, and who is in the group or session that it leads, with theirs. */
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
    // A set is walked in the order of its making, and what is added meanwhile is walked too.
    for (const pid of family) for (const child of below.get(pid) ?? []) add(child);
    return [...family];
  }
}

/** A process and its descendants, asked of them alone (proc_pid_task(5)); null where the kernel does not tell children. */
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
    // Over already.
    return [];
  }
}

/** Kills what lives in this process group or in the session of the same number; true once nothing does. */
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
      // Over already.
    }
  }
  return !alive;
}

/**
 * Kills the groups of all processes, other than this one, that have one of these files open; true once there are none. For a child whose process id
 * nobody has told: its output tells it.
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
      // Over already.
    }
  }
  return none;
}

/** Process ids; none where there is no /proc. */
function pidsNow(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  } catch {
    return [];
  }
}

/** What a process has open; nothing where it is over, or another user's. */
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
