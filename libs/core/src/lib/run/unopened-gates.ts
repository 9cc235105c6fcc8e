import type { StepId } from '../foundation/ids';
import { isItem } from '../plan/place';
import { childOf, nodeAt, parentOf, type IndexedNode, type PlanIndex } from '../plan/plan-index';
import type { Draft } from './draft';
import type { RunState } from './run-state';

// A step that is skipped before its needs are over passes nothing on from them: whether a gate among them has opened is then
// looked up here, so that cleanup never passes one that did not (language.md §3).

/** True if whoever waits for this node waits for a gate: it is one, or a group, parallel or pack that must run and holds one. */
export function mustOpen({ node, bodies }: IndexedNode): boolean {
  if (node.kind === 'gate') return true;
  if (node.kind !== 'group' && node.kind !== 'parallel' && node.kind !== 'pack') return false;
  if (node.when !== null || node.runOn === 'failure') return false;
  return bodies.some((body) => body.nodes.some((child) => child.node.runOn !== 'failure' && mustOpen(child)));
}

/** True if a gate that has not opened stands before this step among its siblings, or in it. */
export function standsBehindUnopened(draft: Draft, step: StepId): boolean {
  if (isItem(step)) return false;
  const { x } = draft;
  const above = parentOf(x, step);
  const needsOf = (of: StepId): readonly StepId[] => nodeAt(x, of).node.needs.map((need) => childOf(x, above, need));
  const open = [step];
  for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
    if (found(draft, at) === undefined) {
      const needs = needsOf(at);
      const unknown = needs.filter((need) => found(draft, need) === undefined);
      if (needs.some((need) => found(draft, need)) || isUnopened(x, draft.steps, at)) draft.unopened.set(at, true);
      else if (unknown.length === 0) draft.unopened.set(at, false);
      for (const need of draft.unopened.has(at) ? [] : unknown) open.push(need);
    }
    if (found(draft, at) !== undefined) open.pop();
  }
  return found(draft, step) ?? false;
}

/** What is known of a sibling: by its end, or found before in this turn, in which no gate opens while steps are told to stop. */
function found(draft: Draft, step: StepId): boolean | undefined {
  const state = draft.get(step);
  return state?.kind === 'ended' ? state.blocked : draft.unopened.get(step);
}

/** A sibling that is not over: its gate waits, or will never be reached. */
function isUnopened(x: PlanIndex, steps: RunState['steps'], step: StepId): boolean {
  const known = nodeAt(x, step);
  const state = steps.get(step);
  if (state === undefined || state.kind === 'pending') return mustOpen(known);
  if (state.kind === 'deciding') return state.carry === null ? mustOpen(known) : state.carry.blocked;
  if (known.node.kind === 'gate') return true;
  if (state.kind !== 'group') return false;
  const body = known.bodies[state.branch];
  return (body?.nodes ?? []).some((child) => {
    const place = childOf(x, step, child.name);
    const below = steps.get(place);
    return below?.kind === 'ended' ? below.blocked : isUnopened(x, steps, place);
  });
}
