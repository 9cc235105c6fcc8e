import { CodedError } from '@taskrunner/core/foundation';

/**
 * Codes of the reasons why the embedded database did not start.
 *
 * - `DATABASE_START_FAILED`: initdb or the server failed; the message contains the last lines of its log.
 * - `DATABASE_BINARIES_MISSING`: no PostgreSQL program was found, or the account that must run it cannot execute any.
 * - `DATABASE_VERSION_MISMATCH`: no program was found for the major version that created the data directory.
 * - `DATABASE_IN_USE`: another living process has started this data directory and has not stopped it.
 */
export type EmbeddedPostgresErrorCode =
  | 'DATABASE_START_FAILED'
  | 'DATABASE_BINARIES_MISSING'
  | 'DATABASE_VERSION_MISMATCH'
  | 'DATABASE_IN_USE';

/** An error of the embedded database, with its remedy. */
export class EmbeddedPostgresError extends CodedError<EmbeddedPostgresErrorCode> {
  static {
    this.brand('EmbeddedPostgresError');
  }

  override readonly name = 'EmbeddedPostgresError';

  constructor(code: EmbeddedPostgresErrorCode, message: string, remediation: string, cause?: unknown) {
    super(code, message, remediation, [], cause === undefined ? undefined : { cause });
  }
}
