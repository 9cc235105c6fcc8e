import { resolve } from 'node:path';
import {
  discardDatabase,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  type ServerExit,
} from '../embedded-postgres';
import { migrateDatabase } from '../postgres/schema/migrate';
import { createContents, DATABASE, urlOfRole } from './database-contents';
import { KeptServer, type RestartListener } from './kept-server';
import { settingsOfOneProcess } from './server-settings';
import { moved, storageFailure } from './storage-failure';
import { takeStorageFolder, type StorageFolder } from './storage-folder';
import { templateIn } from './template-database';

/** Options for opening a storage folder. */
export interface FolderDatabaseOptions extends Pick<
  EmbeddedPostgresOptions,
  'log' | 'fsync' | 'binDirectory' | 'sharedDirectory' | 'endsWithOwner'
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
  /** Resolves when the server has ended, by `close`, or unexpectedly and for good. */
  readonly ended: Promise<ServerExit>;
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

async function open(storage: StorageFolder, options: FolderDatabaseOptions): Promise<FolderDatabase> {
  if (storage.state === 'moving' || storage.state === 'moved') throw moved(storage.path, storage.state === 'moved');
  const isNew = storage.state !== 'ready';
  if (isNew) {
    // Nothing of an interrupted creation was handed out, so it starts again.
    await storage.note('creating');
    await discardDatabase(storage.database, options.log);
  }
  const { connections = 50, cache, restarts = {}, ...others } = options;
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
    // Each folder has passwords of its own.
    if (isCopy) await server.renewPassword();
    if (isNew) await createContents(server);
    const urls = urlsOf(server);
    await migrateDatabase(urls.ownerUrl);
    await server.written;
    if (isNew) await storage.note('ready');
    const startAgain = ({ socketFolder }: EmbeddedPostgres) =>
      startEmbeddedPostgres({ ...existing, ...(socketFolder !== null && { socketFolder }) });
    const kept = new KeptServer(server, startAgain, restarts);
    return { urls, isNew, ended: kept.ended, close: closing(kept, storage) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function closing(server: KeptServer, storage: StorageFolder): () => Promise<void> {
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await server.stop();
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
