import { NO_DECISION, type PolicyAnswer } from './policy';

/** How a run takes the answer of a policy. `undecided` is closed. */
export interface Verdict {
  readonly allow: boolean;
  readonly undecided: boolean;
  readonly reasons: readonly string[];
}

/** Characters of the reason why a policy gave no decision. */
const MOST_MESSAGE = 1_000;

/** The verdict on an answer. Where there is no decision, its only reason says why. */
export function verdictOn(answer: PolicyAnswer): Verdict {
  return answer.kind === 'decided'
    ? { allow: answer.allow, undecided: false, reasons: answer.reasons }
    : { allow: false, undecided: true, reasons: [answer.message.slice(0, MOST_MESSAGE)] };
}

/** No verdict, for a reason in words. */
export function noVerdict(reason: string): Verdict {
  return { allow: false, undecided: true, reasons: [`${NO_DECISION}: ${reason}`] };
}
