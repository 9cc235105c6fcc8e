import { CodedError } from '@taskrunner/core';

/**
 * Why a database is not used.
 *
 * - `DB_UNSAFE`: its settings could lose a commit that was acknowledged, or it is a standby, too old, or not UTF8.
 * - `DB_ROLE_UNSAFE`: the role is a superuser, bypasses row security, or owns tables.
 * - `DB_SCHEMA_NEWER`: a later release has migrated it; migrations only go forward.
 * - `DB_SCHEMA_BEHIND`: migrations of this release have not run.
 * - `DB_KEYS_DIFFER`: rows were made with keys that this process does not have.
 * - `DB_RUN_UNKNOWN`: a run that is to be held or released is not there, or not held.
 */
export type DatabaseErrorCode =
  | 'DB_UNSAFE'
  | 'DB_ROLE_UNSAFE'
  | 'DB_SCHEMA_NEWER'
  | 'DB_SCHEMA_BEHIND'
  | 'DB_KEYS_DIFFER'
  | 'DB_RUN_UNKNOWN';

/** A refusal of the database as it is, with what to do about it. */
export class DatabaseError extends CodedError<DatabaseErrorCode> {
  static {
    this.brand('DatabaseError');
  }

  override readonly name = 'DatabaseError';
}
