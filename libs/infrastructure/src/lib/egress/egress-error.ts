import { CodedError } from '@taskrunner/core/foundation';

/** Why there is no way out for an attempt. */
export type EgressErrorCode =
  /** The proxy did not start, or could not open a socket: nothing gets out. */
  'EGRESS_UNAVAILABLE';

/** An error with its remedy. */
export function egressError(message: string): CodedError<EgressErrorCode> {
  return new CodedError('EGRESS_UNAVAILABLE', message, 'Check the log of the worker. Its egress proxy does not work.');
}
