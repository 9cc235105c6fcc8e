import type { StepId } from '../foundation/ids';
import { decideGate } from '../gate/decide-gate';
import type { GateRequirement } from '../gate/gate-state';
import { nodeAt } from '../plan/plan-index';
import type { GateNode } from '../plan/plan';
import type { Answer } from '../step/question';
import type { StepState } from '../step/step-state';
import type { Draft } from './draft';
import { stopCode } from './leaf';
import type { Given } from './run-event';
import { mustOpen } from './unopened-gates';

// A gate step: a policy is judged, an approval waits for people. What it refuses ends the run; nothing absorbs it.

type GivenOf<Type extends Given['type']> = Extract<Given, { type: Type }>;

/** The gate has its slot: ask the policy, or render the request. */
export function beginGate(draft: Draft, step: StepId): void {
  const node = gateNode(draft, step);
  if (node.policy === null) return askForRequest(draft, step);
  draft.set(step, { kind: 'judging', policy: node.policy });
  return askJudge(draft, step, node.policy);
}

/** Asks the world to judge a policy; an embedded engine may run ahead. */
export function askJudge(draft: Draft, step: StepId, policy: string): void {
  const engine = draft.x.plan.policies.find((one) => one.id === policy)?.engine;
  draft.ask({ type: 'judge', step, policy, ahead: engine === 'cel' });
}

function askForRequest(draft: Draft, step: StepId): void {
  draft.set(step, { kind: 'deciding', question: 'gate', busy: true, carry: null });
  draft.ask({ type: 'answer', step, question: 'gate', ahead: true });
}

function gateNode(draft: Draft, step: StepId): GateNode {
  const { node } = nodeAt(draft.x, step);
  if (node.kind !== 'gate') throw new TypeError('not a gate');
  return node;
}

/** What the gate asks for: the pack's approval under the server's floor. */
function requirementOf(draft: Draft, step: StepId): GateRequirement {
  const id = gateNode(draft, step).approval ?? '';
  const approval = draft.x.plan.approvals.find((one) => one.id === id);
  return {
    approval: id,
    grants: approval?.grants.filter((grant) => grant !== 'packs.approve') ?? [],
    minApprovals: Math.max(approval?.minApprovals ?? 1, draft.x.approvalFloor.minApprovals),
    selfApproval: (approval?.allowSelfApproval ?? false) && draft.x.approvalFloor.selfApproval,
    ...(draft.x.approvalFloor.actors && { actors: draft.x.approvalFloor.actors }),
  };
}

/** The request is rendered: the gate opens, holds no slot, and waits. */
export function openGate(draft: Draft, step: StepId, answer: Extract<Answer, { kind: 'gate' }>): void {
  const { gateDigest, expiresAt, executeBy, request } = answer;
  const { planHash } = draft.x;
  draft.set(step, {
    kind: 'waiting',
    gate: {
      gateDigest,
      planHash,
      requirement: requirementOf(draft, step),
      expiresAt,
      executeBy,
      initiators: draft.run.initiators,
      approvals: [],
    },
  });
  draft.patch({ openGates: draft.run.openGates + 1 });
  draft.emit({ type: 'gate.opened', step, request, gateDigest, expiresAt, executeBy });
  draft.send({ type: 'idle', step });
}

/** A person has decided. */
export function gateDecided(
  draft: Draft,
  given: GivenOf<'gate.decided'>,
  state: Extract<StepState, { kind: 'waiting' }>,
): void {
  const { step, decision } = given;
  const verdict = decideGate(state.gate, decision, decision.decidedAt);
  switch (verdict.kind) {
    case 'refused':
      draft.emit({ type: 'given.ignored', what: given.type, step, code: verdict.code });
      return;
    case 'rejected':
      return refuse(draft, step, 'GATE_REJECTED', 'rejected');
    case 'counted':
    case 'approved': {
      const { approvals, requirement, executeBy } = verdict.gate;
      draft.set(step, { kind: 'waiting', gate: verdict.gate });
      const { decisionId } = decision;
      draft.emit({
        type: 'gate.counted',
        step,
        decisionId,
        approvals: approvals.length,
        required: requirement.minApprovals,
      });
      if (verdict.kind === 'counted') return;
      endGateEvent(draft, step, 'approved', null);
      askForOutputs(draft, step, false, executeBy);
    }
  }
}

function askForOutputs(draft: Draft, step: StepId, busy: boolean, executeBy: number | null): void {
  draft.set(step, { kind: 'deciding', question: 'outputs', busy, carry: { blocked: false, executeBy } });
  draft.ask({ type: 'answer', step, question: 'outputs', ahead: true });
}

/** A policy engine has answered, or could not: then it is closed. */
export function policyJudged(
  draft: Draft,
  given: GivenOf<'policy.judged'>,
  state: Extract<StepState, { kind: 'judging' }>,
): void {
  const { step } = given;
  const level = draft.x.plan.policies.find((one) => one.id === state.policy)?.level ?? 'hard-mandatory';
  if ((given.allow && !given.undecided) || level === 'advisory') return askForOutputs(draft, step, true, null);
  if (level === 'soft-mandatory' && gateNode(draft, step).approval !== null) return askForRequest(draft, step);
  const code = given.undecided ? 'POLICY_UNDECIDED' : 'POLICY_DENIED';
  return failRun(draft, step, code);
}

/** Its time is over: closed. */
export function expireGate(draft: Draft, step: StepId): void {
  refuse(draft, step, 'GATE_EXPIRED', 'expired');
}

function refuse(draft: Draft, step: StepId, code: string, outcome: 'rejected' | 'expired'): void {
  endGateEvent(draft, step, outcome, code);
  failRun(draft, step, code);
}

function failRun(draft: Draft, step: StepId, code: string): void {
  draft.end(step, { status: 'failed', code, blocked: true });
  draft.fall({ status: 'failed', code, step, force: false, failureSteps: true });
}

/** Told to stop from above: it closes. */
export function closeGate(draft: Draft, step: StepId): void {
  endGateEvent(draft, step, 'closed', 'GATE_CLOSED');
  draft.end(step, { status: 'cancelled', code: 'GATE_CLOSED', blocked: true });
}

function endGateEvent(
  draft: Draft,
  step: StepId,
  outcome: 'approved' | 'rejected' | 'expired' | 'closed',
  code: string | null,
): void {
  draft.patch({ openGates: draft.run.openGates - 1 });
  draft.emit({ type: 'gate.ended', step, outcome, code });
}

/** A value that was asked for is no longer wanted. */
export function stopDeciding(
  draft: Draft,
  step: StepId,
  state: Extract<StepState, { kind: 'deciding' | 'judging' }>,
  cause: Parameters<typeof stopCode>[0],
): void {
  if (state.kind === 'deciding' && state.question === 'outputs') return;
  draft.end(step, { status: 'cancelled', code: stopCode(cause), blocked: mustOpen(nodeAt(draft.x, step)) });
}
