import { CodedError } from '@taskrunner/core/foundation';

/** Reasons why an attempt has no egress. */
export type EgressErrorCode =
  /** The proxy did not start or could not open a socket. All connections fail closed. */
  'EGRESS_UNAVAILABLE';

/** An egress error with its remedy. */
export function egressError(message: string): CodedError<EgressErrorCode> {
  return new CodedError('EGRESS_UNAVAILABLE', message, 'Check the log of the worker. Its egress proxy does not work.');
}
