import { CodedError } from '@taskrunner/core/foundation';

/** Reasons why a key file is refused. */
export type SigningErrorCode =
  /** Users other than its owner may read or write it, or it belongs to another user. */
  | 'KEY_FILE_MODE'
  | 'KEY_FILE_MISSING'
  | 'KEY_FILE_INVALID'
  /** The file exists: a new key never replaces an old one. */
  | 'KEY_FILE_EXISTS';

const REMEDIES: Record<SigningErrorCode, string> = {
  KEY_FILE_MODE: 'Restrict the file to the user of this process: chown it to that user, and chmod 600.',
  KEY_FILE_MISSING:
    'Correct its path (`keys` in the configuration), or restore the file from the backup of the keys. Generate a key only for a new installation: existing rows were created with the old key.',
  KEY_FILE_INVALID:
    'Restore the file from the backup of the keys. Generate a key only for a new installation: existing rows were created with the old key.',
  KEY_FILE_EXISTS: 'Choose another path, or move the existing key first.',
};

export function refusal(code: SigningErrorCode, message: string, cause?: unknown): CodedError<SigningErrorCode> {
  return new CodedError(code, message, REMEDIES[code], [], cause === undefined ? undefined : { cause });
}
