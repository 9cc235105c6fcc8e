import type { DecisionKind, GateOutcome } from './gate-state';

// Pages, the command line and reports use these words, so that the same decision has the same name in all of them.

/** How a gate ended. `isOverride`: a policy had denied, so that an approval overrides the denial. */
export function gateOutcomeWord(outcome: GateOutcome, isOverride: boolean): string {
  if (!isOverride) return outcome;
  if (outcome === 'approved') return 'overridden';
  return outcome === 'rejected' ? 'override rejected' : `not overridden (${outcome})`;
}

/** What a person did at such a gate, as the verb of a sentence. */
export function gateDecisionWord(decision: DecisionKind, isOverride: boolean): string {
  if (decision === 'withdrawn') return isOverride ? 'withdrew the override' : 'withdrew';
  if (!isOverride) return decision;
  return decision === 'approved' ? 'overrode the denial' : 'rejected the override';
}
