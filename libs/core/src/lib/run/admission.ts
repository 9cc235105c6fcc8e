import type { StepId } from '../foundation/ids';
import { isItem, ROOT } from '../plan/place';
import { nodeAt, parentOf } from '../plan/plan-index';
import type { Draft } from './draft';
import { endedNeeds, inheritance } from './inheritance';

// Whether a step whose turn has come may run: `runOn` over its needs (language.md §3), gates that did not open, a run or a
// list that is being stopped.

export type Admission =
  | { readonly kind: 'runs' }
  | { readonly kind: 'skipped'; readonly code: string; readonly satisfied: boolean };

/** True if the step is cleanup, or in a container that is: it still runs while its list or run is being stopped. */
export function isCleanup(draft: Draft, step: StepId): boolean {
  const { ending } = draft.run;
  if (ending?.force) return false;
  for (let at = step; at !== ROOT; at = parentOf(draft.x, at)) {
    if (isItem(at)) continue;
    const { runOn } = nodeAt(draft.x, at).node;
    if (runOn === 'always' || (runOn === 'failure' && (ending?.failureSteps ?? false))) return true;
  }
  return false;
}

/** Judges a pending step whose needs are over. */
export function admit(draft: Draft, step: StepId): Admission {
  const { node } = nodeAt(draft.x, step);
  const container = draft.get(parentOf(draft.x, step));
  const stopping = container && 'stopping' in container ? container.stopping : null;
  const { tainted, blocked } = inheritance(draft.x, draft.steps, step);
  const unhealed = node.stated ? endedNeeds(draft.x, draft.steps, step).some((need) => !need.satisfied) : tainted;
  const skip = (code: string, satisfied = false): Admission => ({ kind: 'skipped', code, satisfied });
  if ((draft.run.ending || stopping) && !isCleanup(draft, step))
    return skip(draft.run.ending ? 'RUN_CANCELLED' : 'UPSTREAM_FAILED');
  if (blocked) return skip('UPSTREAM_FAILED');
  if (node.runOn === 'success' && unhealed) return skip('UPSTREAM_FAILED');
  if (node.runOn === 'failure' && !unhealed && !draft.run.ending) return skip('WHEN_FALSE', true);
  return { kind: 'runs' };
}
