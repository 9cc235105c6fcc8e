import { NO_DECISION, type PolicyAnswer } from './policy';

/** The verdict of a policy from the run's viewpoint. `undecided` is closed. */
export interface Verdict {
  readonly allow: boolean;
  readonly undecided: boolean;
  readonly reasons: readonly string[];
}

/** Maximum characters of the reason why a policy gave no decision. */
const MOST_MESSAGE = 1_000;

/** The verdict for an answer. A reason with an unpaired surrogate would have no digest. If there is no decision, its only reason says why. */
export function verdictOn(answer: PolicyAnswer): Verdict {
  return answer.kind === 'decided'
    ? { allow: answer.allow, undecided: false, reasons: answer.reasons.map((reason) => reason.toWellFormed()) }
    : { allow: false, undecided: true, reasons: [answer.message.slice(0, MOST_MESSAGE).toWellFormed()] };
}

/** A verdict without a decision, with a reason as text. */
export function noVerdict(reason: string): Verdict {
  return { allow: false, undecided: true, reasons: [`${NO_DECISION}: ${reason}`] };
}
