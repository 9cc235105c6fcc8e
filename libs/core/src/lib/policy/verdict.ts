import type { PolicyAnswer } from './policy';

/** How a run takes the answer of a policy. `undecided` is closed. */
export interface Verdict {
  readonly allow: boolean;
  readonly undecided: boolean;
  readonly reasons: readonly string[];
}

/** The verdict on an answer: why a policy gave no decision is not for the journal. */
export function verdictOn(answer: PolicyAnswer): Verdict {
  return answer.kind === 'decided'
    ? { allow: answer.allow, undecided: false, reasons: answer.reasons }
    : noVerdict('the policy gave no decision');
}

/** No verdict, for a reason in words. */
export function noVerdict(reason: string): Verdict {
  return { allow: false, undecided: true, reasons: [reason] };
}
