import type { StepId } from '../foundation/ids';
import { isItem } from '../plan/place';
import { childOf, nodeAt, parentOf, type IndexedNode, type PlanIndex } from '../plan/plan-index';
import type { Transition } from './transition';
import type { RunState } from './run-state';

// A step that is skipped before its needs have ended inherits nothing from them. Whether one of them is a gate that has opened is then
// looked up here, so that cleanup never passes a gate that did not open (docs/guides/writing-packs.md, Steps).

/** True if dependents of this node wait for a gate: it is one, or a group, parallel or pack that must run and contains one. */
export function mustOpen({ node, bodies }: IndexedNode): boolean {
  if (node.kind === 'gate') return true;
  if (node.kind !== 'group' && node.kind !== 'parallel' && node.kind !== 'pack') return false;
  if (node.when !== null || node.runOn === 'failure') return false;
  return bodies.some((body) => body.nodes.some((child) => child.node.runOn !== 'failure' && mustOpen(child)));
}

/** True if a gate that has not opened precedes this step among its siblings, or is inside it. */
export function standsBehindUnopened(transition: Transition, step: StepId): boolean {
  if (isItem(step)) return false;
  const { index } = transition;
  const above = parentOf(index, step);
  const needsOf = (of: StepId): readonly StepId[] =>
    nodeAt(index, of).node.needs.map((need) => childOf(index, above, need));
  const open = [step];
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    if (found(transition, at) === undefined) {
      const needs = needsOf(at);
      const unknown = needs.filter((need) => found(transition, need) === undefined);
      if (needs.some((need) => found(transition, need)) || isUnopened(index, transition.steps, at))
        transition.unopened.set(at, true);
      else if (unknown.length === 0) transition.unopened.set(at, false);
      for (const need of transition.unopened.has(at) ? [] : unknown) open.push(need);
    }
    if (found(transition, at) !== undefined) open.pop();
  }
  return found(transition, step) ?? false;
}

/**
 * The known state of a sibling: from its end, or from an earlier lookup in this turn, because no gate opens while steps are told to stop.
 */
function found(transition: Transition, step: StepId): boolean | undefined {
  const state = transition.get(step);
  return state?.kind === 'ended' ? state.blocked : transition.unopened.get(step);
}

/** A sibling that has not ended: its gate waits, or will never be reached. */
function isUnopened(index: PlanIndex, steps: RunState['steps'], step: StepId): boolean {
  const known = nodeAt(index, step);
  const state = steps.get(step);
  if (state === undefined || state.kind === 'pending') return mustOpen(known);
  if (state.kind === 'deciding') return state.carry === null ? mustOpen(known) : state.carry.blocked;
  if (known.node.kind === 'gate') return true;
  if (state.kind !== 'group') return false;
  const body = known.bodies[state.branch];
  return (body?.nodes ?? []).some((child) => {
    const place = childOf(index, step, child.name);
    const below = steps.get(place);
    return below?.kind === 'ended' ? below.blocked : isUnopened(index, steps, place);
  });
}
