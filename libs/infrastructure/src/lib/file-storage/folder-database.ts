import { resolve } from 'node:path';
import {
  discardDatabase,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  type ServerExit,
} from '../embedded-postgres';
import { migrateDatabase } from '../postgres/schema/migrate';
import { PARTITION_DAYS } from '../postgres/upkeep/partitions';
import { databaseRoles, roleName } from '../postgres/schema/roles';
import { createContents, DATABASE, urlOfRole } from './database-contents';
import { KeptServer, type RestartListener } from './kept-server';
import { settingsOfOneProcess } from './server-settings';
import { moved, storageFailure } from './storage-failure';
import { takeStorageFolder, type StorageFolder } from './storage-folder';
import { templateIn } from './template-database';

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
  /** Called when the server has ended unexpectedly, and when it was started again. */
  readonly restarts?: RestartListener;
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
  try {
    const storage = await takeStorageFolder(path);
    try {
      return await open(storage, options);
    } catch (error) {
      await storage.release();
      throw error;
    }
  } catch (error) {
    throw storageFailure(error, path);
  }
}

/** The template has the partitions of its own day. */
const PARTITIONS = [`set local role ${roleName('owner')}`, `select pack_run_logs.make_partitions(${PARTITION_DAYS})`];

async function open(storage: StorageFolder, options: FolderDatabaseOptions): Promise<FolderDatabase> {
  if (storage.state === 'moving' || storage.state === 'moved') throw moved(storage.path, storage.state === 'moved');
  const isNew = storage.state !== 'ready';
  if (isNew) {
    // Nothing of an interrupted creation was handed out, so it starts again.
    await storage.note('creating');
    await discardDatabase(storage.database, options.log);
  }
  const { connections = 50, cache, restarts = {}, settlesLater = false, ...others } = options;
  let isCopy = false;
  const copyOf = async (version: string): Promise<string | undefined> => {
    const template = cache === undefined ? undefined : await templateIn(cache, version, others);
    isCopy = template !== undefined;
    return template;
  };
  const existing: EmbeddedPostgresOptions = {
    ...others,
    dataDirectory: storage.database,
    listen: 'socket',
    database: DATABASE,
    settings: settingsOfOneProcess(connections),
  };
  // The state of the folder is `creating` until the copy is on the disk.
  const server = await startEmbeddedPostgres({ ...existing, copyOf, syncLater: true });
  try {
    // A copy has the contents of its template, but each folder has passwords of its own.
    if (isCopy) await server.renewPasswords(databaseRoles.map(roleName), PARTITIONS);
    else if (isNew) await createContents(server);
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
    const close = closing(kept, storage, async () => {
      await settled.catch(() => undefined);
      await preparing;
    });
    return {
      urls,
      isNew,
      settled,
      ended: kept.ended,
      prepareNext: () => (preparing ??= server.prepareNext()),
      close,
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

/** `idle`: what is being written is written. The state of the folder is written only while it is locked. */
function closing(server: KeptServer, storage: StorageFolder, idle: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await server.stop();
    await idle();
    await storage.release();
  };
  return () => (closed ??= close());
}

function urlsOf(server: EmbeddedPostgres): FolderDatabaseUrls {
  return {
    ownerUrl: urlOfRole(server, 'owner'),
    maintainUrl: urlOfRole(server, 'maintain'),
    webUrl: urlOfRole(server, 'web'),
    workerUrl: urlOfRole(server, 'worker'),
  };
}
