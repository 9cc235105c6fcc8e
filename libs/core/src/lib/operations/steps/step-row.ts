import type { RunProjection } from '../../binding/run-projection';
import type { Digest, StepId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { indexOf, isItem } from '../../plan/place';
import { nodeAt, parentOf, type PlanIndex } from '../../plan/plan-index';
import type { StepRow } from '../../ports/runs/committer';
import { shownStatus, type ShownState } from '../../step/step-state';
import { gateOutcomeAt, STEP_REASONS } from './gate-outcome';
import { INLINE_VALUE_BYTES } from '../../evidence/verify/answers/large-values';

/** The row of a step in this state, for readers. */
export function stepRow(
  index: PlanIndex,
  results: RunProjection,
  values: ReadonlyMap<Digest, Json>,
  step: StepId,
  state: ShownState,
  label: string | null,
): StepRow {
  const result = results.get(step);
  const item = isItem(step);
  const node = item ? null : nodeAt(index, step);
  const outputs = result?.outputs ?? null;
  const inline =
    outputs?.kind === 'value' && outputs.size <= INLINE_VALUE_BYTES ? (values.get(outputs.digest) ?? null) : null;
  return {
    step,
    parent: parentOf(index, step),
    place: item ? indexOf(step) : (node?.place ?? 0),
    kind: kindOf(index, step),
    label: label ?? node?.node.name ?? null,
    status: shownStatus(state),
    reason: state.kind === 'ended' ? state.code : reasonOf(state),
    attempts: result?.attempts ?? 0,
    nextAttemptAt: state.kind === 'retrying' ? state.at : delayOf(state),
    startedAt: result?.startedAt ?? null,
    finishedAt: result?.endedAt ?? null,
    children: (node?.node.kind === 'loop' ? result?.begun : result?.items?.count) ?? null,
    outputs: inline,
    outputsRef: outputs,
    reusedFrom: result?.reusedFrom ? { ...result.reusedFrom, step } : null,
    error: errorOf(index, results, step, state),
  };
}

/** The kind of a step for readers. */
export function kindOf(index: PlanIndex, step: StepId): string {
  return isItem(step) ? 'item' : nodeAt(index, step).node.kind;
}

/**
 * Of a step that needs attention: the execution with the unknown outcome, which a resolution must name. Of a failed gate: the policy
 * verdict, or who rejected it.
 */
function errorOf(index: PlanIndex, results: RunProjection, step: StepId, state: ShownState): Json {
  if (state.kind === 'attention') {
    const message = 'the worker was lost while it ran: what it did is not known';
    return { code: 'OUTCOME_UNKNOWN', message, attempts: state.attempt, exitCode: null, execution: state.execution };
  }
  const result = results.get(step);
  if (result?.status !== 'failed') return null;
  const { code, attempts, exitCode } = result;
  const gate = gateOutcomeAt({ index, results }, step, STEP_REASONS);
  const policy = gate.policy as Json;
  return { code, message: result.message ?? gate.message, attempts, exitCode, ...(policy === null ? {} : { policy }) };
}

/** The time until which a step waits for nothing but time, by its own delay or between two iterations. */
function delayOf(state: ShownState): number | null {
  if (state.kind === 'delaying') return state.until;
  return state.kind === 'repeat' && state.loop?.between?.kind === 'delaying' ? state.loop.between.until : null;
}

function reasonOf(state: ShownState): string | null {
  if (delayOf(state) !== null) return 'DELAY';
  switch (state.kind) {
    case 'retrying':
      return state.code;
    case 'waiting':
      return 'APPROVAL';
    case 'attention':
      return 'OUTCOME_UNKNOWN';
    default:
      return null;
  }
}
