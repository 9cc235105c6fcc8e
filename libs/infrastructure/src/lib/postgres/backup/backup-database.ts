import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest, TenantId } from '@taskrunner/core/foundation';
import type { ObjectStore } from '@taskrunner/core/ports';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { OnWaiting } from '../connection/waiting';
import { ALL_REFERENCES } from '../upkeep/object-reference';
import { makeFolder } from './backup-folder';
import { BackupError } from './backup-error';
import { quoted, readCatalog, refuseOtherRelease, type Catalog } from './catalog';
import { storableRows, tooLargeRows, type DamagedRow } from './damaged-values';
import { keysNeeded } from './keys-needed';
import { BACKUP_FORMAT, type BackedUpTable, type Manifest } from './manifest';
import { objectRows, syncObjects, type Loss, type LostReference } from './object-copies';
import { fieldsOf, writeRows } from './rows-file';
import { readSequences } from './sequences';
import { asMaintainer, takeMigrationLock } from './session';

/** Options of a backup. */
export interface BackupOptions {
  /** The folder to create. Its parent must exist. */
  readonly folder: string;
  /** Version of the product. */
  readonly product: string;
  /** The object store in which the referenced objects are looked up. */
  readonly objects: ObjectStore;
  /** True if the objects are copied into the folder too. */
  readonly copyObjects: boolean;
  /** Called for each object that is missing from the store, or whose copy does not match its digest. */
  readonly onLost?: (lost: LostReference) => void;
  /** Called for each row that is not stored as it is, because nobody can store it, or because it is no reference to an object. */
  readonly onDamaged?: (damaged: DamagedRow) => void;
  /** Called with a description of the condition that the backup waits for. */
  readonly onWaiting?: OnWaiting;
  /** Aborts the backup; written files are deleted. */
  readonly signal?: AbortSignal;
}

/** A complete and durable backup. */
export interface BackedUp {
  readonly manifest: Manifest;
  /** Digest of `manifest.json`, which names all files by digest. If it is kept elsewhere, it proves that the backup was not changed. */
  readonly digest: Digest;
}

/**
 * Backs up all rows of the product from one snapshot, without stopping services, and lists the objects that they refer to. Keys are never
 * part of a backup. Needs the role `maintain`.
 * @throws BackupError, DatabaseError
 */
export function backUpDatabase(maintainUrl: string, options: BackupOptions): Promise<BackedUp> {
  const { onWaiting, signal } = options;
  const fillFrom = async (client: Client, folder: string): Promise<Manifest> => {
    await takeMigrationLock(client, { shared: true, onWaiting });
    const catalog = await readCatalog(client);
    refuseOtherRelease(catalog, 'Back up the database with the release that migrated it.');
    refuseHidden(catalog);
    await client.query('begin isolation level repeatable read, read only');
    // Locked before the first query, which takes the snapshot, so that no partition is dropped in between.
    await client.query(
      `lock table ${catalog.tables.map(({ table }) => quoted(table)).join(', ')} in access share mode`,
    );
    const { days } = await readCatalog(client);
    return fill(client, { ...catalog, days }, folder, options);
  };
  return makeFolder(
    options.folder,
    (folder) => asMaintainer(maintainUrl, 'taskrunner backup', (client) => fillFrom(client, folder), signal),
    signal,
  );
}

async function fill(
  client: Client,
  catalog: Catalog,
  folder: string,
  { product, objects, copyObjects, onLost, onDamaged, signal }: BackupOptions,
): Promise<Manifest> {
  const facts = await readFacts(client);
  const tables: BackedUpTable[] = [];
  let damaged = 0;
  const report = (row: DamagedRow): void => {
    damaged++;
    onDamaged?.(row);
  };
  for (const one of catalog.tables) {
    (await tooLargeRows(client, one)).forEach(report);
    const source = client.query(copyTo(`copy (${storableRows(one)}) to stdout`));
    const columns = one.columns.map(({ name }) => name);
    tables.push({ table: one.table, columns, ...(await writeRows(folder, `${one.table}.copy.gz`, source)) });
  }
  if (copyObjects) await mkdir(join(folder, 'objects'), { mode: 0o700 });
  /** Lost objects. Each counts once, however many runs refer to it. */
  const losses: Record<Loss, Set<string>> = { missing: new Set(), altered: new Set() };
  const tenants = new Set<TenantId>();
  const references = fieldsOf(client.query(copyTo(`copy (${ALL_REFERENCES}) to stdout`)));
  const rows = objectRows(references, objects, {
    folder: copyObjects ? folder : null,
    signal,
    onInvalid: (row) => report({ table: 'objects', row, reason: 'it is no reference to an object', isStored: false }),
    onCopied: ({ tenant }) => tenants.add(tenant),
    onLost: (lost) => {
      losses[lost.what].add(`${lost.tenant} ${lost.digest}`);
      onLost?.(lost);
    },
  });
  const listedObjects = await writeRows(folder, 'objects.copy.gz', rows);
  if (copyObjects) await syncObjects(folder, tenants);
  return {
    format: BACKUP_FORMAT,
    product,
    ...facts,
    schema: { migrations: catalog.migrations, digest: catalog.digest },
    tables,
    sequences: await readSequences(client),
    days: catalog.days,
    objects: { ...listedObjects, copied: copyObjects, lost: losses.missing.size, altered: losses.altered.size },
    keys: await keysNeeded(client),
    damaged,
  };
}

function refuseHidden({ tables }: Catalog): void {
  const hidden = tables.filter(({ visible }) => !visible).map(({ table }) => table);
  if (hidden.length > 0)
    throw new BackupError(
      'BACKUP_ROWS_HIDDEN',
      `row-level security may hide rows of ${hidden.join(', ')} from this role`,
      'Connect as taskrunner_maintain, and make sure that only migrations created policies on the tables.',
    );
}

async function readFacts(client: Client): Promise<Pick<Manifest, 'takenAt' | 'database'>> {
  const { rows } = await client.query<{ ms: string; name: string; system: string; server: string }>(
    `select pack_runs.now_ms()::text as ms, current_database() as name, current_setting('server_version') as server,
      (select system_identifier::text from pg_control_system()) as system`,
  );
  const [facts] = rows;
  if (!facts) throw new TypeError('no facts');
  const { ms, name, system, server } = facts;
  return { takenAt: new Date(Number(ms)).toISOString(), database: { name, system, server } };
}
