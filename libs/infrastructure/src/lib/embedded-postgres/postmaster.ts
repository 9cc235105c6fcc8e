import { realpath, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { isAlive, isServerOf, processesIn } from './process-table';

/** Signals of the postmaster: fast shutdown, immediate shutdown, and what the kernel does. How long each is given. */
const escalation = [
  ['SIGINT', 30_000],
  ['SIGQUIT', 10_000],
  ['SIGKILL', 5_000],
] as const;

/**
 * Deals with a server that outlived the process that started it: SIGKILL of a parent leaves PostgreSQL running. It is
 * stopped, never adopted, because port and settings may differ now. It is named by `postmaster.pid` and believed only if
 * that process really is a PostgreSQL standing in this data directory. A lock file whose process id meanwhile belongs to a
 * stranger is removed, once no backend of the old server is left; every other stale lock file PostgreSQL itself judges.
 */
export async function reclaimOrphan(directory: string, log: (line: string) => void): Promise<void> {
  const pgdata = await realpath(directory);
  const file = join(pgdata, 'postmaster.pid');
  const pid = Number.parseInt((await readFile(file, 'utf8').catch(() => '')).split('\n')[0] ?? '', 10);
  if (!(pid > 1) || !(await isAlive(pid))) return;
  if (await isServerOf(pid, pgdata)) {
    log(`stopping PostgreSQL ${pid}, which outlived its parent`);
    await stopServer(pid, () => isAlive(pid));
  } else {
    await until(async () => (await processesIn(pgdata)).length === 0, 10_000);
    await rm(file, { force: true });
  }
}

/**
 * Fast shutdown (clients are disconnected, a checkpoint is written), then harder.
 * @throws EmbeddedPostgresError `DATABASE_START_FAILED` if the process survives even SIGKILL.
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

/** Polls until `condition` holds; false after `patienceMs`. */
async function until(condition: () => Promise<boolean>, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await delay(15);
  }
  return true;
}
