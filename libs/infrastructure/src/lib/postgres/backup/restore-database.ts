import type { Digest, RunId, TenantId } from '@taskrunner/core/foundation';
import type { Calendar, KeyDifference, ObjectStore } from '@taskrunner/core/ports';
import { toRunId } from '@taskrunner/core/foundation';
import type { Client } from 'pg';
import type { OnWaiting } from '../connection/waiting';
import { migrationNames } from '../migrations/migrations';
import { exclusivelyAsOwner } from './exclusively-as-owner';
import { recordStore } from './adopt-store';
import { openFolder } from './backup-folder';
import { BackupError } from './backup-error';
import { quoted, readCatalog, type Catalog } from './catalog';
import type { DamagedRow } from './damaged-values';
import { keysMissing, refuseMissingKeys, type KeysOfFiles, type RestoredKeys } from './keys-needed';
import { loadTable } from './load-table';
import type { Manifest } from './manifest';
import { absentObjects, type LostReference } from './object-copies';
import { readRows, rowsOf } from './rows-file';
import { setSequences } from './sequences';
import { asMaintainer, takeMigrationLock } from './session';
import { settleMoved } from './settle-moved';
import { settleRestored, type Settled } from './settle-restored';

/**
 * Handling of objects. `check`: the restore fails if one is missing. `copy`: the objects of the backup are stored first. `report`: missing
 * objects are reported.
 */
export const RESTORED_OBJECTS = ['check', 'copy', 'report'] as const;
export type RestoredObjects = (typeof RESTORED_OBJECTS)[number];

/** Options of a restore. */
export interface RestoreOptions {
  readonly folder: string;
  readonly objects: ObjectStore;
  readonly mode: RestoredObjects;
  /** Keys from the files of the configuration. */
  readonly keys: readonly KeysOfFiles[];
  readonly keysMode: RestoredKeys;
  /** Computes the next ticks of schedules. */
  readonly calendar: Calendar;
  /** True: the backup is of a stopped installation that never starts again, so nothing was done since it was made. Default false. */
  readonly isMoved?: boolean;
  /** Expected digest of `manifest.json`; null accepts any. */
  readonly expected: Digest | null;
  /** Called with a description of the condition that the restore waits for. */
  readonly onWaiting?: OnWaiting;
}

/** A run with missing objects; null for a schedule. */
interface Incomplete {
  readonly tenant: TenantId;
  readonly runId: RunId | null;
  readonly digests: readonly Digest[];
  /** The subset whose bytes in the backup do not match. */
  readonly altered: readonly Digest[];
}

/** Result of a restore. */
export interface RestoredDatabase extends Settled {
  readonly manifest: Manifest;
  readonly digest: Digest;
  readonly rows: number;
  /** Rows that were not restored, or not as they were. */
  readonly damaged: readonly DamagedRow[];
  readonly incomplete: readonly Incomplete[];
  /** Keys that services require and that are missing. */
  readonly missingKeys: readonly KeyDifference[];
}

/**
 * Fills an empty, migrated database with a backup of the same release, in one transaction. Every file is compared with the manifest before
 * the first row is written. Afterwards, earlier workers own nothing. Runs with `once` steps are stopped until an operator resumes them
 * (`resumeRuns`), due ticks are skipped, and an entry in each tenant's audit chain records the restore. Needs the role `maintain`.
 * @throws BackupError, DatabaseError
 */
export async function restoreDatabase(maintainUrl: string, options: RestoreOptions): Promise<RestoredDatabase> {
  const { folder, objects, mode, keys, keysMode, calendar, expected, isMoved = false, onWaiting } = options;
  const { manifest, digest } = await openFolder(folder);
  if (expected !== null && expected !== digest)
    throw new BackupError(
      'BACKUP_DAMAGED',
      `manifest.json of ${folder} is ${digest}, not ${expected}`,
      'Nothing was restored. Use the backup with the recorded digest.',
    );
  refuseOtherSchema(manifest);
  const missingKeys = keysMissing(manifest, keys);
  if (keysMode === 'check') refuseMissingKeys(missingKeys, keys);
  for (const file of [...manifest.tables, manifest.objects]) await readRows(folder, file);
  return asMaintainer(maintainUrl, 'taskrunner restore', async (client) => {
    await takeMigrationLock(client, { shared: false, onWaiting });
    // The database is checked before objects are copied.
    const catalog = await readCatalog(client);
    refuseOtherTables(manifest, catalog);
    await refuseRows(client, manifest);
    const incomplete = await settleObjects(objects, { folder, manifest, mode });
    return exclusivelyAsOwner(client, { catalog, onWaiting }, async () => {
      await refuseRows(client, manifest);
      const { rows, damaged } = await load(client, folder, manifest, catalog);
      // The store of the backup may be another one, or be lost.
      await recordStore(client, objects);
      const origin = { backup: digest, takenAt: manifest.takenAt };
      const settled = isMoved ? await settleMoved(client, origin) : await settleRestored(client, { calendar, origin });
      return { manifest, digest, rows, damaged, incomplete, missingKeys, ...settled };
    });
  });
}

async function settleObjects(
  store: ObjectStore,
  { folder, manifest, mode }: Pick<RestoreOptions, 'folder' | 'mode'> & { readonly manifest: Manifest },
): Promise<readonly Incomplete[]> {
  const absent = await absentObjects(rowsOf(folder, manifest.objects), store, mode === 'copy' ? folder : null);
  const incomplete = byRun(absent);
  if (mode === 'report' || incomplete.length === 0) return incomplete;
  const shown = incomplete.slice(0, SHOWN).map(({ tenant, runId, digests, altered }) => {
    const named = digests
      .slice(0, SHOWN)
      .map((digest) => (altered.includes(digest) ? `${digest} (altered in the backup)` : digest));
    return `${tenant} ${runId ?? 'schedules'}: ${named.join(', ')}`;
  });
  throw new BackupError(
    'BACKUP_OBJECTS_MISSING',
    `the object store lacks ${absent.length} objects that ${incomplete.length} runs refer to:\n${shown.join('\n')}`,
    'Restore the objects first. `--objects copy` copies them from a backup that contains them. `--objects report` restores the database without them; requests that read them fail.',
  );
}

/** Maximum number of runs and digests in an error message. */
const SHOWN = 20;

function byRun(absent: readonly LostReference[]): readonly Incomplete[] {
  const runs = new Map<string, Incomplete & { readonly digests: Digest[]; readonly altered: Digest[] }>();
  for (const { tenant, run, digest, what } of absent) {
    const key = `${tenant} ${run ?? ''}`;
    const known = runs.get(key) ?? { tenant, runId: run === null ? null : toRunId(run), digests: [], altered: [] };
    known.digests.push(digest);
    if (what === 'altered') known.altered.push(digest);
    runs.set(key, known);
  }
  return [...runs.values()];
}

function refuseOtherSchema({ schema, product }: Manifest): void {
  const different = otherMigrations(schema.migrations, migrationNames);
  if (different !== null)
    throw otherSchema(
      `the backup was created by version ${product}, whose migrations differ from those of this release: ${different}`,
    );
}

function refuseOtherTables({ schema, tables }: Manifest, catalog: Catalog): void {
  if (catalog.tables.length === 0)
    throw new BackupError('BACKUP_SCHEMA', 'the database has no tables', 'Run `taskrunner migrate` first.');
  const different = otherMigrations(schema.migrations, catalog.migrations);
  if (different !== null)
    throw otherSchema(`the migrations of the database differ from those of the backup: ${different}`);
  if (catalog.digest !== schema.digest)
    throw otherSchema(
      'the tables of the database differ from those of the backup, although both have the same migrations: the tables of one of them were changed by hand',
    );
  const missing = catalog.tables.filter(({ table }) => !tables.some((one) => one.table === table));
  if (missing.length > 0 || tables.length !== catalog.tables.length)
    throw otherSchema(
      `the backup does not have the tables of the database: ${missing.map(({ table }) => table).join()}`,
    );
}

/** How the migrations of a backup differ from others, in any order; null: they are the same. */
function otherMigrations(ofBackup: readonly string[], others: readonly string[]): string | null {
  const missing = others.filter((name) => !ofBackup.includes(name));
  const unknown = ofBackup.filter((name) => !others.includes(name));
  const parts = [
    ...(missing.length > 0 ? [`the backup lacks ${missing.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`only the backup has ${unknown.join(', ')}`] : []),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}

function otherSchema(what: string): BackupError {
  return new BackupError(
    'BACKUP_SCHEMA',
    what,
    'Restore with the release that made the backup, into a database that the same release migrated. Migrate to a later release afterwards.',
  );
}

/** Refuses a database that has rows. @throws BackupError `RESTORE_NOT_EMPTY` */
export async function refuseRows(
  client: Client,
  { tables }: { readonly tables: readonly { readonly table: string }[] },
): Promise<void> {
  const filled: string[] = [];
  for (const { table } of tables) {
    const { rows } = await client.query<{ some: boolean }>(`select exists (select from ${quoted(table)}) as some`);
    if (rows[0]?.some === true) filled.push(table);
  }
  if (filled.length === 0) return;
  throw new BackupError(
    'RESTORE_NOT_EMPTY',
    `the database has rows in ${filled.join(', ')}`,
    'Restore into a new database: create it, run `taskrunner migrate`, and do not start a service before the restore is complete.',
  );
}

async function load(
  client: Client,
  folder: string,
  manifest: Manifest,
  catalog: Catalog,
): Promise<Pick<RestoredDatabase, 'rows' | 'damaged'>> {
  await makePartitions(client, manifest.days);
  // What happens because of a row has happened before the backup.
  await triggers(client, manifest, 'disable');
  let rows = 0;
  const damaged: DamagedRow[] = [];
  for (const file of manifest.tables) {
    const table = catalog.tables.find((one) => one.table === file.table);
    if (!table) throw new TypeError(file.table);
    const found = await loadTable(client, folder, file, table);
    rows += file.rows - found.filter(({ isStored }) => !isStored).length;
    damaged.push(...found);
  }
  await setSequences(client, manifest.sequences);
  await triggers(client, manifest, 'enable');
  return { rows, damaged };
}

/** Triggers of the product on all tables of the backup. */
async function triggers(client: Client, { tables }: Manifest, change: 'disable' | 'enable'): Promise<void> {
  for (const { table } of tables) await client.query(`alter table ${quoted(table)} ${change} trigger user`);
}

/** Creates the partitions of these past days. */
async function makePartitions(client: Client, days: readonly string[]): Promise<void> {
  const { rows: parents } = await client.query<{ parent: string }>(
    `select c.relname as parent from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'pack_run_logs' and c.relkind = 'p'`,
  );
  for (const { parent } of parents)
    for (const day of days) {
      const { rows } = await client.query<{ name: string; known: boolean; first: string; next: string }>(
        `select name, to_regclass('pack_run_logs.' || name) is not null as known,
          pack_run_logs.uuid_floor($2::date)::text as first, pack_run_logs.uuid_floor($2::date + 1)::text as next
         from pack_run_logs.partition_name($1, $2::date) name`,
        [parent, day],
      );
      const [made] = rows;
      if (!made || made.known) continue;
      const [child, whole] = [quoted(`pack_run_logs.${made.name}`), quoted(`pack_run_logs.${parent}`)];
      await client.query(`create table ${child} (like ${whole} including all)`);
      await client.query(`alter table ${child} enable row level security, force row level security`);
      await client.query(
        `alter table ${whole} attach partition ${child} for values from ('${made.first}') to ('${made.next}')`,
      );
    }
}
