import type { Decision, Gate } from '@taskrunner/client';

type Person = Pick<Decision['person'], 'iss' | 'sub'>;

/** The last decision of a person at a gate; null: they have not decided, or somebody else did for them. */
export function ownDecision(gate: Pick<Gate, 'decisions'>, { iss, sub }: Person): Decision | null {
  return ownDecisions(gate, { iss, sub }).at(-1) ?? null;
}

/** All decisions of a person at a gate, in order, also those that were withdrawn. */
export function ownDecisions(gate: Pick<Gate, 'decisions'>, { iss, sub }: Person): readonly Decision[] {
  return gate.decisions.filter(({ person }) => person.iss === iss && person.sub === sub);
}

/** True if a decision is an approval that counts. */
export function isCounted(decision: Decision | null): decision is Decision {
  return decision !== null && decision.decision === 'approved' && !decision.withdrawn;
}

/** The status of a gate. The server marks an expired one a little later than it refuses decisions. */
export function statusOf({ status, why }: Pick<Gate, 'status' | 'why'>): Gate['status'] {
  return status === 'open' && why === 'GATE_EXPIRED' ? 'expired' : status;
}
