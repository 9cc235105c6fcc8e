import { digestOf } from '@taskrunner/core/canonical';
import type { Digest } from '@taskrunner/core/foundation';
import { escapeIdentifier, type Client } from 'pg';
import { migrationNames } from '../migrations/migrations';
import { BackupError } from './backup-error';

/** A table of the product according to the database's catalog. */
export interface CatalogTable {
  /** `schema.table` */
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly required: boolean }[];
  /** Columns of its key, in order. */
  readonly key: readonly string[];
  /** True if row security applies to its owner too. */
  readonly forced: boolean;
  /** True if the querying role sees every row. */
  readonly visible: boolean;
}

/** The tables that a backup contains and that a restore fills. */
export interface Catalog {
  /** Sorted by name. The list of migrations is left out, because the migrating process writes it. */
  readonly tables: readonly CatalogTable[];
  /** Digest of tables, columns and types: equal for two databases with the same schema. */
  readonly digest: Digest;
  /** Days (`YYYY-MM-DD`) with partitions. */
  readonly days: readonly string[];
  readonly migrations: readonly string[];
}

const SCHEMAS = `('pack_runs', 'pack_run_logs', 'pack_artifacts')`;
const MIGRATIONS = 'pack_runs.migrations';

/** Every existing table, so that tables of later migrations are included automatically. Partitions belong to their table. */
const tables = `
select n.nspname || '.' || c.relname as table, c.relforcerowsecurity as forced,
  not row_security_active(c.oid) or (
    exists (select from pg_policy p where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('*', 'r')
      and pg_get_expr(p.polqual, p.polrelid) = 'true'
      and exists (select from unnest(p.polroles) r where r = 0 or pg_has_role(current_user, r, 'usage')))
    and not exists (select from pg_policy p where p.polrelid = c.oid and not p.polpermissive)) as visible,
  (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull)
      order by a.attname)
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
  coalesce((select json_agg(a.attname order by k.n) from pg_index i, unnest(i.indkey::int2[]) with ordinality k (attnum, n), pg_attribute a
    where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid and a.attnum = k.attnum), '[]') as key
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ${SCHEMAS} and c.relkind in ('r', 'p') and not c.relispartition
order by (n.nspname || '.' || c.relname) collate "C"`;

const days = `
select distinct to_date(right(c.relname, 8), 'YYYYMMDD')::text as day
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ${SCHEMAS} and c.relispartition and c.relname ~ '_[0-9]{8}$' order by 1`;

/** Reads the catalog. Tables and migrations are empty if the database was never migrated. */
export async function readCatalog(client: Client): Promise<Catalog> {
  const found = await client.query<CatalogTable>(tables);
  const partitions = await client.query<{ day: string }>(days);
  const isMigrated = found.rows.some(({ table }) => table === MIGRATIONS);
  const applied = isMigrated
    ? await client.query<{ name: string }>('select name from pack_runs.migrations order by name collate "C"')
    : { rows: [] };
  // A detached partition that is not dropped yet is ignored.
  const ours = found.rows.filter(({ table }) => table !== MIGRATIONS && !/_\d{8}$/.test(table));
  return {
    tables: ours,
    digest: digestOf(ours.map(({ table, columns }) => ({ table, columns: columns.map((column) => ({ ...column })) }))),
    days: partitions.rows.map(({ day }) => day),
    migrations: applied.rows.map(({ name }) => name),
  };
}

/** Refuses a database of another release. @throws BackupError `BACKUP_SCHEMA` */
export function refuseOtherRelease({ migrations }: Catalog, remedy: string): void {
  const unknown = migrations.filter((name) => !migrationNames.includes(name));
  const missing = migrationNames.filter((name) => !migrations.includes(name));
  if (unknown.length === 0 && missing.length === 0) return;
  const [lacks, has] = [missing, unknown].map((names) => (names.length === 0 ? 'nothing' : names.join(', ')));
  throw new BackupError(
    'BACKUP_SCHEMA',
    `the database does not match this release: it lacks ${lacks}, and this release does not know ${has}`,
    remedy,
  );
}

/** Quotes `schema.table` for SQL. */
export function quoted(name: string): string {
  return name.split('.').map(escapeIdentifier).join('.');
}

/** Quotes column names for SQL. */
export function listed(columns: readonly string[]): string {
  return columns.map(escapeIdentifier).join(', ');
}
