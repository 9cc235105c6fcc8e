import { itemLabel } from '../../binding/item-label';
import type { RunProjection } from '../../binding/run-projection';
import type { BindingContext } from '../../binding/scope';
import { Missing } from '../../binding/values';
import type { StepId } from '../../foundation/ids';
import { isItem, ROOT } from '../../plan/place';
import type { StepRow } from '../../ports/runs/committer';
import type { ShownState } from '../../step/step-state';
import type { RunValues } from '../claimed-run/run-values';
import { stepRow } from '../steps/step-row';

/** The rows of the steps that a turn has changed. */
export async function stepRows(
  turn: { readonly changed: ReadonlyMap<StepId, ShownState>; readonly results: RunProjection },
  context: BindingContext,
  values: RunValues,
): Promise<readonly StepRow[]> {
  const rows: StepRow[] = [];
  for (const [step, state] of turn.changed) {
    if (step === ROOT || state.kind === 'pending') continue;
    const label = isItem(step) ? await labelOf(context, step, values) : null;
    rows.push(stepRow(context.index, turn.results, values.known, step, state, label));
  }
  return rows;
}

/** Values that it reads may be missing. After a claim they are fetched. */
async function labelOf(context: BindingContext, step: StepId, values: RunValues): Promise<string | null> {
  const missing = new Missing();
  const label = itemLabel(context, step, missing);
  if (missing.digests.size === 0) return label;
  await values.fetch(missing.digests);
  return labelOf(context, step, values);
}
