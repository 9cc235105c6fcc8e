import type { ReportedDecision, ReportedGate } from './report';

/** True if people were asked to override the denial of a policy, and not for an approval of their own. */
export function isOverride({ request }: Pick<ReportedGate, 'request'>): boolean {
  // Documents of earlier versions may lack the member.
  return (request?.policy ?? null) !== null;
}

/** How a gate ended. An approval at a gate whose policy had denied overrides the denial. */
export function outcomeWord(gate: Pick<ReportedGate, 'outcome' | 'request'>): string {
  const { outcome } = gate;
  if (!isOverride(gate)) return outcome;
  return outcome === 'approved'
    ? 'overridden'
    : outcome === 'rejected'
      ? 'override rejected'
      : `not overridden (${outcome})`;
}

/** What a person did at such a gate. */
export function decisionWord(decision: ReportedDecision['decision'], gate: Pick<ReportedGate, 'request'>): string {
  if (!isOverride(gate) || decision === 'withdrawn') return decision;
  return decision === 'approved' ? 'overrode the denial' : 'rejected the override';
}
