import { Client } from 'pg';
import type { Pool } from 'pg';

/** Days ahead for which partitions are made. */
export const PARTITION_DAYS = 14;
/** Below this many days ahead the database is not ready. */
export const PARTITION_DAYS_NEEDED = 2;

/** Whether the database can take work. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not; null if it can. */
  readonly reason: string | null;
}

/**
 * Daily upkeep with the `maintain` role (or the owner): partitions, and idempotency keys older than 7 days. Says how many
 * partitions it made.
 */
export async function maintainDatabase(maintainUrl: string): Promise<{ readonly partitions: number }> {
  const client = new Client({
    connectionString: maintainUrl,
    application_name: 'taskrunner maintain',
    keepAlive: true,
    statement_timeout: 300_000,
    lock_timeout: 10_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`delete from pack_runs.idempotency where created_at < now() - interval '7 days'`);
    await client.query('set role taskrunner_owner');
    const { rows } = await client.query<{ made: number }>('select pack_run_logs.make_partitions($1) as made', [
      PARTITION_DAYS,
    ]);
    return { partitions: rows[0]?.made ?? 0 };
  } finally {
    await client.end();
  }
}

/** False if the database does not answer, or partitions end within two days. Never throws. */
export async function databaseReadiness(pool: Pool): Promise<Readiness> {
  try {
    const { rows } = await pool.query<{ missing: number }>('select pack_run_logs.missing_partitions($1) as missing', [
      PARTITION_DAYS_NEEDED,
    ]);
    if (rows[0]?.missing === 0) return { ready: true, reason: null };
    return {
      ready: false,
      reason: `partitions end in less than ${PARTITION_DAYS_NEEDED} days: run taskrunner maintain`,
    };
  } catch (error) {
    return { ready: false, reason: `the database does not answer: ${(error as Error).message}` };
  }
}
