import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const linux = existsSync('/proc/self/stat');

/** True if a process with this id runs. A zombie does not count. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return (await statusOf(pid))?.state !== 'Z';
}

/** The start time of a process in an opaque form, which distinguishes it from a later process with the same id. */
export async function bornAt(pid: number): Promise<string | undefined> {
  if (linux) return (await statusOf(pid))?.startTicks;
  return (await execute('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => undefined))?.stdout.trim();
}

/**
 * True if `pid` is a PostgreSQL server whose data directory is `pgdata` (a real path). The working directory of a server is its data
 * directory.
 */
export async function isServerOf(pid: number, pgdata: string): Promise<boolean> {
  if (!linux) {
    const listed = await execute('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => undefined);
    return listed !== undefined && /postgres/.test(listed.stdout) && listed.stdout.includes(pgdata);
  }
  const program = await readlink(`/proc/${pid}/exe`).catch(() => '');
  return basename(program).replace(/ \(deleted\)$/, '') === 'postgres' && (await standsIn(pid, pgdata));
}

/** Processes whose working directory is `pgdata`: the server and its backends, also those that outlived a killed server. Linux only. */
export async function processesIn(pgdata: string): Promise<number[]> {
  if (!linux) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await standsIn(pid, pgdata)) ? [pid] : [])));
  return found.flat();
}

async function standsIn(pid: number, directory: string): Promise<boolean> {
  return (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === directory;
}

/** proc(5): the name is in parentheses and may contain any character; the state is field 3, the start time field 22. */
async function statusOf(pid: number): Promise<{ state: string; startTicks: string } | undefined> {
  if (!linux) return undefined;
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return line === '' ? undefined : { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
}
