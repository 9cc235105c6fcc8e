import { realpath, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { isAlive, isServerOf, processesIn } from './process-table';

/** Signals to the postmaster in order: fast shutdown, immediate shutdown, SIGKILL. Each with the time to wait for its effect. */
const escalation = [
  ['SIGINT', 30_000],
  ['SIGQUIT', 10_000],
  ['SIGKILL', 5_000],
] as const;

/** Time in which the backends of a killed server notice its end, milliseconds. */
const BACKENDS_MS = 10_000;

/**
 * Stops a server that outlived the process that started it: a parent that is killed with SIGKILL leaves PostgreSQL running. It is never
 * reused, because port and settings may differ. `postmaster.pid` names it; the process must be a PostgreSQL server whose working directory
 * is this data directory. A lock file whose process id now belongs to another program, or to a process that has ended and that its parent has
 * not collected (as in a container whose first process collects nothing), is removed when no backend of the old server is left. PostgreSQL
 * handles every other stale lock file itself: for it, these processes exist.
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` if backends of a killed server do not end
 */
export async function reclaimOrphan(directory: string, log: (line: string) => void): Promise<void> {
  const pgdata = await realpath(directory);
  const pid = await notedServer(pgdata);
  if (pid === null || !exists(pid)) return;
  if ((await isAlive(pid)) && (await isServerOf(pid, pgdata))) {
    log(`stopping PostgreSQL ${pid}, which outlived its parent`);
    await stopServer(pid, () => isAlive(pid));
  } else {
    // Without the file, PostgreSQL would not notice backends that still use the shared memory of the old server.
    const areGone = await until(async () => (await processesIn(pgdata)).length === 0, BACKENDS_MS);
    if (!areGone) throw backendsRemain(pgdata, await processesIn(pgdata));
    await rm(join(pgdata, 'postmaster.pid'), { force: true });
  }
}

/** The process id of the server that runs in a data directory; null: none does. */
export async function serverOf(directory: string): Promise<number | null> {
  const pgdata = await realpath(directory);
  const pid = await notedServer(pgdata);
  return pid !== null && (await isAlive(pid)) && (await isServerOf(pid, pgdata)) ? pid : null;
}

/** The process id in the lock file of a server; null: there is none. */
async function notedServer(pgdata: string): Promise<number | null> {
  const text = await readFile(join(pgdata, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text.split('\n')[0] ?? '', 10);
  return pid > 1 ? pid : null;
}

/** True if there is a process with this id, including one that has ended and was not collected. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function backendsRemain(pgdata: string, pids: readonly number[]): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'DATABASE_START_FAILED',
    `processes of a killed server still use ${pgdata}: ${pids.join(', ')}`,
    'end them, then start again',
  );
}

/**
 * Requests a fast shutdown (clients are disconnected, a checkpoint is written), then an immediate one, then kills the process.
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` if the process survives SIGKILL
 */
export async function stopServer(pid: number, alive: () => Promise<boolean>): Promise<void> {
  for (const [signal, patienceMs] of escalation) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    if (await until(async () => !(await alive()), patienceMs)) return;
  }
  throw new EmbeddedPostgresError(
    'DATABASE_START_FAILED',
    `PostgreSQL ${pid} does not stop`,
    'stop it manually, then start again',
  );
}

/** Polls until `condition` is true. Returns false after `patienceMs` milliseconds. */
async function until(condition: () => Promise<boolean>, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await delay(15);
  }
  return true;
}
