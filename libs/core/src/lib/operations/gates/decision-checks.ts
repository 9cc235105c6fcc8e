import { faultAt } from '../../foundation/fault';
import { refusesDecisions } from '../../foundation/statuses';
import { isProofEnough, durationMs } from '../../evidence/verify/check/gate-bounds';
import type { DecisionRecord } from '../../evidence/records/documents';
import type { Principal } from '../../foundation/principal';
import { decideGate, type GateRefusal } from '../../gate/decide-gate';
import type { Plan } from '../../plan/plan';
import type { GateRow } from '../../ports/gates/gate-store';
import { actorsOf } from '../callers/audited-caller';
import type { Decision } from './decision';
import { DecisionError, gateIsOver, type DecisionCode } from './decision-error';
import { checkToken, proofOf, sameResponse, type ApproverKeys, type BoundToken } from './decision-proof';
import { describeGate } from './describe-gate';
import { formOf, gateStateOf, isBoundByPlan, recordsOf, requestOf } from './gate-view';
import { responseFaults } from './response-faults';
import { approvalsInForce } from '../../stored/stored-gate';

/** Inputs of the checks of a decision. */
interface DecisionChecks {
  readonly row: GateRow;
  readonly token: BoundToken | null;
  readonly approverKeys: ApproverKeys;
  readonly decisionId: string;
  readonly plan: Plan;
}

/** A decision that may be signed. */
export interface CheckedDecision {
  readonly record: DecisionRecord;
  /** Milliseconds since the epoch. */
  readonly decidedAt: number;
}

/** Checks whether a decision may count now and builds its record. Throws `DecisionError`; changes nothing. */
export function checkDecision(
  principal: Principal,
  decision: Decision,
  at: number,
  checks: DecisionChecks,
): CheckedDecision {
  const { row, token, decisionId } = checks;
  checkState(row);
  if (decision.onBehalfOf !== null) throw new DecisionError('DELEGATION_INVALID');
  const { iss, sub, scopes, authTimeMs, acr } = principal;
  const { requirement } = requestOf(row);
  const held = new Set<string>([...scopes, ...principal.grants]);
  const grants = requirement.grants.filter((grant) => held.has(grant));
  const gateDigest = decision.gateDigest ?? row.gateDigest;
  const person = { iss, sub };
  const actors = actorsOf(principal);
  const { runId, gate, planHash, reason, response } = decision;
  if (decision.gateDigest === null && planHash === row.planHash && !isBoundByPlan(row)) {
    throw new DecisionError('GATE_STALE', 'this gate requires a gate digest, and the request has none');
  }
  const counting = { decisionId, gateDigest, planHash, person, onBehalfOf: null, actors, grants, decidedAt: at };
  const verdict = decideGate(gateStateOf(row), { ...counting, decision: decision.decision }, at);
  if (verdict.kind === 'refused') throw deciderError(principal, verdict.code);
  if (requirement.reasonRequired && decision.decision !== 'withdrawn' && !reason?.trim()) {
    throw new DecisionError('GATE_REASON_REQUIRED');
  }
  checkResponse(decision, checks);
  const authTime = authTimeMs ?? 0;
  const maxAge = durationMs(requirement.maxAuthAge);
  if (at - authTime > maxAge) throw new DecisionError('GATE_AUTH_TOO_OLD', undefined, [], Math.floor(maxAge / 1_000));
  if (token) {
    checkToken(token, {
      runId,
      gate,
      planHash,
      gateDigest,
      decision: decision.decision,
      named: decision.gateDigest !== null,
    });
    if (row.decisions.some((other) => other.decisionId === decisionId)) {
      throw new DecisionError('GATE_TOKEN_MISMATCH', 'the token has already been used');
    }
  }
  const intent = { gateDigest, decision: decision.decision, reason, response, onBehalfOf: null };
  const proof = proofOf(principal, intent, decision.proof, token, checks.approverKeys);
  if (!isProofEnough(proof.kind, requirement.proof)) {
    throw new DecisionError('GATE_TOKEN_MISMATCH', `the gate requires proof by ${requirement.proof}`);
  }
  const record: DecisionRecord = {
    schema: 'taskrunner.decision.v1',
    decisionId,
    runId,
    tenant: principal.tenant,
    gate,
    planHash,
    gateDigest,
    decision: decision.decision,
    response,
    person,
    onBehalfOf: null,
    actors,
    grants,
    bound: decision.gateDigest === null ? 'plan' : 'gate',
    authTime: new Date(authTime).toISOString(),
    acr,
    reason,
    decidedAt: new Date(at).toISOString(),
    proof,
  };
  return { record, decidedAt: at };
}

/** Why this person cannot approve here now, as far as is known before they submit a decision; null if they can. */
export function objectionTo(principal: Principal, row: GateRow, at: number): DecisionCode | null {
  const { iss, sub, kind, authTimeMs, scopes, grants } = principal;
  if (kind !== 'person' || authTimeMs === null) return 'GATE_NOT_A_PERSON';
  if (!scopes.includes('packs.approve')) return 'GATE_GRANT_MISSING';
  const over = endOf(row);
  if (over !== null) return over;
  const { gateDigest, planHash } = row;
  const counting = {
    decisionId: '',
    gateDigest,
    planHash,
    person: { iss, sub },
    onBehalfOf: null,
    actors: actorsOf(principal),
    grants: [...scopes, ...grants],
  };
  const verdict = decideGate(gateStateOf(row), { ...counting, decidedAt: at, decision: 'approved' }, at);
  if (verdict.kind === 'refused') return verdict.code;
  return at - authTimeMs > durationMs(requestOf(row).requirement.maxAuthAge) ? 'GATE_AUTH_TOO_OLD' : null;
}

/** The refusal of a decision or resolution. If the token has actors, it says that they count as deciders do. */
export function deciderError({ actors }: Principal, code: GateRefusal): DecisionError {
  if (actors.length === 0) return new DecisionError(code);
  switch (code) {
    case 'GATE_SELF_APPROVAL':
      return new DecisionError(code, 'an initiator of the run can neither decide nor act for the person who decides');
    case 'GATE_NOT_A_PERSON':
      return new DecisionError(code, 'an actor of the token is a program that may not act for a person');
    default:
      return new DecisionError(code);
  }
}

function checkState(row: GateRow): void {
  const code = endOf(row);
  if (code !== null) throw gateIsOver(code, describeGate(row));
}

function endOf({ state, runStatus, doomed }: GateRow): 'GATE_DECIDED' | 'GATE_EXPIRED' | 'RUN_ENDED' | null {
  switch (state) {
    case 'approved':
    case 'rejected':
      return 'GATE_DECIDED';
    case 'expired':
      return 'GATE_EXPIRED';
    case 'closed':
      return 'RUN_ENDED';
    case 'open':
      return doomed || refusesDecisions(runStatus) ? 'RUN_ENDED' : null;
  }
}

/** An approval fills in the form, or confirms the response of earlier approvers. Other decisions have no response. */
function checkResponse({ decision, response, gate }: Decision, { row, plan }: DecisionChecks): void {
  const { formDigest } = requestOf(row).requirement;
  if (decision !== 'approved' || formDigest === null) {
    if (response === null) return;
    const why = decision === 'approved' ? 'the gate has no form' : 'only an approval can have a response';
    throw unfitResponse(why, 'Send the decision without a response.');
  }
  const form = formOf(plan, gate, formDigest);
  if (form === null) throw new TypeError('the plan does not contain the form of the gate');
  const faults = responseFaults(form, response);
  // The plan was admitted under other rules for forms.
  if (faults === null)
    throw unfitResponse('the form of the gate cannot be used', 'Reject the gate, and start a new run.');
  if (faults.length > 0) throw new DecisionError('GATE_RESPONSE_INVALID', undefined, faults);
  const [first] = approvalsInForce(recordsOf(row));
  if (first && !sameResponse(first.response, response)) {
    throw unfitResponse(
      'earlier approvers gave another response; all approvers must confirm the same response',
      'Send the response of the earlier approvers. If it is wrong, they can withdraw their approvals and approve with another, or reject the gate.',
    );
  }
}

/** A response that is wrong as a whole. */
function unfitResponse(why: string, remedy: string): DecisionError {
  const faults = [faultAt('GATE_RESPONSE_INVALID', '/response', why, remedy)];
  return new DecisionError('GATE_RESPONSE_INVALID', why, faults, null, remedy);
}
