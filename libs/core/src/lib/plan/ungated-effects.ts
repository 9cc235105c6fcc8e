import { parseExpression } from '../expression/expression';
import { ExpressionError } from '../expression/expression-fault';
import type { NodeId } from '../foundation/ids';
import type { JsonObject } from '../foundation/json';
import { topological } from '../graph/graph';
import { knownInputs } from './inner-inputs';
import { joinScope } from './place';
import type { Block, Node, Plan } from './plan';

/** Steps with effects that no approval gate dominates (docs/guides/writing-packs.md, Gates), so that they may act without anyone's approval. In plan order. */
export function ungatedEffects(plan: Plan): readonly NodeId[] {
  const { ungated, all } = effectsIn(plan);
  return all.filter((id) => ungated.has(id));
}

/** All steps with effects, in plan order, and those of them that no approval gate dominates. */
export function effectsIn(plan: Plan): { readonly all: readonly NodeId[]; readonly ungated: ReadonlySet<NodeId> } {
  const ungated = new Set<NodeId>();
  const all: NodeId[] = [];
  visit(plan, plan.graph, '', false, ungated, all);
  return { all, ungated };
}

/** Visits a block; true if it ends only after an approval gate in it has opened. */
function visit(
  known: Known | null,
  block: Block,
  scope: string,
  outside: boolean,
  ungated: Set<NodeId>,
  all: NodeId[],
): boolean {
  const nodes = new Map(block.nodes.map((node) => [node.id, node]));
  const order = topological(new Map(block.nodes.map((node) => [node.id, node.needs])));
  const guarded = new Set<string>();
  const passing = new Set<string>();
  const found = new Map<string, readonly NodeId[]>();
  for (const id of order) {
    const node = nodes.get(id);
    if (node === undefined) continue;
    const behind = outside || node.needs.some((need) => guarded.has(need) || passing.has(need));
    if (behind) guarded.add(id);
    const mine: NodeId[] = [];
    if (passes(known, node, scope, behind, ungated, mine)) passing.add(id);
    found.set(id, mine);
  }
  for (const node of block.nodes) for (const one of found.get(node.id) ?? []) all.push(one);
  return passing.size > 0;
}

function passes(
  known: Known | null,
  node: Node,
  scope: string,
  behind: boolean,
  ungated: Set<NodeId>,
  all: NodeId[],
): boolean {
  const id = joinScope<NodeId>(scope, node.id);
  switch (node.kind) {
    case 'run':
      if (node.effects !== 'pure') all.push(id);
      if (node.effects !== 'pure' && !behind) ungated.add(id);
      return false;
    case 'gate':
      return node.policy === null && node.runOn !== 'failure' && alwaysApplies(known, node.when);
    case 'group':
    case 'parallel': {
      const passed = visit(known, node.body, scope, behind, ungated, all);
      return passed && node.when === null && node.runOn !== 'failure';
    }
    case 'map':
    case 'loop':
      visit(known, node.body, id, behind, ungated, all);
      return false;
    case 'pack': {
      const inner = knownInputs(node, known && { inputs: known.inputs, pack: shownPack(known.pack) });
      const passed = visit(inner && { inputs: inner, pack: node.pack }, node.body, id, behind, ungated, all);
      return passed && node.when === null && node.runOn !== 'failure';
    }
    case 'conditional':
      for (const body of [...node.branches.map((branch) => branch.body), ...(node.otherwise ? [node.otherwise] : [])])
        visit(known, body, scope, behind, ungated, all);
      return false;
  }
}

/** Paths that the `when` of a gate may read. */
export interface Known {
  readonly inputs: JsonObject;
  readonly pack: { readonly name: string; readonly version: string };
}

function shownPack({ name, version }: Known['pack']): JsonObject {
  return { name, version };
}

/**
 * True if the `when` of a gate, which reads only inputs and pack, is true for these inputs; false if they are not known. Sensitive inputs
 * are not known here.
 */
export function alwaysApplies(known: Known | null, when: string | null): boolean {
  if (when === null) return true;
  if (known === null) return false;
  const parsed = parseExpression(when);
  if (parsed.kind === 'faults') return false;
  const { inputs, pack } = known;
  const sensitive = parsed.expression.reads.some(
    ({ root, path: [name] }) => root === 'inputs' && (typeof name !== 'string' || isSensitive(inputs[name])),
  );
  if (sensitive) return false;
  try {
    return parsed.expression.evaluate({ inputs, pack: shownPack(pack) }) === true;
  } catch (error) {
    if (ExpressionError.is(error)) return false;
    throw error;
  }
}

function isSensitive(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { readonly sensitive?: unknown }).sensitive === true;
}
