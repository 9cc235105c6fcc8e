import type { NodeId, StepId } from '../../foundation/ids';
import { joinScope, nodeOf, ROOT, scopeOf } from '../place';
import { nodeAt, type IndexedBlock, type IndexedNode, type PlanIndex } from '../plan-index';

type Nodes = Pick<PlanIndex, 'root' | 'nodes'>;

/**
 * The nodes behind a gate within the item that the gate is in: each waits for the gate directly or indirectly, or is in a container that
 * does.
 */
export function nodesBehind(index: Nodes, gate: StepId): readonly IndexedNode[] {
  const found = new Map<NodeId, IndexedNode>();
  let at: IndexedNode | undefined = nodeAt(index, gate);
  while (at) {
    addDependents(index, found, at);
    const above: IndexedNode | undefined = at.parent === ROOT ? undefined : index.nodes.get(at.parent);
    at = above && above.node.kind !== 'map' && above.node.kind !== 'loop' ? above : undefined;
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The siblings that wait for a node directly or indirectly, each with its descendants. */
function addDependents(index: Nodes, found: Map<NodeId, IndexedNode>, at: IndexedNode): void {
  const siblings = new Map(siblingsOf(index, at).nodes.map((node) => [node.name, node]));
  const waiting = [...at.dependents];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = siblings.get(name);
    if (!node || found.has(node.id)) continue;
    addAll(found, node);
    waiting.push(...node.dependents);
  }
}

function siblingsOf(index: Nodes, node: IndexedNode): IndexedBlock {
  if (node.parent === ROOT) return index.root;
  const body = index.nodes.get(node.parent)?.bodies.find((one) => one.nodes.includes(node));
  return body ?? index.root;
}

function addAll(found: Map<NodeId, IndexedNode>, node: IndexedNode): void {
  found.set(node.id, node);
  for (const body of node.bodies) for (const child of body.nodes) addAll(found, child);
}

/** The place of a node behind a gate, relative to the gate: an instance in the gate's scope, or a template below one. */
export function placeBehind(gate: StepId, node: IndexedNode): StepId {
  // A node behind a gate of an inner pack may be outside of that pack, in an enclosing scope.
  for (let scope = scopeOf(gate); scope !== ''; scope = scopeOf(scope)) {
    const template = nodeOf(scope as StepId);
    if (node.id.startsWith(`${template}::`)) return joinScope<StepId>(scope, node.id.slice(template.length + 2));
  }
  return node.id as unknown as StepId;
}

/** A node and everything in it. */
export function nodesIn(node: IndexedNode): Iterable<NodeId> {
  const found = new Map<NodeId, IndexedNode>();
  addAll(found, node);
  return found.keys();
}

/** A node, its descendants, and everything that comes after it in its own and in enclosing scopes. */
export function nodesFrom(index: Nodes, node: IndexedNode): ReadonlySet<NodeId> {
  const found = new Map<NodeId, IndexedNode>();
  addAll(found, node);
  for (let at: IndexedNode | undefined = node; at; at = index.nodes.get(at.parent)) addDependents(index, found, at);
  return new Set(found.keys());
}
