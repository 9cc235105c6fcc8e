import type { Client } from 'pg';
import { asRole } from '../connection/client-of-role';
import { parsers } from '../connection/connection';
import { reportingWaitUntil, type OnWaiting } from '../connection/waiting';
import { MIGRATION_LOCK } from '../schema/migrate';

/** Maximum wait for a migration, a backup or a restore in progress, milliseconds. */
const LOCK_MS = 60_000;

/**
 * Runs work on a connection of the `maintain` role. Values are written and read in one text form, regardless of the database's settings.
 * @throws DatabaseError
 */
export function asMaintainer<Result>(
  maintainUrl: string,
  name: string,
  work: (client: Client) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const config = { application_name: name, types: parsers };
  return asRole({ url: maintainUrl, role: 'maintain', signal }, config, async (client) => {
    await client.query(
      `set statement_timeout = 0; set lock_timeout = ${LOCK_MS}; set idle_in_transaction_session_timeout = 0; set datestyle = iso;
       set intervalstyle = postgres; set extra_float_digits = 3; set timezone = 'UTC'; set client_encoding = 'UTF8';
       set search_path = pg_catalog`,
    );
    return work(client);
  });
}

/**
 * Waits until no other process migrates, backs up or restores this database. With `shared`, concurrent backups are allowed.
 * @throws DatabaseError `DB_BUSY`
 */
export async function takeMigrationLock(
  client: Client,
  { shared, onWaiting }: { readonly shared: boolean; readonly onWaiting: OnWaiting | undefined },
): Promise<void> {
  const what = `a ${shared ? 'migration or restore' : 'migration, backup or restore'} of this database to end`;
  const lock = shared ? 'pg_advisory_lock_shared' : 'pg_advisory_lock';
  await reportingWaitUntil(what, LOCK_MS, onWaiting, () => client.query(`select ${lock}($1)`, [MIGRATION_LOCK]));
}
