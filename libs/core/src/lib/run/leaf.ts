import type { StepId } from '../foundation/ids';
import { isAhead, runNodeAt, type PlanIndex } from '../plan/plan-index';
import type { RunNode } from '../plan/plan';
import { backoffMs, mayRetry } from '../step/retry';
import type { StepState, StopCause } from '../step/step-state';
import type { ValueRef } from '../step/value-ref';
import type { Transition } from './transition';
import { inheritance } from './inheritance';

// A leaf and its attempts. An attempt is a try in the sense of the retry policy; an execution is one start of it. Execution numbers are
// never reused.

type Running = Extract<StepState, { kind: 'running' }>;
interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly exitCode: number | null;
}

/** The first attempt of a leaf that has its slot. An effect that its approvals no longer permit ends the run. */
export function beginLeaf(transition: Transition, step: StepId): void {
  const node = runNodeAt(transition.index, step);
  if (isTooLate(transition, step, node)) return endTooLate(transition, step);
  startAttempt(transition, step, 1, 1, node.timeoutMs === null ? null : transition.at + node.timeoutMs);
}

/** True if the approvals that guard an effect no longer permit it. */
function isTooLate(transition: Transition, step: StepId, node: RunNode): boolean {
  const { executeBy } = inheritance(transition.index, transition.steps, step);
  return node.effects !== 'pure' && executeBy !== null && transition.at >= executeBy;
}

function endTooLate(transition: Transition, step: StepId, attempts = 0): void {
  transition.beginEnding({ status: 'failed', code: 'GATE_EXPIRED', step, force: false, failureSteps: true });
  transition.end(step, { status: 'cancelled', code: 'GATE_EXPIRED', blocked: true, attempts }, { holdsSlot: true });
}

/** Starts an execution. */
export function startAttempt(
  transition: Transition,
  step: StepId,
  attempt: number,
  execution: number,
  endBy: number | null,
): void {
  const node = runNodeAt(transition.index, step);
  const ahead = isAhead(node);
  const deadlineAt = ahead ? null : transition.at + attemptTimeoutMs(transition.index, node);
  transition.set(step, { kind: 'running', attempt, execution, stopping: null, assignment: null, deadlineAt, endBy });
  transition.emit({ attempt, execution, step, type: 'step.started' });
  transition.ask({ type: 'start', step, attempt, execution, ahead });
}

/** Maximum time of one attempt of a leaf, milliseconds. */
export function attemptTimeoutMs({ plan, defaults }: PlanIndex, node: RunNode): number {
  return node.retries.attemptTimeoutMs ?? plan.sandbox.timeoutMs ?? defaults.attemptTimeoutMs;
}

/** The execution succeeded. A result that overtakes a stop counts. */
export function leafSucceeded(transition: Transition, step: StepId, state: Running, outputs: ValueRef): void {
  transition.end(step, { status: 'succeeded', outputs, attempts: state.attempt });
}

/** The execution failed: another attempt follows later, or the leaf ends. */
export function leafFailed(transition: Transition, step: StepId, state: Running, failure: Failure): void {
  const node = runNodeAt(transition.index, step);
  const goesOn = state.stopping === null || state.stopping === 'attempt-timeout';
  if (goesOn && mayRetry(node.retries, state.attempt, failure.code, failure.retryable)) {
    const seed = `${transition.index.planHash}|${transition.run.runId}|${step}`;
    const at = transition.at + backoffMs(node.retries, state.attempt, seed);
    const { execution, endBy } = state;
    transition.emit({ type: 'step.retrying', step, attempt: state.attempt + 1, at, code: failure.code });
    if (at <= transition.at) return startAttempt(transition, step, state.attempt + 1, execution + 1, endBy);
    transition.set(step, {
      kind: 'retrying',
      attempt: state.attempt + 1,
      execution,
      at,
      code: failure.code,
      queued: false,
      endBy,
    });
    transition.send({ type: 'idle', step });
    return;
  }
  endFailed(transition, step, state.attempt, failure);
}

function endFailed(transition: Transition, step: StepId, attempts: number, failure: Failure): void {
  const healed = runNodeAt(transition.index, step).continueOnError;
  transition.end(
    step,
    { status: 'failed', code: failure.code, attempts, satisfied: healed },
    { message: failure.message, exitCode: failure.exitCode },
  );
}

/** A stopped execution has provably ended. */
export function leafStopped(transition: Transition, step: StepId, state: Running, unknown: boolean): void {
  const timeout = (code: string, retryable: boolean): void =>
    leafFailed(transition, step, state, { code, message: 'the time allowed is over', retryable, exitCode: null });
  if (state.stopping === 'attempt-timeout') return timeout('ATTEMPT_TIMEOUT', true);
  if (state.stopping === 'step-timeout') return timeout('STEP_TIMEOUT', false);
  const once = runNodeAt(transition.index, step).effects === 'once' && !state.unbegun;
  const code = once || unknown ? 'OUTCOME_UNKNOWN' : stopCode(state.stopping);
  return transition.end(step, { status: 'cancelled', code, attempts: state.attempt });
}

/** Another worker may execute it. Its time counts from its start there, and that worker measures it. */
export function leafAssigned(transition: Transition, step: StepId, state: Running, assignment: string): void {
  transition.set(step, { ...state, assignment, deadlineAt: null });
}

/**
 * No worker has it any more, and there was no result: the effect class decides. An execution that never began is in the state before it was
 * assigned.
 */
export function leafLost(transition: Transition, step: StepId, state: Running, began: boolean): void {
  const node = runNodeAt(transition.index, step);
  const unknown = began && node.effects === 'once';
  const { attempt, execution, endBy } = state;
  if (state.stopping !== null) return leafStopped(transition, step, state, unknown);
  if (unknown) return needAttention(transition, step, state);
  if (!began && isTooLate(transition, step, node)) return endTooLate(transition, step, attempt - 1);
  startAttempt(transition, step, attempt, execution + 1, endBy);
}

/**
 * The next owner begins it, whatever its effects: since it did not begin, it cannot have acted. Until then neither the time of the attempt
 * runs, nor that of the step if nothing of it was ever executed.
 */
export function leafNotStarted(transition: Transition, step: StepId, state: Running): void {
  if (state.assignment !== null) return;
  const endBy = state.execution === 1 ? null : state.endBy;
  transition.set(step, { ...state, unbegun: true, deadlineAt: null, endBy });
}

/** The owner that executed it is gone: the effect class decides. An execution that never began is in the state before it was started. */
export function takeOverLeaf(transition: Transition, step: StepId, state: Running): void {
  const node = runNodeAt(transition.index, step);
  if (state.unbegun && isTooLate(transition, step, node)) return endTooLate(transition, step, state.attempt - 1);
  if (node.effects === 'once' && !state.unbegun) return needAttention(transition, step, state);
  const isFirst = state.unbegun === true && state.execution === 1;
  const endBy = isFirst && node.timeoutMs !== null ? transition.at + node.timeoutMs : state.endBy;
  startAttempt(transition, step, state.attempt, state.execution + 1, endBy);
}

/** Its effect is unknown: a person must resolve it. */
function needAttention(transition: Transition, step: StepId, { attempt, execution, endBy }: Running): void {
  transition.set(step, { kind: 'attention', attempt, execution, endBy });
  transition.emit({ type: 'step.attention', step, attempt, execution });
  transition.send({ type: 'idle', step });
}

/** The code of a step that its container stopped. */
export function stopCode(cause: StopCause | null): string {
  return cause === 'sibling-failed' ? 'SIBLING_FAILED' : cause === 'step-timeout' ? 'STEP_TIMEOUT' : 'RUN_CANCELLED';
}

/** It only waits: it holds neither a slot nor a worker meanwhile. */
export function leafDeferred(transition: Transition, step: StepId, state: Running, until: number): void {
  if (state.stopping) return leafStopped(transition, step, state, false);
  const { attempt, execution, endBy } = state;
  transition.set(step, { kind: 'delaying', attempt, execution, until, endBy });
  transition.emit({ type: 'step.waiting', step, until });
  return transition.send({ type: 'idle', step });
}

/** The leaf is told to stop by its container. */
export function stopLeaf(transition: Transition, step: StepId, state: StepState, cause: StopCause): void {
  switch (state.kind) {
    case 'running':
      // A stop for a timeout that is in progress becomes final; it is not sent twice.
      if (state.stopping !== null) {
        if (state.stopping === 'attempt-timeout') transition.set(step, { ...state, stopping: cause });
        return;
      }
      transition.set(step, { ...state, stopping: cause });
      transition.ask({ type: 'stop', step, execution: state.execution, reason: cause, ahead: false });
      return;
    case 'delaying':
      transition.end(step, { status: 'cancelled', code: stopCode(cause), attempts: state.attempt });
      return;
    case 'retrying':
      endFailed(transition, step, state.attempt - 1, {
        code: state.code,
        message: 'stopped before the next attempt',
        retryable: false,
        exitCode: null,
      });
      return;
    case 'attention':
      if (cause === 'sibling-failed') return;
      transition.end(step, { status: 'cancelled', code: 'OUTCOME_UNKNOWN', attempts: state.attempt });
      return;
    default:
      return;
  }
}

/** Its wait is over, or its timeout has expired. */
export function wakeLeaf(transition: Transition, step: StepId, state: StepState): void {
  switch (state.kind) {
    case 'running': {
      if (state.stopping !== null) return;
      const cause = state.endBy !== null && state.endBy <= transition.at ? 'step-timeout' : 'attempt-timeout';
      return stopLeaf(transition, step, state, cause);
    }
    case 'delaying':
      if (state.until <= transition.at) transition.end(step, { status: 'succeeded', attempts: state.attempt });
      else endFailed(transition, step, state.attempt, tooLate);
      return;
    case 'retrying':
      if (state.endBy !== null && state.endBy <= transition.at)
        return endFailed(transition, step, state.attempt - 1, tooLate);
      if (state.queued) return;
      transition.set(step, { ...state, queued: true });
      return transition.send({ type: 'ready', step });
    case 'attention':
      return endFailed(transition, step, state.attempt, tooLate);
    default:
      return;
  }
}

const tooLate: Failure = {
  code: 'STEP_TIMEOUT',
  message: 'the time allowed is over',
  retryable: false,
  exitCode: null,
};
