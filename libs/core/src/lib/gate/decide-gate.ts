import { sameSubject } from '../foundation/principal';
import type { GateDecision, GateState } from './gate-state';

export type GateRefusal =
  | 'GATE_STALE'
  | 'PLAN_HASH_MISMATCH'
  | 'GATE_EXPIRED'
  | 'GATE_SELF_APPROVAL'
  | 'GATE_GRANT_MISSING'
  | 'GATE_ALREADY_COUNTED';

export type GateVerdict =
  | { readonly kind: 'refused'; readonly code: GateRefusal }
  /** It counts; more are needed, or it was withdrawn. */
  | { readonly kind: 'counted'; readonly gate: GateState }
  | { readonly kind: 'approved'; readonly gate: GateState }
  | { readonly kind: 'rejected' };

/**
 * Whether a decision counts, and what follows (gates.md §2, §3). Asked twice of one decision: by the webservice, to answer,
 * and by the run, to count. `at` is database time in milliseconds, of the decision.
 */
export function decideGate(gate: GateState, decision: GateDecision, at: number): GateVerdict {
  if (decision.planHash !== gate.planHash) return refused('PLAN_HASH_MISMATCH');
  if (decision.gateDigest !== gate.gateDigest) return refused('GATE_STALE');
  if (at >= gate.expiresAt) return refused('GATE_EXPIRED');
  const persons = decision.onBehalfOf ? [decision.person, decision.onBehalfOf] : [decision.person];
  const { requirement } = gate;
  const initiated = persons.some((person) => gate.initiators.some((initiator) => sameSubject(person, initiator)));
  if (initiated && !requirement.selfApproval && decision.decision !== 'withdrawn') return refused('GATE_SELF_APPROVAL');
  if (requirement.grants.some((grant) => !decision.grants.includes(grant))) return refused('GATE_GRANT_MISSING');
  if (decision.decision === 'rejected') return { kind: 'rejected' };
  const mine = (one: GateState['approvals'][number]): boolean =>
    one.persons.some((used) => persons.some((person) => sameSubject(used, person)));
  if (decision.decision === 'withdrawn') {
    return { kind: 'counted', gate: { ...gate, approvals: gate.approvals.filter((one) => !mine(one)) } };
  }
  if (gate.approvals.some(mine)) return refused('GATE_ALREADY_COUNTED');
  const approvals = [...gate.approvals, { decisionId: decision.decisionId, persons }];
  const kind = approvals.length >= requirement.minApprovals ? 'approved' : 'counted';
  return { kind, gate: { ...gate, approvals } };
}

function refused(code: GateRefusal): GateVerdict {
  return { kind: 'refused', code };
}
