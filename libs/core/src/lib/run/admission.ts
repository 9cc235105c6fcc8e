import type { StepId } from '../foundation/ids';
import { isItem, ROOT } from '../plan/place';
import { nodeAt, parentOf } from '../plan/plan-index';
import type { StopCause } from '../step/step-state';
import type { Transition } from './transition';
import { endedNeeds, inheritance } from './inheritance';

// Decides whether a step whose turn has come may run: `runOn` over its needs (docs/guides/writing-packs.md, Order), gates that did not open, and a run or list
// that is being stopped.

export type Admission =
  | { readonly kind: 'runs' }
  | { readonly kind: 'skipped'; readonly code: string; readonly satisfied: boolean };

/**
 * True if the step is cleanup, or in a container below `top` that is. It runs even while `top` is being stopped: the run, or a list around the
 * step.
 */
export function isCleanup(transition: Transition, step: StepId, top: StepId = ROOT): boolean {
  const { ending } = transition.run;
  if (ending?.force) return false;
  for (let at = step; at !== top; at = parentOf(transition.index, at)) {
    if (isItem(at)) continue;
    const { runOn } = nodeAt(transition.index, at).node;
    if (runOn === 'always' || (runOn === 'failure' && (ending?.failureSteps ?? false))) return true;
  }
  return false;
}

/** Decides about a pending step whose needs have ended. */
export function admit(transition: Transition, step: StepId): Admission {
  const { node } = nodeAt(transition.index, step);
  const above = parentOf(transition.index, step);
  const container = transition.get(above);
  const stopping = container && 'stopping' in container ? container.stopping : null;
  const { upstreamFailed, blocked } = inheritance(transition.index, transition.steps, step);
  const unhealed = node.stated
    ? endedNeeds(transition.index, transition.steps, step).some((need) => !need.satisfied)
    : upstreamFailed;
  const skip = (code: string, satisfied = false): Admission => ({ kind: 'skipped', code, satisfied });
  if (transition.index.machine > 1) {
    // What stopped its list decides before what ends the run.
    if (stopping && !isCleanup(transition, step, above)) return skip(skipCode(stopping));
    if (transition.run.ending && !isCleanup(transition, step)) return skip('RUN_CANCELLED');
  } else if ((transition.run.ending || stopping) && !isCleanup(transition, step))
    return skip(transition.run.ending ? 'RUN_CANCELLED' : 'UPSTREAM_FAILED');
  if (blocked) return skip('UPSTREAM_FAILED');
  if (node.runOn === 'success' && unhealed) return skip('UPSTREAM_FAILED');
  if (node.runOn === 'failure' && !unhealed && !transition.run.ending) return skip('WHEN_FALSE', true);
  return { kind: 'runs' };
}

/** The code of a step that is skipped because its list was stopped. */
export function skipCode(cause: StopCause): string {
  return cause === 'sibling-failed' || cause === 'step-timeout' ? 'UPSTREAM_FAILED' : 'RUN_CANCELLED';
}
