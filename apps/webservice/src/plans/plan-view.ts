import {
  digestOf,
  indexPlan,
  type Environment,
  type Json,
  type JsonObject,
  type Plan,
  type Profile,
} from '@taskrunner/core';

/** The digest of each component of a plan: explains why two hashes differ. */
export function receiptOf(plan: Plan): JsonObject {
  return Object.fromEntries(Object.entries(plan).map(([name, part]) => [name, digestOf(part as Json)]));
}

/** The template graph of a plan: every node once, maps and loops unexpanded, in plan order. */
export function toGraph(plan: Plan, planHash: string, profile: Profile, environment: Environment): JsonObject {
  const index = indexPlan(plan, planHash as never, profile.defaults, environment.approvals.floor);
  const entries = [...index.nodes.values()];
  const order = new Map(inPlanOrder(index.root).map((id, place) => [id, place]));
  entries.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  return {
    planHash,
    nodes: entries.map(({ id, name, node, parent }) => ({
      id,
      name,
      label: node.name,
      kind: node.kind,
      parent,
      needs: [...node.needs],
      uses: node.kind === 'run' || node.kind === 'pack' ? node.uses : null,
      effects: node.kind === 'run' ? node.effects : null,
      approval: node.kind === 'gate' ? node.approval : null,
      policy: node.kind === 'gate' ? node.policy : null,
    })),
  };
}

type IndexedBlock = ReturnType<typeof indexPlan>['root'];

function inPlanOrder(block: IndexedBlock): readonly string[] {
  const ids: string[] = [];
  const stack = [...block.nodes].reverse();
  for (let node = stack.pop(); node; node = stack.pop()) {
    ids.push(node.id);
    stack.push(...node.bodies.flatMap(({ nodes }) => nodes).reverse());
  }
  return ids;
}
