/** Codes of errors that the client itself detects. */
export type ClientErrorCode =
  | 'CLIENT_SERVER_INVALID'
  | 'CLIENT_TOKEN_INVALID'
  | 'CLIENT_SERVER_UNREACHABLE'
  | 'CLIENT_ANSWER_INVALID'
  | 'CLIENT_OPTION_INVALID';

const BRAND = Symbol.for('taskrunner.error.ClientError');

/** An error of an argument, or of a connection without a response of a TaskRunner server. */
export class ClientError extends Error {
  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** True for this error, from any copy of the package. */
  static is(error: unknown): error is ClientError {
    return typeof error === 'object' && error !== null && BRAND in error;
  }

  override readonly name = 'ClientError';

  constructor(
    readonly code: ClientErrorCode,
    message: string,
    /** The remedy. */
    readonly remediation: string,
    options: ErrorOptions = {},
  ) {
    super(`${code}: ${message}`, options);
  }
}
