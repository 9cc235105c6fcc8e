import type { ApiProblem, ClientError, ClientErrorCode } from '@taskrunner/client';
import { CliError, type CliErrorCode } from '../terminal/cli-error';

// The errors of the client are recognised by their brands: to report an error, the client is not loaded.

const PROBLEM = Symbol.for('taskrunner.error.ApiProblem');
const CLIENT_ERROR = Symbol.for('taskrunner.error.ClientError');

/** True if the server refused the request. */
export function isRefusal(error: unknown): error is ApiProblem {
  return typeof error === 'object' && error !== null && PROBLEM in error;
}

const CODES: Readonly<Record<ClientErrorCode, CliErrorCode>> = {
  CLIENT_SERVER_INVALID: 'CLI_USAGE',
  CLIENT_OPTION_INVALID: 'CLI_USAGE',
  CLIENT_TOKEN_INVALID: 'CLI_TOKEN_MISSING',
  CLIENT_SERVER_UNREACHABLE: 'CLI_SERVER_UNREACHABLE',
  CLIENT_ANSWER_INVALID: 'CLI_SERVER_ANSWER',
};

/** An error that the client found, as one of the command line; null for any other error. */
export function failureOf(error: unknown): CliError | null {
  if (typeof error !== 'object' || error === null || !(CLIENT_ERROR in error)) return null;
  const { code, message, remediation } = error as unknown as ClientError;
  return new CliError(CODES[code], message.slice(`${code}: `.length), remediation, [], { cause: error });
}
