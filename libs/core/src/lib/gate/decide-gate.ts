import { sameSubject, type Subject } from '../foundation/principal';
import { objectionToDeciders, personsOf } from './deciders';
import type { GateApproval, GateDecision, GateState } from './gate-state';

export type GateRefusal =
  | 'GATE_STALE'
  | 'PLAN_HASH_MISMATCH'
  | 'GATE_EXPIRED'
  | 'GATE_SELF_APPROVAL'
  /** An actor is a program that may not act for a person, or the decider is a program. */
  | 'GATE_NOT_A_PERSON'
  | 'GATE_GRANT_MISSING'
  | 'GATE_ALREADY_COUNTED';

type GateVerdict =
  | { readonly kind: 'refused'; readonly code: GateRefusal }
  /** The decision counts, and either more are needed or an approval was withdrawn. */
  | { readonly kind: 'counted'; readonly gate: GateState }
  | { readonly kind: 'approved'; readonly gate: GateState }
  | { readonly kind: 'rejected' };

/**
 * Decides whether a decision counts, and with which result (docs/guides/approvals.md, Who may decide, Deciding). It is called twice for each decision: by the webservice for
 * its response, and by the run, which counts. `at` is database time in milliseconds, of the decision.
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
    // An actor who withdraws on behalf of a person does not withdraw an approval of their own.
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
