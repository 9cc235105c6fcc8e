import { DatabaseError } from './database-error';
import { migrationNames } from './migrations/migrations';
import { PARTITION_DAYS } from './partitions';
import type { Statement } from './statement';

const LOCK = 7_300_302;

/** What a migration did. */
export interface Migrated {
  /** Names of the migrations that ran now; none if the schema was up to date. */
  readonly ran: readonly string[];
}

/**
 * Brings the schema to this release and makes partitions. One process at a time (advisory lock); a second run does nothing.
 * @throws DatabaseError `DB_SCHEMA_NEWER` if the database knows a migration that this release does not.
 */
export async function migrateDatabase(ownerUrl: string): Promise<Migrated> {
  // Only who migrates loads what migrates.
  const { ownerDataSource } = await import('./data-source.js');
  const source = await ownerDataSource(ownerUrl).initialize();
  const guard = source.createQueryRunner();
  try {
    await guard.query('set lock_timeout = 0');
    await guard.query('select pg_advisory_lock($1)', [LOCK]);
    await guard.query('create schema if not exists pack_runs');
    refuseNewer(await appliedNames((text) => guard.query(text) as Promise<{ name: string }[]>));
    const ran = await source.runMigrations({ transaction: 'each' });
    await guard.query('select pack_run_logs.make_partitions($1)', [PARTITION_DAYS]);
    return { ran: ran.map(({ name }) => name) };
  } finally {
    await guard.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
    await guard.release();
    await source.destroy();
  }
}

async function appliedNames(query: (text: string) => Promise<{ name: string }[]>): Promise<string[]> {
  const [found] = (await query(`select to_regclass('pack_runs.migrations')::text as name`)) as {
    name: string | null;
  }[];
  if (!found?.name) return [];
  return (await query('select name from pack_runs.migrations order by id')).map(({ name }) => name);
}

function refuseNewer(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !migrationNames.includes(name));
  if (unknown.length === 0) return;
  throw new DatabaseError(
    'DB_SCHEMA_NEWER',
    `the database has migrations that this release does not know: ${unknown.join(', ')}`,
    'use the release that made them, or a later one; migrations only go forward',
  );
}

const applied: Statement = { name: 'applied-migrations', text: 'select name from pack_runs.migrations' };

/**
 * For processes that do not migrate: every migration of this release must have run. Later ones are allowed, since old and new
 * workers share a schema for one release.
 * @throws DatabaseError `DB_SCHEMA_BEHIND`
 */
export async function assertSchemaReady(query: (statement: Statement) => Promise<{ name: string }[]>): Promise<void> {
  let names: string[];
  try {
    names = (await query(applied)).map(({ name }) => name);
  } catch (error) {
    if (!['42P01', '3F000', '42501'].includes(String((error as { code?: unknown }).code))) throw error;
    names = [];
  }
  const missing = migrationNames.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  throw new DatabaseError(
    'DB_SCHEMA_BEHIND',
    `the database lacks the migrations ${missing.join(', ')}`,
    'run `taskrunner migrate` with the owner role, then start again',
  );
}
