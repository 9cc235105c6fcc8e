import { CodedError } from '@taskrunner/core/foundation';

/**
 * Why a backup is not made, or not restored.
 *
 * - `BACKUP_EXISTS`: something is there under the name of the backup.
 * - `BACKUP_UNWRITABLE`: the folder cannot be written: it is full, read-only, missing, or another user's.
 * - `BACKUP_UNREADABLE`: a file of the backup cannot be read: it is another user's, or its disk is broken.
 * - `BACKUP_INTERRUPTED`: somebody ended the command.
 * - `BACKUP_INCOMPLETE`: the folder is no backup, or one that was not ended.
 * - `BACKUP_FORMAT`: a release with another format has made it.
 * - `BACKUP_DAMAGED`: a file is missing, or is not what the manifest says.
 * - `BACKUP_SCHEMA`: the database has other migrations or tables than the backup.
 * - `BACKUP_ROWS_HIDDEN`: row security would hide rows from the role that makes the backup.
 * - `BACKUP_OBJECTS_MISSING`: the object store lacks what the rows refer to.
 * - `BACKUP_KEYS_MISSING`: the keys at hand are not those with which the rows were made.
 * - `RESTORE_NOT_EMPTY`: the database has rows.
 * - `RESTORE_IN_USE`: something else uses the tables of the database.
 */
export type BackupErrorCode =
  | 'BACKUP_EXISTS'
  | 'BACKUP_UNWRITABLE'
  | 'BACKUP_UNREADABLE'
  | 'BACKUP_INTERRUPTED'
  | 'BACKUP_INCOMPLETE'
  | 'BACKUP_FORMAT'
  | 'BACKUP_DAMAGED'
  | 'BACKUP_SCHEMA'
  | 'BACKUP_ROWS_HIDDEN'
  | 'BACKUP_OBJECTS_MISSING'
  | 'BACKUP_KEYS_MISSING'
  | 'RESTORE_NOT_EMPTY'
  | 'RESTORE_IN_USE';

/** An error of a backup or restore, with its remedy. */
export class BackupError extends CodedError<BackupErrorCode> {
  static {
    this.brand('BackupError');
  }

  override readonly name = 'BackupError';
}

/** A file of the backup that differs from what was written. */
export function damaged(what: string, cause?: unknown): BackupError {
  return new BackupError('BACKUP_DAMAGED', what, 'Nothing was restored. Take another backup.', [], {
    cause,
  });
}

/** File system errors that mean that a folder is not writable. */
const UNWRITABLE: ReadonlySet<unknown> = new Set([
  ...['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'ENOENT', 'ENOTDIR', 'ESTALE', 'EMFILE'],
]);

/** Converts a file system error into an error about the backup folder; other errors are rethrown. */
export function throwFolderError(folder: string, error: unknown): never {
  const { code } = error as { code?: unknown };
  if (!UNWRITABLE.has(code)) throw error;
  throw new BackupError(
    'BACKUP_UNWRITABLE',
    `${folder} cannot be written: ${(error as Error).message}`,
    'No backup was made. Use another folder, or correct the free space and the permissions of this folder.',
    [],
    { cause: error },
  );
}

/** File system errors that mean that an existing file is not readable. */
const UNREADABLE: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EIO', 'EISDIR', 'ELOOP', 'EMFILE', 'ESTALE']);

/** Converts a file system error into an error for readers of a backup; other errors are rethrown. */
export function throwReadError(path: string, error: unknown): never {
  if (!UNREADABLE.has((error as { code?: unknown }).code)) throw error;
  throw new BackupError(
    'BACKUP_UNREADABLE',
    `${path} cannot be read: ${(error as Error).message}`,
    'Nothing was restored. Let this user read the folder of the backup and all files in it.',
    [],
    { cause: error },
  );
}
