import { CodedError } from '@taskrunner/core/foundation';

/**
 * Reasons why a backup or a restore fails.
 *
 * - `BACKUP_EXISTS`: the path of the backup already exists.
 * - `BACKUP_UNWRITABLE`: the folder cannot be written: it is full, read-only or missing, or belongs to another user.
 * - `BACKUP_UNREADABLE`: a file of the backup cannot be read: it belongs to another user, or its disk is faulty.
 * - `BACKUP_INTERRUPTED`: the command was aborted.
 * - `BACKUP_INCOMPLETE`: the folder is not a backup, or the backup is not complete.
 * - `BACKUP_FORMAT`: the backup was made by a release with another format.
 * - `BACKUP_DAMAGED`: a file is missing or does not match the manifest.
 * - `BACKUP_SCHEMA`: the migrations or tables of the database differ from those of the backup.
 * - `BACKUP_ROWS_HIDDEN`: row security would hide rows from the role that makes the backup.
 * - `BACKUP_OBJECTS_MISSING`: the object store lacks objects that the rows refer to.
 * - `BACKUP_KEYS_MISSING`: keys with which the rows were made are missing.
 * - `RESTORE_NOT_EMPTY`: the database already has rows.
 * - `RESTORE_IN_USE`: another process uses the tables of the database.
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

/** Creates the error for a file of the backup that differs from the manifest. */
export function damaged(what: string, cause?: unknown): BackupError {
  return new BackupError('BACKUP_DAMAGED', what, 'Nothing was restored. Take another backup.', [], {
    cause,
  });
}

/** File system errors of a folder that is not writable. */
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

/** File system errors of an existing file that is not readable. */
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
