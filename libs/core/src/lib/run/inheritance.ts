import type { StepId } from '../foundation/ids';
import { isItem, ROOT, joinScope } from '../plan/place';
import { nodeAt, parentOf, scopeBelow, type PlanIndex } from '../plan/plan-index';
import type { Ended, StepState } from '../step/step-state';
import type { RunState } from './run-state';

/** What a step inherits from its predecessors and from its container. */
interface Inheritance {
  /** A predecessor failed, and nothing made up for it. */
  readonly upstreamFailed: boolean;
  /** A gate that guards it did not open. */
  readonly blocked: boolean;
  /** The earliest execute-by of the approvals that guard it, milliseconds since the epoch. */
  readonly executeBy: number | null;
}

/** The ended predecessors of a step. They stay in the working set as long as their container is open. */
export function endedNeeds(index: PlanIndex, steps: RunState['steps'], step: StepId): readonly Ended[] {
  if (step === ROOT || isItem(step)) return [];
  const { needs } = nodeAt(index, step).node;
  if (needs.length === 0) return [];
  const scope = scopeBelow(index, parentOf(index, step));
  return needs
    .map((need) => steps.get(joinScope<StepId>(scope, need)))
    .filter((state): state is Ended => state?.kind === 'ended');
}

/** Derived on each call, so that no state has to contain it. */
export function inheritance(index: PlanIndex, steps: RunState['steps'], step: StepId): Inheritance {
  if (step === ROOT) return { upstreamFailed: false, blocked: false, executeBy: null };
  const needs = endedNeeds(index, steps, step);
  let executeBy = executeByOf(steps.get(parentOf(index, step)));
  // Most steps have no predecessors.
  if (needs.length === 0) return { upstreamFailed: false, blocked: false, executeBy };
  for (const need of needs) executeBy = soonest([executeBy, need.executeBy]);
  return { upstreamFailed: needs.some((need) => need.tainted), blocked: needs.some((need) => need.blocked), executeBy };
}

function executeByOf(container: StepState | undefined): number | null {
  return container?.kind === 'group' || container?.kind === 'repeat' ? container.executeBy : null;
}

/** The earliest of some times; null if there is none. */
export function soonest(times: readonly (number | null)[]): number | null {
  return times.reduce((best, time) => (time !== null && (best === null || time < best) ? time : best), null);
}
