import { CodedError } from '@taskrunner/core/foundation';

/**
 * Codes of the reasons why a storage folder cannot be used.
 *
 * - `STORAGE_HELD`: another living process uses the folder. The message names the process, its program and the time.
 * - `STORAGE_UNWRITABLE`: this user cannot create or write to the folder.
 * - `STORAGE_FOREIGN`: the path is not a storage folder of this user: a file, a folder with other contents, or a folder of another account.
 * - `STORAGE_UNSUPPORTED`: no database server was found for this platform. The message names the package that contains it.
 * - `STORAGE_FULL`: the file system has no space left.
 * - `STORAGE_MOVED`: the database was imported into another one, or an import was interrupted.
 */
export type StorageErrorCode =
  | 'STORAGE_HELD'
  | 'STORAGE_UNWRITABLE'
  | 'STORAGE_FOREIGN'
  | 'STORAGE_UNSUPPORTED'
  | 'STORAGE_FULL'
  | 'STORAGE_MOVED';

/** An error of a storage folder, with its remedy. */
export class StorageError extends CodedError<StorageErrorCode> {
  static {
    this.brand('StorageError');
  }

  override readonly name = 'StorageError';

  constructor(code: StorageErrorCode, message: string, remediation: string, cause?: unknown) {
    super(code, message, remediation, [], cause === undefined ? undefined : { cause });
  }
}
