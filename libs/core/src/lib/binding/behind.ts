import type { NodeId, StepId } from '../foundation/ids';
import { readsOfTemplate } from '../expression/json-template';
import { parseExpression } from '../expression/expression';
import { splitParameters } from './bind';
import type { Json } from '../foundation/json';
import { nodeOf, ROOT, scopeOf, within } from '../plan/place';
import { nodeAt, type IndexedBlock, type IndexedNode, type PlanIndex } from '../plan/plan-index';

/** The nodes that stand behind a gate: they wait for it, directly or not, or are in a container that does; up to the item it stands in. */
export function nodesBehind(x: PlanIndex, gate: StepId): readonly IndexedNode[] {
  const found = new Map<NodeId, IndexedNode>();
  let at: IndexedNode | undefined = nodeAt(x, gate);
  while (at) {
    const block = siblingsOf(x, at);
    const waiting = [...at.dependents];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const node = block.nodes.find((one) => one.name === name);
      if (!node || found.has(node.id)) continue;
      addAll(found, node);
      waiting.push(...node.dependents);
    }
    const above: IndexedNode | undefined = at.parent === ROOT ? undefined : x.nodes.get(at.parent);
    at = above && above.node.kind !== 'map' && above.node.kind !== 'loop' ? above : undefined;
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function siblingsOf(x: PlanIndex, node: IndexedNode): IndexedBlock {
  if (node.parent === ROOT) return x.root;
  const body = x.nodes.get(node.parent)?.bodies.find((one) => one.nodes.includes(node));
  return body ?? x.root;
}

function addAll(found: Map<NodeId, IndexedNode>, node: IndexedNode): void {
  found.set(node.id, node);
  for (const body of node.bodies) for (const child of body.nodes) addAll(found, child);
}

/** Where a node behind a gate is, seen from the gate: an instance in its scope, or a template below one. */
export function placeBehind(gate: StepId, node: IndexedNode): StepId {
  // What stands behind a gate of an inner pack may stand outside of it, in a scope around.
  for (let scope = scopeOf(gate); scope !== ''; scope = scopeOf(scope)) {
    const template = nodeOf(scope as StepId);
    if (node.id.startsWith(`${template}::`)) return within<StepId>(scope, node.id.slice(template.length + 2));
  }
  return node.id as unknown as StepId;
}

/** Names of the steps that a node's expressions read. */
export function stepNamesRead(node: IndexedNode): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (template: Json): void => {
    for (const read of readsOfTemplate(template))
      if (read.root === 'steps' && typeof read.path[0] === 'string') names.add(read.path[0]);
  };
  const { node: plan } = node;
  if (plan.when !== null) addExpression(names, plan.when);
  switch (plan.kind) {
    case 'run':
      for (const part of [splitParameters(plan)[0], plan.env as Json, plan.files]) add(part);
      break;
    case 'map':
      add(plan.items);
      add(plan.outputs ?? null);
      break;
    case 'pack':
      add(plan.with);
      break;
    case 'conditional':
      for (const branch of plan.branches) addExpression(names, branch.when);
      break;
    case 'gate':
      for (const part of [plan.with, plan.show, plan.message]) add(part);
      break;
    default:
      break;
  }
  return names;
}

function addExpression(names: Set<string>, text: string): void {
  const read = parseExpression(text);
  if (read.kind === 'faults') return;
  for (const one of read.expression.reads)
    if (one.root === 'steps' && typeof one.path[0] === 'string') names.add(one.path[0]);
}
