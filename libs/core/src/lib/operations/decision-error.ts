import { CodedError } from '../foundation/coded-error';
import type { Fault } from '../foundation/fault';
import type { GateRefusal } from '../gate/decide-gate';

/** Why a decision does not count (gates.md §3). */
export type DecisionCode =
  | GateRefusal
  | 'GATE_NOT_OPEN'
  | 'GATE_DECIDED'
  | 'GATE_NOT_A_PERSON'
  | 'GATE_REASON_REQUIRED'
  | 'GATE_RESPONSE_INVALID'
  /** The token or signature that comes with it is for something else, or the gate asks for one. */
  | 'GATE_TOKEN_MISMATCH'
  /** Proven who they are too long ago: RFC 9470. */
  | 'GATE_AUTH_TOO_OLD'
  | 'GATE_NOT_FOUND'
  | 'DELEGATION_INVALID'
  /** The step is not one whose outcome somebody must tell. */
  | 'ATTENTION_NOT_NEEDED'
  /** Another execution needs attention than the one that is named. */
  | 'ATTENTION_STALE'
  /** Somebody else, or with another outcome, has resolved this execution. */
  | 'ATTENTION_RESOLVED'
  | 'ATTENTION_OUTPUTS_INVALID'
  | 'DECISIONS_TOO_MANY'
  | 'RUN_ENDED'
  | 'RUN_NOT_FOUND';

/** What each refusal says and what to do: shown to the caller as it is. */
const WORDS: Readonly<Record<DecisionCode, readonly [message: string, remediation: string]>> = {
  PLAN_HASH_MISMATCH: ['the run has another plan hash', 'Look at the run again and decide on what it shows.'],
  GATE_STALE: [
    'the gate digest is not the one of this gate',
    'Look at the gate again and send the digest of what it shows.',
  ],
  GATE_EXPIRED: ['the time to decide is over', 'Start the run again.'],
  GATE_SELF_APPROVAL: ['an initiator of the run may not decide', 'Ask somebody who did not start the run.'],
  GATE_GRANT_MISSING: [
    'the gate asks for a grant that the token has not',
    'Ask somebody with the grants that the gate names.',
  ],
  GATE_ALREADY_COUNTED: [
    'this person has decided here already',
    'A person counts once; an approval may be withdrawn while the gate is open.',
  ],
  GATE_NOT_OPEN: ['the gate is not open yet', 'Wait until the run has reached it.'],
  GATE_DECIDED: ['the gate is decided', 'Nothing: a gate is decided once.'],
  GATE_NOT_A_PERSON: [
    'only a person decides',
    'Sign in as a person. A program acts for a person only where approvals.actors of the configuration lists it.',
  ],
  GATE_REASON_REQUIRED: ['the gate asks for a reason', 'Give a reason.'],
  GATE_RESPONSE_INVALID: [
    'the response is not what the form of the gate asks for',
    'Correct what is listed under errors.',
  ],
  GATE_TOKEN_MISMATCH: [
    'the proof of the person is not one for this decision',
    'Get a token, or make a signature, bound to exactly this decision.',
  ],
  GATE_AUTH_TOO_OLD: ['the last sign-in is too long ago for this gate', 'Sign in again (max_age) and decide then.'],
  GATE_NOT_FOUND: ['the plan of the run has no such gate', 'Use a gateId from the list of approvals.'],
  DELEGATION_INVALID: ['there is no delegation for this', 'Decide for yourself, or have the delegation made first.'],
  ATTENTION_NOT_NEEDED: [
    'the step needs no attention',
    'Look at the run again: only what needs attention is resolved.',
  ],
  ATTENTION_STALE: [
    'another execution of the step needs attention',
    'Look at the step again and name the execution that it shows.',
  ],
  ATTENTION_RESOLVED: ['this execution is resolved', 'Nothing: an execution is resolved once.'],
  ATTENTION_OUTPUTS_INVALID: ['the outputs are not what the step declares', 'Correct what is listed under errors.'],
  DECISIONS_TOO_MANY: ['too many decisions at once on this run', 'Try again in a moment.'],
  RUN_ENDED: ['the run has ended, or is about to', 'Nothing: there is no gate to decide any more.'],
  RUN_NOT_FOUND: ['there is no such run', 'Check the run id and the tenant.'],
};

/** No decision is possible any more, with how the gate stands. */
export function gateIsOver(
  code: 'GATE_NOT_OPEN' | 'RUN_ENDED' | 'GATE_DECIDED' | 'GATE_EXPIRED',
  state: string,
): DecisionError {
  const advice = 'There is nothing to decide here. `taskrunner gates RUN` shows all gates of the run and who decided.';
  return new DecisionError(code, state, [], null, code === 'GATE_EXPIRED' ? undefined : advice);
}

/** A decision that does not count. */
export class DecisionError extends CodedError<DecisionCode> {
  static {
    this.brand('DecisionError');
  }

  override readonly name = 'DecisionError';

  constructor(
    code: DecisionCode,
    detail?: string,
    faults: readonly Fault[] = [],
    /** With `GATE_AUTH_TOO_OLD`: the age that is allowed, seconds. */
    readonly maxAgeSeconds: number | null = null,
    /** What to do, where the usual advice does not fit. */
    advice?: string,
  ) {
    const [message, remediation] = WORDS[code];
    super(code, detail ?? message, advice ?? remediation, faults);
  }
}
