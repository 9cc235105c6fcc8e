import { CodedError } from '@taskrunner/core/foundation';

/**
 * Why the embedded database did not start.
 *
 * - `DATABASE_START_FAILED`: initdb or the server refused; the message carries the last lines of its log.
 * - `DATABASE_BINARIES_MISSING`: no PostgreSQL program was found, or none can be executed by the account that must run it.
 * - `DATABASE_VERSION_MISMATCH`: the data directory was made by a major version for which no program was found.
 * - `DATABASE_IN_USE`: another living process has started this data directory and not stopped it.
 */
export type EmbeddedPostgresErrorCode =
  | 'DATABASE_START_FAILED'
  | 'DATABASE_BINARIES_MISSING'
  | 'DATABASE_VERSION_MISMATCH'
  | 'DATABASE_IN_USE';

/** A refusal of the embedded database, with what to do about it. */
export class EmbeddedPostgresError extends CodedError<EmbeddedPostgresErrorCode> {
  static {
    this.brand('EmbeddedPostgresError');
  }

  override readonly name = 'EmbeddedPostgresError';

  constructor(code: EmbeddedPostgresErrorCode, message: string, remediation: string, cause?: unknown) {
    super(code, message, remediation, [], cause === undefined ? undefined : { cause });
  }
}
