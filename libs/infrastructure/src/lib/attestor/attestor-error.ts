import { CodedError } from '@taskrunner/core/foundation';

/** Errors of a remote Attestor. All of them delay a seal; none of them loses one. */
export type AttestorErrorCode =
  /** The Attestor is unreachable, too slow, or responds with an error. */
  | 'ATTESTOR_UNAVAILABLE'
  /** The token endpoint rejects the client's credentials. */
  | 'ATTESTOR_TOKEN_REFUSED'
  /** The Attestor has verified the run and refuses to sign: a person must act. */
  | 'ATTESTOR_REFUSED'
  /** The signed statement does not match this run, or the response has an unknown form. */
  | 'ATTESTOR_ANSWER_INVALID';

export class AttestorError extends CodedError<AttestorErrorCode> {
  static {
    this.brand('AttestorError');
  }
}
