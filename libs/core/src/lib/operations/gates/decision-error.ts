import { CodedError } from '../../foundation/coded-error';
import type { Fault } from '../../foundation/fault';
import type { GateRefusal } from '../../gate/decide-gate';

/** Why a decision does not count (docs/guides/approvals.md, Deciding). */
export type DecisionCode =
  | GateRefusal
  | 'GATE_NOT_OPEN'
  | 'GATE_DECIDED'
  | 'GATE_NOT_A_PERSON'
  | 'GATE_REASON_REQUIRED'
  | 'GATE_RESPONSE_INVALID'
  /** The token or signature is for something else, or the gate requires one. */
  | 'GATE_TOKEN_MISMATCH'
  /** The last authentication is too long ago: RFC 9470. */
  | 'GATE_AUTH_TOO_OLD'
  | 'GATE_NOT_FOUND'
  /** A withdrawal without an approval of this person that counts. */
  | 'GATE_NOT_APPROVED'
  | 'DELEGATION_INVALID'
  /** The step does not have an unknown outcome that a person must resolve. */
  | 'ATTENTION_NOT_NEEDED'
  /** The request names another execution than the one that needs attention. */
  | 'ATTENTION_STALE'
  /** Another person resolved this execution, or it was resolved with another outcome. */
  | 'ATTENTION_RESOLVED'
  | 'ATTENTION_OUTPUTS_INVALID'
  | 'DECISIONS_TOO_MANY'
  | 'RUN_ENDED'
  | 'RUN_NOT_FOUND';

/** Message and remedy of each refusal, shown to the caller unchanged. */
const WORDS: Readonly<Record<DecisionCode, readonly [message: string, remediation: string]>> = {
  PLAN_HASH_MISMATCH: ['the run has another plan hash', 'Review the run again, and decide on its current plan.'],
  GATE_STALE: ['the gate digest does not match the gate', 'Review the gate again, and send its current digest.'],
  GATE_EXPIRED: ['the time to decide has expired', 'Start the run again.'],
  GATE_SELF_APPROVAL: ['an initiator of the run cannot decide', 'Ask a person who did not start the run.'],
  GATE_GRANT_MISSING: [
    'the token lacks a grant that the gate requires',
    'Ask a person with the grants that the gate requires.',
  ],
  GATE_ALREADY_COUNTED: [
    'this person has already decided at this gate',
    'No action is needed. Each person counts only once. An approval can be withdrawn while the gate is open.',
  ],
  GATE_NOT_APPROVED: [
    'this person has no approval at this gate that could be withdrawn',
    'No action is needed. A person can withdraw only their own approval, while the gate is open.',
  ],
  GATE_NOT_OPEN: ['the gate is not open yet', 'Wait until the run has reached the gate.'],
  GATE_DECIDED: ['the gate has already been decided', 'No action is needed. A gate is decided only once.'],
  GATE_NOT_A_PERSON: [
    'only people can decide',
    'Sign in as a person. A program can act for a person only if approvals.actors in the configuration lists it.',
  ],
  GATE_REASON_REQUIRED: ['the gate requires a reason', 'Send a reason.'],
  GATE_RESPONSE_INVALID: ['the response does not match the form of the gate', 'Correct the errors listed in `errors`.'],
  GATE_TOKEN_MISMATCH: [
    'the proof of the person is not valid for this decision',
    'Get a token or make a signature that is bound to this decision.',
  ],
  GATE_AUTH_TOO_OLD: ['the last sign-in is too old for this gate', 'Sign in again (max_age), then decide.'],
  GATE_NOT_FOUND: ['the plan of the run has no such gate', 'Use a gateId from the list of approvals.'],
  DELEGATION_INVALID: ['the delegation is not valid', 'Decide in your own name, or create the delegation first.'],
  ATTENTION_NOT_NEEDED: [
    'the step does not need attention',
    'Check the run again. Only a step that needs attention can be resolved.',
  ],
  ATTENTION_STALE: [
    'another execution of the step needs attention',
    'Read the step again, and send the execution that it shows.',
  ],
  ATTENTION_RESOLVED: [
    'this execution has already been resolved',
    'No action is needed. An execution is resolved only once.',
  ],
  ATTENTION_OUTPUTS_INVALID: [
    'the outputs do not match the declaration of the step',
    'Correct the errors listed in `errors`.',
  ],
  DECISIONS_TOO_MANY: ['too many decisions on this run at the same time', 'Try again in a few seconds.'],
  RUN_ENDED: ['the run has ended or is ending', 'No action is needed. A run that has ended takes no more decisions.'],
  RUN_NOT_FOUND: ['the run does not exist', 'Check the run id and the tenant.'],
};

/** No decision is possible any more. The message names the state of the gate. */
export function gateIsOver(
  code: 'GATE_NOT_OPEN' | 'RUN_ENDED' | 'GATE_DECIDED' | 'GATE_EXPIRED',
  state: string,
): DecisionError {
  const advice =
    'No decision is possible at this gate. `taskrunner gates RUN` shows all gates of the run and their decisions.';
  return new DecisionError(code, state, [], null, code === 'GATE_EXPIRED' ? undefined : advice);
}

/** A refused decision. */
export class DecisionError extends CodedError<DecisionCode> {
  static {
    this.brand('DecisionError');
  }

  override readonly name = 'DecisionError';

  constructor(
    code: DecisionCode,
    detail?: string,
    faults: readonly Fault[] = [],
    /** With `GATE_AUTH_TOO_OLD`: the permitted age, seconds. */
    readonly maxAgeSeconds: number | null = null,
    /** Remedy, if the usual one does not fit. */
    advice?: string,
  ) {
    const [message, remediation] = WORDS[code];
    super(code, detail ?? message, advice ?? remediation, faults);
  }
}
