import { BrandedError } from '@taskrunner/core/foundation';

/** Why a change has no answer. `offline`: it was certainly not sent. `unanswered`: nobody knows whether it arrived. */
type NotSentCause = 'offline' | 'unanswered';

/** A change that has no answer from the server. The console sends a change once, when a person presses, and never again by itself. */
export class NotSent extends BrandedError {
  static {
    this.brand('NotSent');
  }

  override readonly name = 'NotSent';

  constructor(
    /** What was sent, as the subject of a sentence: `the decision`. */
    readonly what: string,
    readonly why: NotSentCause,
    options: ErrorOptions = {},
  ) {
    super(messageOf(what, why), options);
  }

  /** `NOT_SENT` only if that is certain: a browser does not tell whether a request that failed has left it. */
  get code(): 'NOT_SENT' | 'NO_ANSWER' {
    return this.why === 'offline' ? 'NOT_SENT' : 'NO_ANSWER';
  }

  get remediation(): string {
    return this.why === 'offline'
      ? 'Nothing is sent later. Press again when the connection is back.'
      : 'Nothing is sent again by itself. See whether it has arrived; if not, press again.';
  }
}

function messageOf(what: string, why: NotSentCause): string {
  const subject = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  return why === 'offline'
    ? `${subject} was not sent. This browser has no connection.`
    : `It is unknown whether ${what} arrived: no answer of the server came.`;
}
