import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { processesIn } from '../../embedded-postgres/process-table';

/** A process that opened the folder, committed numbers and was killed. */
interface Round {
  /** The highest number at the opening, and how many there were. */
  readonly found: { readonly highest: number; readonly count: number };
  /** The highest number whose commit was acknowledged. */
  readonly acknowledged: number;
}

/**
 * Opens the folder in a process that commits numbers, and kills this process after `commits` of them. `server`: when its server and every
 * backend are killed too: before the process, after it, or not at all, so that the server outlives its owner.
 */
export async function killedRound(
  folder: string,
  commits: number,
  server: 'first' | 'last' | 'spared',
): Promise<Round> {
  const script = join(__dirname, 'committing-process.cjs');
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const killServer = async (): Promise<void> => {
    for (const pid of await processesIn(join(folder, 'database/pgdata'))) kill(pid);
  };
  let found: Round['found'] | undefined;
  let acknowledged = 0;
  let isEnding = false;
  for await (const line of createInterface(child.stdout)) {
    const [first, count] = line.split(' ').map(Number);
    if (first === undefined || Number.isNaN(first)) {
      // The process may still say that its server has ended.
      if (isEnding) continue;
      throw new Error(line);
    }
    acknowledged = first;
    found ??= { highest: first, count: count ?? -1 };
    if (acknowledged < found.highest + commits || isEnding) continue;
    isEnding = true;
    if (server === 'first') await killServer();
    child.kill('SIGKILL');
  }
  await exited;
  if (server === 'last') await killServer();
  if (found === undefined) throw new Error('the folder was not opened');
  return { found, acknowledged };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
