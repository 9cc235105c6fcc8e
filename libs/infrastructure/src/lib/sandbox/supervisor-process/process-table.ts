import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process as `/proc/<pid>/stat` shows it (proc_pid_stat(5)). */
interface Process {
  readonly state: string;
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
  return { state: fields[0] ?? '', group: Number(fields[2]), session: Number(fields[3]), birth: fields[19] ?? '' };
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

/** Kills what lives in this process group or in the session of the same number; true once nothing does. */
export function killGroup(leader: number): boolean {
  let reached = true;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    reached = false;
  }
  let pids: string[];
  try {
    pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  } catch {
    return !reached;
  }
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
  let pids: string[];
  try {
    pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid);
  } catch {
    return true;
  }
  const own = processOf(process.pid)?.session;
  let none = true;
  for (const pid of pids) {
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
