import { readFileSync, readlinkSync } from 'node:fs';

/** A task that gets little processor time ends after this many times its limit, so that it does not keep its thread. */
const WALL_FACTOR = 10;
/** Processor time of a thread is counted in clock ticks of 10 ms (proc_pid_stat(5)). */
const TICK_MS = 10;

/** The id of the thread that calls this, by which the kernel counts its processor time; null: the platform has none. */
export function kernelThread(): number | null {
  try {
    const id = Number(readlinkSync('/proc/thread-self').split('/').pop());
    return Number.isSafeInteger(id) ? id : null;
  } catch {
    return null;
  }
}

/** Processor time that a thread of this process has used, milliseconds; null: the platform does not tell. */
export function processorTime(thread: number | null): number | null {
  if (thread === null) return null;
  try {
    // The name of a thread may contain blanks and brackets. User and system time are the 14th and the 15th field.
    const [, fields = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/self/task/${thread}/stat`, 'latin1')) ?? [];
    const [user = NaN, system = NaN] = fields.split(' ').slice(11, 13).map(Number);
    return Number.isFinite(user + system) ? (user + system) * TICK_MS : null;
  } catch {
    return null;
  }
}

/** How long a task has lasted, milliseconds. */
interface Lasted {
  readonly limit: number;
  readonly wall: number;
  /** Processor time; null: unknown, and the limit is one of wall time. */
  readonly processor: number | null;
}

/**
 * The time after which to look again, milliseconds; or why the task ends: it has used its limit (`spent`), or the machine is so busy that it did
 * not get the time that it may use (`starved`).
 */
export function timeLeft({ limit, wall, processor }: Lasted): number | 'spent' | 'starved' {
  if ((processor ?? wall) >= limit) return 'spent';
  if (processor === null) return limit - wall;
  const patience = limit * WALL_FACTOR - wall;
  // Between two looks, a thread cannot use more processor time than passes.
  return patience <= 0 ? 'starved' : Math.min(Math.max(limit - processor, TICK_MS), patience);
}
