// Process information from the kernel.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Every descendant of a process with its command line. */
export function descendants(root) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    // The name of the program is in parentheses and may contain anything.
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

/** True while this very process lives; its id may have been reused. */
export function lives({ pid, born }) {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z' && bornAt(pid) === born;
}

/** Start time of a process in clock ticks; null if it does not exist. */
export function bornAt(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

/** Command line of a process; empty if it does not exist. */
export const commandOf = (pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Maximum resident memory of a process, MiB; 0 if it does not exist. */
export function peakMiB(pid) {
  return Math.ceil(Number(/^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024);
}

/** Processes whose environment names one of these runs: leftovers of a campaign. */
export function processesOf(runs) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const run = /(?:^|\0)TASKRUNNER_RUN_ID=(\w+)/.exec(read(`/proc/${name}/environ`))?.[1];
      return run !== undefined && runs.has(run) ? [{ pid: Number(name), command: commandOf(name) }] : [];
    });
}

/** Ids of the processes whose working directory is this folder (a real path), such as those of a PostgreSQL server. */
export function processesIn(folder) {
  const stands = (pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(stands);
}
