import { nodesBehind } from '../binding/behind';
import type { NodeId, StepId } from '../foundation/ids';
import { nodeOf, scopeOf } from '../plan/place';
import type { PlanIndex } from '../plan/plan-index';

const cache = new WeakMap<PlanIndex, ReadonlyMap<NodeId, readonly NodeId[]>>();

/** The approval gates that a step stands behind, as instances seen from it. */
export function guardingGates(x: PlanIndex, step: StepId): readonly StepId[] {
  let gates = cache.get(x);
  if (!gates) cache.set(x, (gates = gatesByNode(x)));
  return (gates.get(nodeOf(step)) ?? []).map((gate) => instanceSeenFrom(step, gate));
}

function gatesByNode(x: PlanIndex): ReadonlyMap<NodeId, readonly NodeId[]> {
  const gates = new Map<NodeId, NodeId[]>();
  for (const { id, node } of x.nodes.values()) {
    if (node.kind !== 'gate' || node.approval === null) continue;
    for (const behind of nodesBehind(x, id as unknown as StepId)) gates.set(behind.id, [...(gates.get(behind.id) ?? []), id]);
  }
  return gates;
}

/** A gate's node as the instance in the scope that it shares with the step. */
function instanceSeenFrom(step: StepId, gate: NodeId): StepId {
  const depth = gate.split('::').length - 1;
  const scopes = scopeOf(step).split('::').slice(0, depth).join('::');
  const name = gate.split('::').at(-1) ?? '';
  return (scopes === '' ? name : `${scopes}::${name}`) as StepId;
}
