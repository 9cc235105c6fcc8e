import type { Subject } from '../../foundation/principal';
import { gateDecisionWord, gateOutcomeWord } from '../../gate/override-words';
import type { ReportedDecision, ReportedGate } from './report';

/** True if people were asked to override the denial of a policy, and not for an approval of their own. */
export function isOverride({ request }: Pick<ReportedGate, 'request'>): boolean {
  // Documents of earlier versions may lack the member.
  return (request?.policy ?? null) !== null;
}

/** How a gate ended. An approval at a gate whose policy had denied overrides the denial. */
export function outcomeWord(gate: Pick<ReportedGate, 'outcome' | 'request'>): string {
  return gateOutcomeWord(gate.outcome, isOverride(gate));
}

/** What a person did at such a gate. */
export function decisionWord(decision: ReportedDecision['decision'], gate: Pick<ReportedGate, 'request'>): string {
  return gateDecisionWord(decision, isOverride(gate));
}

/** What is noted behind a decision that does not stand; empty: it stands. */
export function decisionNote({ counted, withdrawn }: Pick<ReportedDecision, 'counted' | 'withdrawn'>): string {
  return counted ? (withdrawn ? ' (withdrawn later)' : '') : ' (did not count)';
}

/** True of a decision that counted and was not withdrawn, and is not itself a withdrawal. */
export function stands({ decision, counted, withdrawn }: ReportedDecision): boolean {
  return counted && !withdrawn && decision !== 'withdrawn';
}

/** The approvals that stand at a gate, of how many that are needed. */
interface CountedApprovals {
  readonly people: readonly Subject[];
  /** `2 of 2`; without the second number if the request is missing. */
  readonly number: string;
}

/** The approvals that stand at a gate; null: nobody approved. */
export function countedApprovals({
  decisions,
  request,
}: Pick<ReportedGate, 'decisions' | 'request'>): CountedApprovals | null {
  if (!decisions.some(({ decision }) => decision === 'approved')) return null;
  const people = decisions.filter((one) => stands(one) && one.decision === 'approved').map(({ person }) => person);
  const required = request?.requirement?.minApprovals;
  return { people, number: required === undefined ? `${people.length}` : `${people.length} of ${required}` };
}
