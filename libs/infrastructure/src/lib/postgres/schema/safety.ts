import type { Pool } from 'pg';
import { DatabaseError } from '../connection/database-error';

/** Exceptions to the safety rules. */
interface SafetyOptions {
  /** Accepts a server that may lose acknowledged commits: for tests only. */
  readonly allowLoss?: boolean;
}

interface Facts {
  readonly version: number;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly standby: boolean;
  readonly encoding: string;
  readonly superuser: boolean;
  readonly owned: string[];
}

const facts = `
select current_setting('server_version_num')::int as version, current_setting('fsync') as fsync,
  current_setting('full_page_writes') as full_page_writes, current_setting('synchronous_commit') as synchronous_commit,
  pg_is_in_recovery() as standby, current_setting('server_encoding') as encoding,
  (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as superuser,
  array(
    select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts') and c.relkind in ('r', 'p')
      and pg_has_role(current_user, c.relowner, 'member')
    order by 1) as owned`;

/**
 * Rejects a database that could lose acknowledged commits, and a role that bypasses row-level security.
 * @throws DatabaseError `DB_UNSAFE`, `DB_ROLE_UNSAFE`
 */
export async function assertSafeDatabase(pool: Pool, options: SafetyOptions = {}): Promise<void> {
  const { rows } = await pool.query<Facts>(facts);
  const found = rows[0];
  if (!found) throw new TypeError('no facts');
  const unsafe = [...dangers(found), ...(options.allowLoss ? [] : losses(found))];
  if (unsafe.length > 0) {
    throw new DatabaseError(
      'DB_UNSAFE',
      `the database is not safe: ${unsafe.join('; ')}`,
      'set fsync, full_page_writes and synchronous_commit to on; connect to a primary of PostgreSQL 15 to 18 in UTF8',
    );
  }
  if (found.superuser || found.owned.length > 0) {
    const why = found.superuser
      ? 'is a superuser or bypasses row security'
      : `owns ${found.owned.slice(0, 3).join(', ')}`;
    throw new DatabaseError(
      'DB_ROLE_UNSAFE',
      `the role ${why}`,
      'connect as taskrunner_web or taskrunner_worker; the owner role is only for migrations',
    );
  }
}

function dangers({ version, standby, encoding }: Facts): string[] {
  return [
    ...(version < 150_000 ? [`server version ${Math.floor(version / 10_000)} is below 15`] : []),
    ...(standby ? ['it is a standby'] : []),
    ...(encoding === 'UTF8' ? [] : [`its encoding is ${encoding}`]),
  ];
}

function losses({ fsync, full_page_writes, synchronous_commit }: Facts): string[] {
  return [
    ...(fsync === 'on' ? [] : [`fsync is ${fsync}`]),
    ...(full_page_writes === 'on' ? [] : [`full_page_writes is ${full_page_writes}`]),
    ...(['on', 'remote_apply'].includes(synchronous_commit) ? [] : [`synchronous_commit is ${synchronous_commit}`]),
  ];
}
