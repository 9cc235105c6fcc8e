import type { RunProjection } from '../../binding/run-projection';
import type { Digest, StepId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { ROOT } from '../../plan/place';
import type { PlanIndex } from '../../plan/plan-index';
import type { StepRow } from '../../ports/runs/committer';
import type { RunState } from '../../run/run-state';
import type { ShownState } from '../../step/step-state';
import { stepRow } from './step-row';

/** All steps that a run has reached, with their states. A step that has ended may have left the working set. */
export function reachedSteps(state: RunState, ...folds: readonly RunProjection[]): ReadonlyMap<StepId, ShownState> {
  const reached = new Map<StepId, ShownState>();
  for (const results of folds)
    for (const [step, { status, code }] of results.all())
      if (status !== null) reached.set(step, { kind: 'ended', status, code });
  for (const [step, live] of state.steps.entries()) reached.set(step, live);
  reached.delete(ROOT);
  for (const [step, { kind }] of reached) if (kind === 'pending') reached.delete(step);
  return reached;
}

/**
 * The rows of all steps of a run, in the order in which they are listed: by parent, then in plan order. Items have no label, which needs
 * values.
 */
export function rowsOfReached(
  index: PlanIndex,
  state: RunState,
  results: RunProjection,
  values: ReadonlyMap<Digest, Json>,
): readonly StepRow[] {
  return [...reachedSteps(state, results)]
    .map(([step, reached]) => stepRow(index, results, values, step, reached, null))
    .sort(byPlace);
}

/** The order of the key of stored rows. Ids are ASCII. */
export function byPlace(left: StepPlace, right: StepPlace): number {
  return compared(left.parent ?? '', right.parent ?? '') || left.place - right.place || compared(left.step, right.step);
}

type StepPlace = Pick<StepRow, 'parent' | 'place' | 'step'>;

function compared(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
