import { sameSubject, type Subject } from '../foundation/principal';
import { objectionToDeciders, personsOf } from './deciders';
import type { GateApproval, GateDecision, GateState } from './gate-state';

export type GateRefusal =
  | 'GATE_STALE'
  | 'PLAN_HASH_MISMATCH'
  | 'GATE_EXPIRED'
  | 'GATE_SELF_APPROVAL'
  /** A program acts that may not, or decides for itself. */
  | 'GATE_NOT_A_PERSON'
  | 'GATE_GRANT_MISSING'
  | 'GATE_ALREADY_COUNTED';

type GateVerdict =
  | { readonly kind: 'refused'; readonly code: GateRefusal }
  /** It counts; more are needed, or it was withdrawn. */
  | { readonly kind: 'counted'; readonly gate: GateState }
  | { readonly kind: 'approved'; readonly gate: GateState }
  | { readonly kind: 'rejected' };

/**
 * Whether a decision counts, and what follows (docs/guides/approvals.md, Who may decide, Deciding). Asked twice of one decision: by the webservice, to answer,
 * and by the run, to count. `at` is database time in milliseconds, of the decision.
 */
export function decideGate(gate: GateState, decision: GateDecision, at: number): GateVerdict {
  if (decision.planHash !== gate.planHash) return refused('PLAN_HASH_MISMATCH');
  if (decision.gateDigest !== gate.gateDigest) return refused('GATE_STALE');
  if (at >= gate.expiresAt) return refused('GATE_EXPIRED');
  const { requirement, initiators } = gate;
  const selfApproval = requirement.selfApproval || decision.decision === 'withdrawn';
  const objection = objectionToDeciders(decision, { ...requirement, initiators, selfApproval });
  if (objection !== null) return refused(objection);
  if (requirement.grants.some((grant) => !decision.grants.includes(grant))) return refused('GATE_GRANT_MISSING');
  if (decision.decision === 'rejected') return { kind: 'rejected' };
  const uses = (subjects: readonly Subject[]) => (one: GateApproval) =>
    one.persons.some((used) => subjects.some((subject) => sameSubject(used, subject)));
  if (decision.decision === 'withdrawn') {
    // Who acts for somebody who withdraws does not withdraw an approval of its own.
    const isWithdrawn = uses(personsOf({ ...decision, actors: [] }));
    return { kind: 'counted', gate: { ...gate, approvals: gate.approvals.filter((one) => !isWithdrawn(one)) } };
  }
  const persons = personsOf(decision);
  if (gate.approvals.some(uses(persons))) return refused('GATE_ALREADY_COUNTED');
  const approvals = [...gate.approvals, { decisionId: decision.decisionId, persons }];
  const kind = approvals.length >= requirement.minApprovals ? 'approved' : 'counted';
  return { kind, gate: { ...gate, approvals } };
}

function refused(code: GateRefusal): GateVerdict {
  return { kind: 'refused', code };
}
