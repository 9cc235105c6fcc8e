import { randomUUID } from 'node:crypto';
import { chmod, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeOwner, ownDirectory, type DirectoryOwner } from '../embedded-postgres';
import { makeFolders, removeMadeFolders } from '../files';
import { StorageError } from './storage-error';
import { held } from './storage-failure';

const FORMAT = 'taskrunner.storage.v1';
/** The lock and drafts, which an interrupted opening leaves, and what is in the root of an empty file system. */
const NOT_CONTENT = /^(owner(\..*)?|lost\+found)$/;

/**
 * `creating`: the first opening has not finished, and nothing in the folder has been handed out. `ready`: the folder contains a database.
 * `moving`: an import of it into another database has begun. `moved`: the import is complete, and nobody may go on with this copy.
 */
type StorageState = (typeof STATES)[number];
const STATES = ['creating', 'ready', 'moving', 'moved'] as const;

/** A storage folder that this process has locked. It contains `storage.json` (format and state), `owner` (the lock) and `database`. */
export interface StorageFolder {
  readonly path: string;
  /** The folder of the database. */
  readonly database: string;
  /** Null: the folder was empty. */
  readonly state: StorageState | null;
  /** Replaces the state atomically and durably. */
  note(state: StorageState): Promise<void>;
  release(): Promise<void>;
  /** Releases the folder and deletes its state, and the folder if taking it has created it. Its database must be deleted before. */
  discard(): Promise<void>;
}

/**
 * Creates the folder if necessary, verifies that it is a storage folder of this user, and locks it. Everything in it is accessible only to this
 * user. The exception is root: PostgreSQL does not run as root, so another account must be able to traverse the folder.
 * @throws StorageError `STORAGE_FOREIGN`, `STORAGE_HELD`, or an error of the file system
 */
export async function takeStorageFolder(path: string): Promise<StorageFolder> {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  const made = await makeFolders(path, { mode });
  try {
    return await take(path, mode, made);
  } catch (error) {
    await removeMadeFolders(path, made);
    throw error;
  }
}

async function take(path: string, mode: number, made: string | undefined): Promise<StorageFolder> {
  const before = await stat(path);
  refuseForeign(path, before.uid);
  const names = (await readdir(path)).filter((name) => !NOT_CONTENT.test(name));
  const isNew = names.length === 0;
  if (!isNew && !names.includes('storage.json')) throw notStorage(path, `it contains ${names[0]}, but no storage.json`);
  if (isNew) await chmod(path, mode);
  else if (before.mode & 0o022) throw notStorage(path, 'other accounts can write to it');
  const owner: DirectoryOwner = await ownDirectory(path, (process) =>
    held(path, `${describeOwner(process)} has opened it`),
  );
  try {
    return {
      path,
      database: join(path, 'database'),
      state: await readState(path),
      note: (state) => writeState(path, state),
      release: () => owner.release(),
      discard: async () => {
        await rm(join(path, 'storage.json'), { force: true });
        await owner.release();
        await removeMadeFolders(path, made);
      },
    };
  } catch (error) {
    await owner.release();
    throw error;
  }
}

function refuseForeign(path: string, uid: number): void {
  const own = process.getuid?.();
  if (own !== undefined && uid !== own) throw notStorage(path, `it belongs to user ${uid}, and this is user ${own}`);
}

function notStorage(path: string, why: string): StorageError {
  return new StorageError(
    'STORAGE_FOREIGN',
    `${path} cannot be used as a storage folder: ${why}`,
    'choose an empty or new folder, or correct the owner and the mode (0700) of this one',
  );
}

/** The state that the folder has noted; null if it has noted none. Reads it without the lock, so it may change meanwhile. */
export async function readState(path: string): Promise<StorageState | null> {
  const text = await readFile(join(path, 'storage.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const { format, state } = parsed(text);
  const known = STATES.find((one) => one === state);
  if (format !== FORMAT || known === undefined)
    throw notStorage(path, `its storage.json is not of the format ${FORMAT}`);
  return known;
}

function parsed(text: string): { readonly format?: unknown; readonly state?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as object;
  } catch {
    return {};
  }
}

async function writeState(path: string, state: StorageState): Promise<void> {
  const draft = join(path, `owner.${randomUUID()}`);
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ format: FORMAT, state })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(path, 'storage.json'));
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
