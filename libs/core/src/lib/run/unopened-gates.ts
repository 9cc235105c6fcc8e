import type { StepId } from '../foundation/ids';
import { isItem } from '../plan/place';
import { childOf, nodeAt, parentOf, type IndexedNode, type PlanIndex } from '../plan/plan-index';
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
export function standsBehindUnopened(x: PlanIndex, steps: RunState['steps'], step: StepId): boolean {
  if (isItem(step)) return false;
  if (mustOpen(nodeAt(x, step))) return true;
  const above = parentOf(x, step);
  const seen = new Set<StepId>();
  const open = nodeAt(x, step).node.needs.map((need) => childOf(x, above, need));
  for (let need = open.pop(); need !== undefined; need = open.pop()) {
    if (seen.has(need)) continue;
    seen.add(need);
    const state = steps.get(need);
    if (state?.kind === 'ended') {
      if (state.blocked) return true;
      continue;
    }
    if (isUnopened(x, steps, need)) return true;
    for (const before of nodeAt(x, need).node.needs) open.push(childOf(x, above, before));
  }
  return false;
}

/** A sibling that is not over: its gate waits, or will never be reached. */
function isUnopened(x: PlanIndex, steps: RunState['steps'], step: StepId): boolean {
  const known = nodeAt(x, step);
  const state = steps.get(step);
  if (state === undefined || state.kind === 'pending') return mustOpen(known);
  if (known.node.kind === 'gate') return !(state.kind === 'deciding' && state.question === 'outputs');
  if (state.kind !== 'group') return false;
  const body = known.bodies[state.branch];
  return (body?.nodes ?? []).some((child) => {
    const place = childOf(x, step, child.name);
    const below = steps.get(place);
    return below?.kind === 'ended' ? below.blocked : isUnopened(x, steps, place);
  });
}
