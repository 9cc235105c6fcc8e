import type { Client } from 'pg';
import { reportingWait, type OnWaiting } from '../connection/waiting';
import { BackupError } from './backup-error';
import { quoted, type Catalog } from './catalog';

/** Maximum wait for other users of the tables, milliseconds. */
const TABLES_MS = 10_000;

/**
 * Runs work as the owner, in one transaction that locks out all other readers and writers of the product's tables. Forced row security
 * would apply to the owner too: it would hide all rows and reject `COPY`. It is therefore not forced during the transaction; because of the
 * lock, no other session can see the tables in this state.
 * @throws BackupError `RESTORE_IN_USE`
 */
export async function exclusivelyAsOwner<Result>(
  client: Client,
  { catalog, onWaiting }: { readonly catalog: Catalog; readonly onWaiting: OnWaiting | undefined },
  work: () => Promise<Result>,
): Promise<Result> {
  const names = catalog.tables.map(({ table }) => quoted(table)).join(', ');
  await client.query('set role taskrunner_owner');
  await client.query('begin');
  const what = `other processes to stop using the tables, for at most ${TABLES_MS / 1_000} s`;
  await reportingWait(what, onWaiting, () => lock(client, names));
  await forceRowSecurity(client, catalog, false);
  const result = await work();
  await forceRowSecurity(client, catalog, true);
  await client.query(`analyze ${names}`);
  await client.query('commit');
  return result;
}

/**
 * After this lock, all other readers and writers wait. Tables are locked one after the other. Who already uses a later one may ask for an
 * earlier one meanwhile: PostgreSQL then ends one of the two statements, and this one is tried again.
 */
async function lock(client: Client, names: string): Promise<void> {
  await client.query('savepoint unlocked');
  for (const end = performance.now() + TABLES_MS; ;) {
    try {
      await client.query(`set local lock_timeout = ${Math.max(1, Math.round(end - performance.now()))}`);
      await client.query(`lock table ${names} in access exclusive mode`);
      return;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== DEADLOCK && code !== LOCK_TIMEOUT) throw error;
      if (code === LOCK_TIMEOUT || performance.now() >= end)
        throw inUse('another process is using the tables of this database', STOP, error);
      await client.query('rollback to savepoint unlocked');
    }
  }
}

/** SQLSTATE `deadlock_detected` and `lock_not_available`. */
const [DEADLOCK, LOCK_TIMEOUT] = ['40P01', '55P03'];
const STOP = 'Stop all webservices, workers and jobs first.';

/** The error for a database that is in use. */
export function inUse(what: string, remedy: string, cause?: unknown): BackupError {
  return new BackupError('RESTORE_IN_USE', what, remedy, [], { cause });
}

/** Refuses a database in which a worker holds a lease. @throws BackupError `RESTORE_IN_USE` */
export async function refuseLiveWorkers(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string; until: Date }>(
    `select name, lease_until as until from pack_runs.workers where state = 'live' and lease_until > clock_timestamp() order by name limit 5`,
  );
  if (rows.length === 0) return;
  const workers = rows.map(({ name, until }) => `${name} until ${until.toISOString()}`);
  throw inUse(
    `workers have a lease: ${workers.join(', ')}`,
    'Stop all webservices, workers and jobs first. If these workers have ended, wait until their leases have expired.',
  );
}

async function forceRowSecurity(client: Client, { tables }: Catalog, forced: boolean): Promise<void> {
  for (const { table } of tables.filter((one) => one.forced))
    await client.query(`alter table ${quoted(table)} ${forced ? '' : 'no '}force row level security`);
}
