import type { Client } from 'pg';
import { asRole } from '../connection/client-of-role';
import { DatabaseError } from '../connection/database-error';
import { reportingWait, type OnWaiting } from '../connection/waiting';
import { migrationNames } from '../migrations/migrations';
import { PARTITION_DAYS } from '../upkeep/partitions';
import type { Statement } from '../connection/statement';

/** Advisory lock of processes that change the schema, or that need it unchanged. */
export const MIGRATION_LOCK = 7_300_302;

/** Result of a migration. */
export interface Migrated {
  /** Names of the migrations that ran; none if the schema was up to date. */
  readonly ran: readonly string[];
}

/**
 * Migrates the schema to this release and creates partitions. One process at a time (advisory lock); a second run has no effect. It waits
 * for a backup or a restore without a timeout, and reports the wait to `onWaiting`.
 * @throws DatabaseError also `DB_SCHEMA_NEWER` if the database has a migration that this release does not have.
 */
export function migrateDatabase(ownerUrl: string, onWaiting?: OnWaiting): Promise<Migrated> {
  // The lock of `guard` is released when its connection closes.
  return asRole({ url: ownerUrl, role: 'owner' }, { application_name: 'taskrunner migrate' }, async (guard) => {
    await guard.query('set lock_timeout = 0');
    await reportingWait('a migration, backup or restore of this database to end', onWaiting, () =>
      guard.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]),
    );
    await guard.query('create schema if not exists pack_runs');
    const applied = await appliedNames(guard);
    refuseNewer(applied);
    const ran = migrationNames.every((name) => applied.includes(name)) ? [] : await runMigrations(ownerUrl);
    await guard.query('select pack_run_logs.make_partitions($1)', [PARTITION_DAYS]);
    return { ran };
  });
}

/** Loads the migrations and their library, which only a process that migrates needs. */
export const loadMigrations = () => import('./data-source.js');

async function runMigrations(ownerUrl: string): Promise<readonly string[]> {
  const { ownerDataSource } = await loadMigrations();
  const source = await ownerDataSource(ownerUrl).initialize();
  try {
    return (await source.runMigrations({ transaction: 'each' })).map(({ name }) => name);
  } finally {
    await source.destroy();
  }
}

async function appliedNames(guard: Client): Promise<readonly string[]> {
  const { rows } = await guard.query<{ name: string | null }>(
    `select to_regclass('pack_runs.migrations')::text as name`,
  );
  if (!rows[0]?.name) return [];
  const applied = await guard.query<{ name: string }>('select name from pack_runs.migrations order by id');
  return applied.rows.map(({ name }) => name);
}

function refuseNewer(applied: readonly string[]): void {
  const unknown = applied.filter((name) => !migrationNames.includes(name));
  if (unknown.length === 0) return;
  throw new DatabaseError(
    'DB_SCHEMA_NEWER',
    `the database has migrations that this release does not know: ${unknown.join(', ')}`,
    'use the release that made them, or a later release; migrations cannot be reverted',
  );
}

const applied: Statement = { name: 'applied-migrations', text: 'select name from pack_runs.migrations' };

/**
 * For processes that do not migrate: every migration of this release must have run. Later ones are allowed, because old and new workers
 * share a schema for one release.
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
