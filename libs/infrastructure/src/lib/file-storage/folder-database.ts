import { join, resolve } from 'node:path';
import {
  discardDatabase,
  EmbeddedPostgresError,
  livingOwner,
  startEmbeddedPostgres,
  stopLeftServer,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  type Original,
  type ServerExit,
} from '../embedded-postgres';
import { migrateDatabase } from '../postgres/schema/migrate';
import { PARTITION_DAYS } from '../postgres/upkeep/partitions';
import { databaseRoles, roleName } from '../postgres/schema/roles';
import { createContents, DATABASE, urlOfRole } from './database-contents';
import { KeptServer, type RestartListener } from './kept-server';
import { settingsOfOneProcess } from './server-settings';
import { StorageError, type StorageErrorCode } from './storage-error';
import { moved, noDatabase, storageFailure } from './storage-failure';
import { readState, takeStorageFolder, type StorageFolder } from './storage-folder';
import { originalIn } from './template-database';

/** Options for opening a storage folder. */
export interface FolderDatabaseOptions extends Pick<
  EmbeddedPostgresOptions,
  'log' | 'fsync' | 'binDirectory' | 'sharedDirectory' | 'endsWithOwner' | 'onStarted'
> {
  /** Maximum number of connections, of all roles together. Default 50. */
  readonly connections?: number;
  /**
   * A folder for templates, which may be deleted at any time. New databases begin as a copy of one, which takes a fraction of the time of
   * their creation. The first one that is needed is made. Absent: no templates.
   */
  readonly cache?: string;
  /** With `cache`: a folder with archives of templates (`packTemplate`), so that not even the first database takes long. Absent: none. */
  readonly archives?: string;
  /** Called when the server has ended unexpectedly, and when it was started again. */
  readonly restarts?: RestartListener;
  /** True: a folder without a database is refused, and nothing is created. Default false. */
  readonly mustExist?: boolean;
  /** True: a new database is handed out before it is on the disk, and `settled` says when it is. Default false. */
  readonly settlesLater?: boolean;
}

/** Connection URLs of the roles. They are secret, and valid until the database is closed. */
export interface FolderDatabaseUrls {
  readonly ownerUrl: string;
  readonly maintainUrl: string;
  readonly webUrl: string;
  readonly workerUrl: string;
}

/** A database in a folder, with a server that belongs to this process. */
export interface FolderDatabase {
  readonly urls: FolderDatabaseUrls;
  /** True if the database was created now. */
  readonly isNew: boolean;
  /**
   * Resolves when the database is on the disk, and rejects if it cannot be written. If this process ends before, the next opening creates the
   * database again, so nothing that has to last may be confirmed before.
   */
  readonly settled: Promise<void>;
  /** Resolves when the server has ended, by `close`, or unexpectedly and for good. */
  readonly ended: Promise<ServerExit>;
  /** With `cache`: makes the copy that the next new database of the cache begins with, unless there is one. `close` waits for it. Never rejects. */
  prepareNext(): Promise<void>;
  /** Stops the server and unlocks the folder. Close the connections first. Idempotent. */
  close(): Promise<void>;
  /** Closes a database that was created now, and deletes it with all that its opening has created. For one that was never used. */
  discard(): Promise<void>;
}

/**
 * Opens the database in `folder`. The first opening creates the folder, the database, its roles and its schema; later ones start the server,
 * which recovers from a crash by itself, and migrate the schema to this release. The server listens on a Unix socket and on no port. One
 * process owns the folder until it closes it or ends. A server that a killed process has left is stopped first. A server that ends
 * unexpectedly is started again, with the same URLs (see `KeptServer`).
 * @throws StorageError if the folder cannot be used
 * @throws DatabaseError `DB_SCHEMA_NEWER` if a later release has migrated the database
 * @throws EmbeddedPostgresError if the server does not start for another reason, such as `DATABASE_VERSION_MISMATCH`
 */
export async function openFolderDatabase(folder: string, options: FolderDatabaseOptions = {}): Promise<FolderDatabase> {
  const path = resolve(folder);
  const { mustExist = false, ...others } = options;
  try {
    if (mustExist && !hasDatabase(await readState(path))) throw noDatabase(path);
    const storage = await takeStorageFolder(path);
    try {
      return await open(storage, others);
    } catch (error) {
      // The message of another error names the log of the server.
      const isOfFolder = StorageError.is(storageFailure(error, path));
      if (hasDatabase(storage.state) || !isOfFolder) await storage.release();
      else await discard(storage, others.log);
      throw error;
    }
  } catch (error) {
    const failure = storageFailure(error, path);
    if (StorageError.is(failure) && NO_SPACE.has(failure.code)) await endLeftServer(path);
    throw failure;
  }
}

/** The folder could not be locked, or nothing of it was reached. */
const NO_SPACE: ReadonlySet<StorageErrorCode> = new Set(['STORAGE_FULL', 'STORAGE_UNWRITABLE']);

/** Ends the server that a killed process has left in a folder which cannot be opened: nobody uses it, and nobody else would end it. */
async function endLeftServer(path: string): Promise<void> {
  const isLeft = async (): Promise<boolean> => (await livingOwner(path)) === null;
  await stopLeftServer(join(path, 'database'), isLeft).catch(() => undefined);
}

function hasDatabase(state: StorageFolder['state']): boolean {
  return state !== null && state !== 'creating';
}

async function discard(storage: StorageFolder, log?: (line: string) => void): Promise<void> {
  await discardDatabase(storage.database, log);
  await storage.discard();
}

/** The template has the partitions of its own day. */
const PARTITIONS = [`set local role ${roleName('owner')}`, `select pack_run_logs.make_partitions(${PARTITION_DAYS})`];

async function open(
  storage: StorageFolder,
  options: Omit<FolderDatabaseOptions, 'mustExist'>,
): Promise<FolderDatabase> {
  if (storage.state === 'moving' || storage.state === 'moved') throw moved(storage.path, storage.state === 'moved');
  const isNew = !hasDatabase(storage.state);
  if (isNew) {
    // Nothing of an interrupted creation was handed out, so it starts again.
    await storage.note('creating');
    await discardDatabase(storage.database, options.log);
  }
  const { connections = 50, cache, archives, restarts = {}, settlesLater = false, ...others } = options;
  let isCopy = false;
  let template: string | undefined;
  const copyOf = async (version: string): Promise<Original | undefined> => {
    const original = cache === undefined ? undefined : await originalIn(cache, version, { ...others, archives });
    isCopy = original !== undefined;
    template = typeof original === 'string' ? original : undefined;
    return original;
  };
  const existing: EmbeddedPostgresOptions = {
    ...others,
    ...(cache !== undefined && { knownPrograms: join(resolve(cache), 'programs.json') }),
    dataDirectory: storage.database,
    listen: 'socket',
    database: DATABASE,
    settings: settingsOfOneProcess(connections),
  };
  // The state of the folder is `creating` until the copy is on the disk.
  // A copy has the contents of its template, but each folder has passwords of its own.
  const renewal = { roles: databaseRoles.map(roleName), more: PARTITIONS };
  const start = () => startEmbeddedPostgres({ ...existing, copyOf, renewal, syncLater: true });
  const server = await start().catch(async (error: unknown) => {
    // What is in a cache may be damaged, and costs only time.
    if (template === undefined || !EmbeddedPostgresError.is(error) || error.code !== 'DATABASE_START_FAILED')
      throw error;
    options.log?.(`the template ${template} is discarded, because no database starts from it: ${error.message}`);
    for (const damaged of [storage.database, template]) await discardDatabase(damaged, options.log);
    return start();
  });
  try {
    if (isNew && !isCopy) await createContents(server);
    const urls = urlsOf(server);
    // The template has the schema of this release.
    if (!isCopy) await migrateDatabase(urls.ownerUrl);
    const settled = settle(server, storage, isNew);
    settled.catch(() => undefined);
    if (!settlesLater) await settled;
    const startAgain = ({ socketFolder }: EmbeddedPostgres) =>
      startEmbeddedPostgres({ ...existing, ...(socketFolder !== null && { socketFolder }) });
    const kept = new KeptServer(server, startAgain, restarts);
    let preparing: Promise<void> | null = null;
    const end = endOnce(kept, async () => {
      await settled.catch(() => undefined);
      await preparing;
    });
    return {
      urls,
      isNew,
      settled,
      ended: kept.ended,
      prepareNext: () => (preparing ??= server.prepareNext()),
      close: () => end(() => storage.release()),
      discard: () => end(() => (isNew ? discard(storage, options.log) : storage.release())),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function settle(server: EmbeddedPostgres, storage: StorageFolder, isNew: boolean): Promise<void> {
  await server.written;
  if (isNew) await storage.note('ready');
}

/** Ends a database once. `idle`: what is being written is written. The state of the folder is written only while it is locked. */
function endOnce(server: KeptServer, idle: () => Promise<void>): (last: () => Promise<void>) => Promise<void> {
  let ended: Promise<void> | null = null;
  const end = async (last: () => Promise<void>): Promise<void> => {
    await server.stop();
    await idle();
    await last();
  };
  return (last) => (ended ??= end(last));
}

function urlsOf(server: EmbeddedPostgres): FolderDatabaseUrls {
  return {
    ownerUrl: urlOfRole(server, 'owner'),
    maintainUrl: urlOfRole(server, 'maintain'),
    webUrl: urlOfRole(server, 'web'),
    workerUrl: urlOfRole(server, 'worker'),
  };
}
