import { readFileSync } from 'node:fs';
import { linesOf, memoryFiles } from './open-files';

const KIB = 1024;

/**
 * Memory of these processes in bytes: private and shared memory, swapped pages, and in-memory files that they hold open. A shared page
 * counts once. Files of this machine that they read or execute do not count. The value is exact only if it may exceed `allowed`; otherwise
 * it is an upper bound that is cheap to compute.
 */
export function memoryOf(pids: readonly number[], allowed: number): number {
  let anonymous = 0;
  let shared = 0;
  for (const pid of pids) {
    const status = fieldsOf(`/proc/${pid}/status`);
    anonymous += sumOf(status, 'RssAnon', 'VmSwap');
    shared += sumOf(status, 'RssShmem');
  }
  // The machine's total shared memory is an upper bound of their share.
  const bound = anonymous + sumOf(fieldsOf('/proc/meminfo'), 'Shmem');
  if (bound <= allowed) return bound;
  const exact = sharesOf(pids);
  const mapped = exact > 0 ? exact : anonymous + shared;
  if (mapped > allowed) return mapped;
  const held = memoryFiles(pids);
  return held.length === 0
    ? mapped
    : mapped + held.reduce((sum, { bytes }) => sum + bytes, 0) - mappedOf(pids, new Set(held.map(({ id }) => id)));
}

/** Sum of the processes' proportional shares (proc_pid_smaps(5)), or of the values in their status if they hide their shares. */
function sharesOf(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    const shares = fieldsOf(`/proc/${pid}/smaps_rollup`);
    sum += shares.has('Pss_Anon')
      ? sumOf(shares, 'Pss_Anon', 'Pss_Shmem', 'SwapPss')
      : sumOf(fieldsOf(`/proc/${pid}/status`), 'RssAnon', 'RssShmem', 'VmSwap');
  }
  return sum;
}

/** The part of these in-memory files that is already counted because it is mapped. */
function mappedOf(pids: readonly number[], inodes: ReadonlySet<string>): number {
  let sum = 0;
  for (const pid of pids) {
    let isHeld = false;
    for (const line of linesOf(`/proc/${pid}/smaps`)) {
      const inode = /^[0-9a-f]+-[0-9a-f]+ \S+ [0-9a-f]+ \S+ (\d+) /.exec(line)?.[1];
      if (inode !== undefined) isHeld = line.includes('/memfd:') && inodes.has(inode);
      else if (isHeld && line.startsWith('Pss:')) sum += kibibytes(line.slice('Pss:'.length));
    }
  }
  return sum;
}

function fieldsOf(path: string): ReadonlyMap<string, number> {
  const fields = new Map<string, number>();
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    // The process has ended or is hidden from this user.
    return fields;
  }
  for (const [, name = '', value = ''] of text.matchAll(/^(\w+):\s+(\d+) kB$/gm)) fields.set(name, kibibytes(value));
  return fields;
}

function sumOf(fields: ReadonlyMap<string, number>, ...names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (fields.get(name) ?? 0), 0);
}

const kibibytes = (text: string): number => parseInt(text, 10) * KIB;
