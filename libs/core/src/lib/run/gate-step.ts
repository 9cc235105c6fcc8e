import type { StepId } from '../foundation/ids';
import { decideGate } from '../gate/decide-gate';
import type { GateRequirement } from '../gate/gate-state';
import { nodeAt } from '../plan/plan-index';
import type { GateNode } from '../plan/plan';
import type { Answer } from '../step/question';
import type { StepState } from '../step/step-state';
import type { Transition } from './transition';
import { stopCode } from './leaf';
import type { InputEvent } from './run-event';
import { mustOpen } from './unopened-gates';

// A gate step: a policy is evaluated, or an approval waits for people. A refusal ends the run, and no error handling absorbs it.

type InputEventOf<Type extends InputEvent['type']> = Extract<InputEvent, { type: Type }>;

/** The gate has its slot: evaluate the policy, or render the request. */
export function beginGate(transition: Transition, step: StepId): void {
  const node = gateNode(transition, step);
  if (node.policy === null) return askForRequest(transition, step);
  transition.set(step, { kind: 'judging', policy: node.policy });
  return askJudge(transition, step, node.policy);
}

/** Requests the evaluation of a policy. An embedded engine may run before the commit. */
export function askJudge(transition: Transition, step: StepId, policy: string): void {
  const engine = transition.index.plan.policies.find((one) => one.id === policy)?.engine;
  transition.ask({ type: 'judge', step, policy, ahead: engine === 'cel' });
}

function askForRequest(transition: Transition, step: StepId): void {
  transition.set(step, { kind: 'deciding', question: 'gate', busy: true, carry: null });
  transition.ask({ type: 'answer', step, question: 'gate', ahead: true });
}

function gateNode(transition: Transition, step: StepId): GateNode {
  const { node } = nodeAt(transition.index, step);
  if (node.kind !== 'gate') throw new TypeError('not a gate');
  return node;
}

/** The requirements of the gate: the pack's approval combined with the floor of the environment. */
function requirementOf(transition: Transition, step: StepId): GateRequirement {
  const id = gateNode(transition, step).approval ?? '';
  const approval = transition.index.plan.approvals.find((one) => one.id === id);
  return {
    approval: id,
    grants: approval?.grants.filter((grant) => grant !== 'packs.approve') ?? [],
    minApprovals: Math.max(approval?.minApprovals ?? 1, transition.index.approvalFloor.minApprovals),
    selfApproval: (approval?.allowSelfApproval ?? false) && transition.index.approvalFloor.selfApproval,
    ...(transition.index.approvalFloor.actors && { actors: transition.index.approvalFloor.actors }),
  };
}

/** The request is rendered: the gate opens, holds no slot, and waits. */
export function openGate(transition: Transition, step: StepId, answer: Extract<Answer, { kind: 'gate' }>): void {
  const { gateDigest, expiresAt, executeBy, request } = answer;
  const { planHash } = transition.index;
  transition.set(step, {
    kind: 'waiting',
    gate: {
      gateDigest,
      planHash,
      requirement: requirementOf(transition, step),
      expiresAt,
      executeBy,
      initiators: transition.run.initiators,
      approvals: [],
    },
  });
  transition.patch({ openGates: transition.run.openGates + 1 });
  transition.emit({ type: 'gate.opened', step, request, gateDigest, expiresAt, executeBy });
  transition.send({ type: 'idle', step });
}

/** A person has decided. */
export function gateDecided(
  transition: Transition,
  input: InputEventOf<'gate.decided'>,
  state: Extract<StepState, { kind: 'waiting' }>,
): void {
  const { step, decision } = input;
  const verdict = decideGate(state.gate, decision, decision.decidedAt);
  switch (verdict.kind) {
    case 'refused':
      transition.emit({ type: 'given.ignored', what: input.type, step, code: verdict.code });
      return;
    case 'rejected':
      return refuse(transition, step, 'GATE_REJECTED', 'rejected');
    case 'counted':
    case 'approved': {
      const { approvals, requirement, executeBy } = verdict.gate;
      transition.set(step, { kind: 'waiting', gate: verdict.gate });
      const { decisionId } = decision;
      transition.emit({
        type: 'gate.counted',
        step,
        decisionId,
        approvals: approvals.length,
        required: requirement.minApprovals,
      });
      if (verdict.kind === 'counted') return;
      endGateEvent(transition, step, 'approved', null);
      askForOutputs(transition, step, false, executeBy);
    }
  }
}

function askForOutputs(transition: Transition, step: StepId, busy: boolean, executeBy: number | null): void {
  transition.set(step, { kind: 'deciding', question: 'outputs', busy, carry: { blocked: false, executeBy } });
  transition.ask({ type: 'answer', step, question: 'outputs', ahead: true });
}

/** A policy engine has answered, or could not: the gate is then closed. */
export function policyJudged(
  transition: Transition,
  input: InputEventOf<'policy.judged'>,
  state: Extract<StepState, { kind: 'judging' }>,
): void {
  const { step } = input;
  const level = transition.index.plan.policies.find((one) => one.id === state.policy)?.level ?? 'hard-mandatory';
  if ((input.allow && !input.undecided) || level === 'advisory') return askForOutputs(transition, step, true, null);
  if (level === 'soft-mandatory' && gateNode(transition, step).approval !== null)
    return askForRequest(transition, step);
  const code = input.undecided ? 'POLICY_UNDECIDED' : 'POLICY_DENIED';
  return failRun(transition, step, code);
}

/** The gate has expired: it closes. */
export function expireGate(transition: Transition, step: StepId): void {
  refuse(transition, step, 'GATE_EXPIRED', 'expired');
}

function refuse(transition: Transition, step: StepId, code: string, outcome: 'rejected' | 'expired'): void {
  endGateEvent(transition, step, outcome, code);
  failRun(transition, step, code);
}

function failRun(transition: Transition, step: StepId, code: string): void {
  transition.end(step, { status: 'failed', code, blocked: true });
  transition.beginEnding({ status: 'failed', code, step, force: false, failureSteps: true });
}

/** The gate is told to stop by its container: it closes. */
export function closeGate(transition: Transition, step: StepId): void {
  endGateEvent(transition, step, 'closed', 'GATE_CLOSED');
  transition.end(step, { status: 'cancelled', code: 'GATE_CLOSED', blocked: true });
}

function endGateEvent(
  transition: Transition,
  step: StepId,
  outcome: 'approved' | 'rejected' | 'expired' | 'closed',
  code: string | null,
): void {
  transition.patch({ openGates: transition.run.openGates - 1 });
  transition.emit({ type: 'gate.ended', step, outcome, code });
}

/** A requested value is no longer needed. */
export function stopDeciding(
  transition: Transition,
  step: StepId,
  state: Extract<StepState, { kind: 'deciding' | 'judging' }>,
  cause: Parameters<typeof stopCode>[0],
): void {
  if (state.kind === 'deciding' && state.question === 'outputs') return;
  transition.end(step, {
    status: 'cancelled',
    code: stopCode(cause),
    blocked: mustOpen(nodeAt(transition.index, step)),
  });
}
