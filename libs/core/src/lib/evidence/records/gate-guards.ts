import type { NodeId, StepId } from '../../foundation/ids';
import { topological } from '../../graph/graph';
import type { IndexedBlock, IndexedNode, PlanIndex } from '../../plan/plan-index';
import { nodeOf } from '../../plan/place';

/** For each node, the gates that guard it. */
export type GuardIndex = ReadonlyMap<NodeId, readonly NodeId[]>;

/**
 * The gates that guard each node. None of its instances starts before the gate of the same scope has passed (docs/guides/writing-packs.md, Gates). A gate counts if
 * the node waits for it among its siblings or its containers' siblings, directly or within a group, parallel or inner pack that must run
 * and succeed.
 */
export function guardIndex(index: PlanIndex): GuardIndex {
  const guards = new Map<NodeId, readonly NodeId[]>();
  const visit = (block: IndexedBlock, inherited: readonly NodeId[]): void => {
    const byName = new Map(block.nodes.map((node) => [node.name, node]));
    const waits = block.nodes.map(({ name, node }) => [name, node.needs.filter((need) => byName.has(need))] as const);
    for (const name of topological(new Map(waits))) {
      const node = byName.get(name);
      if (!node) continue;
      const found = new Set(inherited);
      for (const need of node.node.needs) {
        const before = byName.get(need);
        if (!before) continue;
        for (const guard of guards.get(before.id) ?? []) found.add(guard);
        for (const guard of gatesIn(before)) found.add(guard);
      }
      guards.set(node.id, [...found]);
      for (const body of node.bodies) visit(body, [...found]);
    }
  };
  visit(index.root, []);
  return guards;
}

/** Gates that must have passed before this sibling can have succeeded. */
function gatesIn({ id, node, bodies }: IndexedNode): readonly NodeId[] {
  if (node.kind === 'gate') return node.runOn === 'failure' ? [] : [id];
  if (node.kind !== 'group' && node.kind !== 'parallel' && node.kind !== 'pack') return [];
  // `continueOnError` does not make up for a gate that did not open (docs/guides/writing-packs.md, Gates): its container blocks what follows.
  const mayBePassedOver = node.when !== null || node.runOn === 'failure';
  return mayBePassedOver ? [] : bodies.flatMap((body) => body.nodes.flatMap(gatesIn));
}

/** The instance of a guard for this instance of a step. Both share the items around the gate, which may be in an inner pack. */
export function guardInstance(guard: NodeId, step: StepId): StepId {
  const scope = step.split('::');
  const path = guard.split('::');
  const differs = path.findIndex((name, place) => nodeOf((scope[place] ?? '') as StepId) !== name);
  const shared = Math.min(differs < 0 ? path.length : differs, path.length - 1);
  return [...scope.slice(0, shared), ...path.slice(shared)].join('::') as StepId;
}

/** Gates at or below a skipped step, as instances of its scope. They did not apply. */
export function gatesUnder(index: PlanIndex, step: StepId): readonly StepId[] {
  const skipped = index.nodes.get(nodeOf(step));
  const below = (node: IndexedNode): readonly NodeId[] =>
    node.node.kind === 'gate' ? [node.id] : node.bodies.flatMap((body) => body.nodes.flatMap(below));
  if (!skipped) return [];
  const depth = step.split('::').length - 1;
  const scope = step.split('::').slice(0, depth);
  return below(skipped).map((id) => [...scope, ...id.split('::').slice(depth)].join('::') as StepId);
}
