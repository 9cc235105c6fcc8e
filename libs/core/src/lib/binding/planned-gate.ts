import { digestOf } from '../canonical/digest';
import type { StepId } from '../foundation/ids';
import type { GateRequest } from '../gate/gate-request';
import { nodesBehind, placeBehind } from '../plan/behind/behind-gate';
import type { GateNode } from '../plan/plan';
import type { PlanIndex } from '../plan/plan-index';

/** What plan, profile and environment determine of every request of a gate. */
interface PlannedGate extends Pick<GateRequest, 'requirement' | 'opens'> {
  /** Milliseconds from the opening of the gate to its expiry, and from there to the end of the time to execute. */
  readonly expiresAfterMs: number;
  readonly executeWithinMs: number;
}

/** Requirement, times and opened steps of a gate. `node`: the node of `gate`. */
export function plannedGate(index: PlanIndex, gate: StepId, node: GateNode): PlannedGate {
  const { plan, defaults, approvalFloor } = index;
  const approval = plan.approvals.find(({ id }) => id === node.approval);
  const ages = [approval?.maxAuthAgeMs, approvalFloor.maxAuthAgeMs].filter(
    (age): age is number => typeof age === 'number',
  );
  return {
    requirement: {
      approval: node.approval ?? '',
      grants: [...new Set(['packs.approve', ...(approval?.grants ?? [])])].sort(),
      minApprovals: Math.max(approval?.minApprovals ?? 1, approvalFloor.minApprovals),
      selfApproval: (approval?.allowSelfApproval ?? false) && approvalFloor.selfApproval,
      proof: approvalFloor.proof,
      maxAuthAge: ages.length > 0 ? `PT${Math.min(...ages) / 1_000}S` : null,
      reasonRequired: approval?.reasonRequired ?? false,
      formDigest: node.form === null ? null : digestOf(node.form),
      ...(approvalFloor.actors && { actors: approvalFloor.actors }),
    },
    opens: nodesBehind(index, gate)
      .filter((one) => one.node.kind === 'run' && one.node.effects !== 'pure')
      .map((one) => placeBehind(gate, one)),
    expiresAfterMs: Math.min(approval?.expiresAfterMs ?? defaults.expiresAfterMs, approvalFloor.maxExpiresAfterMs),
    executeWithinMs: approval?.executeWithinMs ?? defaults.executeWithinMs,
  };
}
