import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgresOptions } from '../embedded-postgres';
import { DATABASE, urlOfRole } from './database-contents';
import { settingsOfOneProcess } from './server-settings';
import { moved, noDatabase, storageFailure } from './storage-failure';
import { readState, takeStorageFolder, type StorageFolder } from './storage-folder';

/** A command has few connections. */
const CONNECTIONS = 10;

/** The database of a stopped installation. */
interface StoppedFolder {
  readonly maintainUrl: string;
}

/**
 * Moves the database of a stopped installation. `move` gets it as it is: it is neither created nor migrated. While `move` works, and after it,
 * no service opens the folder: it would go on with runs that go on elsewhere. If `move` rejects, the folder is as before. If the process is
 * killed meanwhile, only another move opens it.
 * @throws StorageError `STORAGE_FOREIGN` if there is no database, `STORAGE_HELD`, `STORAGE_MOVED`
 */
export async function moveStoppedFolder<Result>(
  folder: string,
  move: (database: StoppedFolder) => Promise<Result>,
  options: Pick<EmbeddedPostgresOptions, 'log' | 'binDirectory' | 'sharedDirectory'> = {},
): Promise<Result> {
  const path = resolve(folder);
  try {
    await access(join(path, 'storage.json')).catch(() => Promise.reject(noDatabase(path)));
    const storage = await takeStorageFolder(path);
    try {
      return await inFolder(storage, move, options);
    } finally {
      await storage.release();
    }
  } catch (error) {
    throw storageFailure(error, path);
  }
}

/** Refuses a folder that was moved completely, without opening it. @throws StorageError `STORAGE_MOVED` */
export async function refuseMovedFolder(folder: string): Promise<void> {
  const path = resolve(folder);
  // Any other fault of the folder is found when it is opened.
  if ((await readState(path).catch(() => null)) === 'moved') throw moved(path, true);
}

async function inFolder<Result>(
  storage: StorageFolder,
  move: (database: StoppedFolder) => Promise<Result>,
  options: Pick<EmbeddedPostgresOptions, 'log' | 'binDirectory' | 'sharedDirectory'>,
): Promise<Result> {
  if (storage.state === 'moved') throw moved(storage.path, true);
  if (storage.state !== 'ready' && storage.state !== 'moving') throw noDatabase(storage.path);
  const server = await startEmbeddedPostgres({
    ...options,
    dataDirectory: storage.database,
    listen: 'socket',
    database: DATABASE,
    settings: settingsOfOneProcess(CONNECTIONS),
  });
  try {
    await storage.note('moving');
    try {
      const result = await move({ maintainUrl: urlOfRole(server, 'maintain') });
      await storage.note('moved');
      return result;
    } catch (error) {
      await storage.note('ready');
      throw error;
    }
  } finally {
    await server.stop();
  }
}
