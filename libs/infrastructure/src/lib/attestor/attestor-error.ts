import { CodedError } from '@taskrunner/core/foundation';

/** What can go wrong with a remote Attestor. All of it delays a seal; none of it loses one. */
export type AttestorErrorCode =
  /** Not reachable, too slow, or it answers with an error of its own. */
  | 'ATTESTOR_UNAVAILABLE'
  /** No token for the client's credentials. */
  | 'ATTESTOR_TOKEN_REFUSED'
  /** It has checked the run and does not sign: people must look. */
  | 'ATTESTOR_REFUSED'
  /** It signed something that is not this run's statement, or answers in no form that we know. */
  | 'ATTESTOR_ANSWER_INVALID';

export class AttestorError extends CodedError<AttestorErrorCode> {
  static {
    this.brand('AttestorError');
  }
}
