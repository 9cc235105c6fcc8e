import { digestOf } from '../canonical/digest';
import type { StepId } from '../foundation/ids';
import { isItem, ROOT } from '../plan/place';
import { blockOf, childrenOf, nodeAt, type PlanIndex } from '../plan/plan-index';
import type { Containing } from '../step/step-state';
import type { ValueRef } from '../step/value-ref';
import { stopCode } from './leaf';
import type { Transition } from './transition';

type Group = Extract<Containing, { kind: 'group' }>;
type Repeat = Extract<Containing, { kind: 'repeat' }>;

/** All children of a container have ended and no further one begins: it ends, or requests its outputs first. */
export function closeContainer(transition: Transition, step: StepId, state: Containing): void {
  if (state.kind === 'group') closeGroup(transition, step);
  else closeRepeat(transition, step, state);
}

/** All children have ended: the group requests its outputs, or ends. */
function closeGroup(transition: Transition, step: StepId): void {
  const state = transition.get(step);
  if (state?.kind !== 'group') return;
  const block = blockOf(transition.index, step, state.branch);
  const children = childrenOf(transition.index, step, state.branch);
  const results = children.map((child) => transition.get(child));
  for (const child of children) transition.drop(child);
  const traces = gateTraces(state, results);
  if (state.failures > 0) return endUnfinished(transition, step, state, 'failed', traces.executeBy);
  if (state.stopping) {
    const status = state.stopping === 'step-timeout' ? 'failed' : 'cancelled';
    return endUnfinished(transition, step, state, status, traces.executeBy);
  }
  if (asksForOutputs(transition.index, step)) {
    transition.set(step, { kind: 'deciding', question: 'outputs', busy: state.granted, carry: traces });
    transition.ask({ type: 'answer', step, question: 'outputs', ahead: true });
    return;
  }
  const digests = results.map((result) => (result?.kind === 'ended' ? (result.outputs?.digest ?? '') : ''));
  const last = results.at(-1);
  const parallel = step !== ROOT && !isItem(step) && nodeAt(transition.index, step).node.kind === 'parallel';
  const outputs: ValueRef = parallel
    ? {
        count: children.length,
        digest: digestOf(Object.fromEntries(block.nodes.map((node, i) => [node.name, digests[i] ?? '']))),
        kind: 'children',
        of: step,
      }
    : last?.kind === 'ended'
      ? last.outputs
      : null;
  transition.end(step, { status: 'succeeded', outputs, ...traces });
}

/** What a container with gates passes to its dependents: they are guarded by these gates too. */
function gateTraces(
  state: Group,
  results: readonly ReturnType<Transition['get']>[],
): { blocked: boolean; executeBy: number | null } {
  const times = results
    .map((result) => (result?.kind === 'ended' ? result.executeBy : null))
    .filter((time) => time !== null);
  return { blocked: state.blocked, executeBy: times.length > 0 ? Math.min(...times) : null };
}

/** True if the container's outputs are expressions. */
function asksForOutputs(index: PlanIndex, step: StepId): boolean {
  if (step === ROOT) return index.plan.outputs.length > 0;
  const { node } = nodeAt(index, step);
  if (node.kind === 'pack') return true;
  return isItem(step) && (node.kind === 'map' || node.kind === 'loop') && node.outputs !== null;
}

function closeRepeat(transition: Transition, step: StepId, state: Repeat): void {
  if (state.failures > 0) return endUnfinished(transition, step, state, 'failed');
  if (state.stopping)
    return endUnfinished(transition, step, state, state.stopping === 'step-timeout' ? 'failed' : 'cancelled');
  const outputs = outputsOf(transition.index, step, state);
  const { node } = nodeAt(transition.index, step);
  if (node.kind === 'loop' && node.until !== null && !state.loop?.met)
    return transition.end(
      step,
      { status: 'failed', code: 'LOOP_EXHAUSTED', outputs, blocked: state.blocked },
      { message: `\`until\` did not hold after ${state.next} iterations` },
    );
  return transition.end(step, { status: 'succeeded', outputs, blocked: state.blocked });
}

/** The result of a map or loop: the list of its items' results, for a loop possibly only the last one. */
function outputsOf(index: PlanIndex, step: StepId, state: Repeat): ValueRef {
  if (yieldsLast(index, step)) return state.loop?.last ?? null;
  const count = state.loop === null ? state.count : state.next;
  const digests = Array.from({ length: count }, (_, index) => state.results.get(String(index)) ?? '');
  return { count, digest: digestOf(digests), kind: 'children', of: step };
}

/** True for a loop whose result is that of its last iteration. */
export function yieldsLast(index: PlanIndex, step: StepId): boolean {
  const { node } = nodeAt(index, step);
  return node.kind === 'loop' && node.aggregation === 'last';
}

function endUnfinished(
  transition: Transition,
  step: StepId,
  state: Containing,
  status: 'failed' | 'cancelled',
  executeBy: number | null = null,
): void {
  const timedOut = state.stopping === 'step-timeout';
  const healed = step !== ROOT && !isItem(step) && healsOwnFailure(transition.index, step) && !state.blocked;
  const message = state.kind === 'repeat' ? state.loop?.message : undefined;
  const how: Parameters<Transition['end']>[1] = {
    status,
    code:
      status === 'cancelled'
        ? stopCode(state.stopping)
        : timedOut && state.failures === 0
          ? 'STEP_TIMEOUT'
          : (state.failedCode ?? 'CHILD_FAILED'),
    outputs: state.kind === 'repeat' ? outputsOf(transition.index, step, state) : null,
    satisfied: status === 'failed' && healed,
    by: state.failed,
    blocked: state.blocked,
    // Cleanup behind it is guarded by its approvals too.
    executeBy,
  };
  transition.end(step, how, message === undefined ? {} : { message });
}

/**
 * `continueOnError` on a group, a conditional or an inner pack makes it succeed. On a map, parallel or loop it only lets the siblings
 * continue.
 */
function healsOwnFailure(index: PlanIndex, step: StepId): boolean {
  const { node } = nodeAt(index, step);
  const { kind } = node;
  return (kind === 'group' || kind === 'conditional' || kind === 'pack') && node.continueOnError;
}
