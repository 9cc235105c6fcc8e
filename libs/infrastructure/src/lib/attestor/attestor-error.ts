import { CodedError } from '@taskrunner/core/foundation';

/** Errors of a remote Attestor. All of them delay a seal, and none of them loses one. */
export type AttestorErrorCode =
  /** Unreachable, too slow, or it answers with an error. */
  | 'ATTESTOR_UNAVAILABLE'
  /** The client's credentials get no token. */
  | 'ATTESTOR_TOKEN_REFUSED'
  /** It has verified the run and does not sign: a person must act. */
  | 'ATTESTOR_REFUSED'
  /** It signed something that is not this run's statement, or its answer has an unknown form. */
  | 'ATTESTOR_ANSWER_INVALID';

export class AttestorError extends CodedError<AttestorErrorCode> {
  static {
    this.brand('AttestorError');
  }
}
