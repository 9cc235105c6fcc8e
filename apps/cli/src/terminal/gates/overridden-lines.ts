import type { RunGateView } from '../../server/run-views';
import { decisionLines } from '../decision-lines';
import { policyLines } from '../policy-lines';

/** A gate of a run, as far as it says whether a denial was overridden. */
type OtherGate = Pick<RunGateView, 'gateId' | 'status' | 'policy' | 'decisions'>;

/**
 * What policies denied at other gates of the run, and who overrode it. Who decides about the change itself would otherwise not see it. The
 * server states it; the gate digest does not cover it.
 */
export function overriddenLines(gates: readonly OtherGate[], gateId: string): readonly string[] {
  return gates.flatMap((one) => {
    if (one.gateId === gateId || one.policy === null || one.status !== 'approved') return [];
    const approvals = one.decisions.filter(({ decision, withdrawn }) => decision === 'approved' && withdrawn !== true);
    const lines = [...policyLines(one.policy), ...approvals.flatMap((decision) => decisionLines(decision, true))];
    return [`overridden at gate ${one.gateId}`, ...lines.map((line) => `  ${line}`)];
  });
}
