import { CodedError } from '@taskrunner/core/foundation';

/**
 * Reasons why a database cannot be used.
 *
 * - `DATABASE_UNAVAILABLE`: the server does not respond, has no free connection or space, or closed the connection.
 * - `DB_ANSWER_UNREADABLE`: an answer of the server has a value that this process cannot hold.
 * - `DB_BUSY`: a lock or a statement exceeded its timeout.
 * - `DB_DENIED`: the role lacks a permission.
 * - `DB_LOGIN_REFUSED`: the server rejects the role or its password.
 * - `DB_MISSING`: the server has no such database.
 * - `DB_SERVER_FAULT`: the server reports that it, or its disk, is damaged.
 * - `DB_TLS`: the connection cannot be encrypted, or the server's certificate is not trusted.
 * - `DB_UNSAFE`: the settings could lose an acknowledged commit, or the server is a standby, too old, or not UTF8.
 * - `DB_ROLE_UNSAFE`: the role is a superuser, bypasses row security, or owns tables.
 * - `DB_SCHEMA_NEWER`: a later release has migrated the database; migrations only go forward.
 * - `DB_SCHEMA_BEHIND`: migrations of this release have not run.
 * - `DB_KEYS_DIFFER`: rows were made with keys that this process does not have.
 * - `DB_RUN_UNKNOWN`: the run does not exist, or is not in the required state: held, or stopped by a restore.
 */
export type DatabaseErrorCode =
  | 'DATABASE_UNAVAILABLE'
  | 'DB_ANSWER_UNREADABLE'
  | 'DB_BUSY'
  | 'DB_DENIED'
  | 'DB_LOGIN_REFUSED'
  | 'DB_MISSING'
  | 'DB_SERVER_FAULT'
  | 'DB_TLS'
  | 'DB_UNSAFE'
  | 'DB_ROLE_UNSAFE'
  | 'DB_SCHEMA_NEWER'
  | 'DB_SCHEMA_BEHIND'
  | 'DB_KEYS_DIFFER'
  | 'DB_RUN_UNKNOWN';

/** An error about the state of a database, with its remedy. */
export class DatabaseError extends CodedError<DatabaseErrorCode> {
  static {
    this.brand('DatabaseError');
  }

  override readonly name = 'DatabaseError';
}
