// Processes by the kernel's account.
import { readFileSync, readdirSync } from 'node:fs';

/** Every process below one, by the kernel's account, with what it runs. */
export function descendants(root) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    // The name of the program stands in parentheses and may hold anything.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat !== '' && state !== 'Z') parents.set(Number(name), Number(parent));
  }
  const found = new Set([root]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  found.delete(root);
  return [...found].map((pid) => ({ pid, born: bornAt(pid), command: commandOf(pid) }));
}

/** True while this very process lives: a number may have been given to another. */
export function lives({ pid, born }) {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z' && bornAt(pid) === born;
}

/** When a process was born, in ticks of the kernel; null if it is not there. */
export function bornAt(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

/** What a process runs; empty if it is not there. */
export const commandOf = (pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The most resident memory that a process has had, MiB; 0 if it is not there. */
export function peakMiB(pid) {
  return Math.ceil(Number(/^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024);
}

/** Processes that work for one of these runs, by what their environment says: what a campaign has left behind. */
export function processesOf(runs) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const run = /(?:^|\0)TASKRUNNER_RUN_ID=(\w+)/.exec(read(`/proc/${name}/environ`))?.[1];
      return run !== undefined && runs.has(run) ? [{ pid: Number(name), command: commandOf(name) }] : [];
    });
}
