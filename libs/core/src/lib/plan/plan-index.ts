import type { Digest, NodeId, StepId } from '../foundation/ids';
import { isItem, nodeOf, repeatOf, ROOT, scopeOf, joinScope } from './place';
import { innerFolder } from '../pack/inner-pack';
import type { Block, Node, PackNode, Plan, RunNode } from './plan';
import type { ApprovalFloor, Environment, ProfileDefaults } from './profile';

/** A list of siblings with precomputed data for the machine. */
export interface IndexedBlock {
  readonly block: Block;
  readonly nodes: readonly IndexedNode[];
  /** 0 = no limit. */
  readonly maxParallel: number;
}

/** A node with its place in the plan. */
export interface IndexedNode {
  readonly id: NodeId;
  readonly name: string;
  readonly node: Node;
  readonly parent: NodeId;
  /** From 0, among its siblings. */
  readonly place: number;
  /** Names of siblings that wait for it. */
  readonly dependents: readonly string[];
  /** Its child blocks; a conditional has one per branch and then `else`. */
  readonly bodies: readonly IndexedBlock[];
}

/** Data derived from a plan, once per process. It is never hashed and never stored. */
export interface PlanIndex {
  readonly plan: Plan;
  readonly planHash: Digest;
  readonly defaults: ProfileDefaults;
  readonly approvalFloor: ApprovalFloor;
  /** Version of the run machine with which the run was admitted (`Environment`). */
  readonly machine: number;
  readonly root: IndexedBlock;
  readonly nodes: ReadonlyMap<NodeId, IndexedNode>;
}

/** Indexes a plan under the defaults of its admitted profile, and the floor and the run machine of its environment. */
export function indexPlan(
  plan: Plan,
  planHash: Digest,
  defaults: ProfileDefaults,
  { machine, approvals }: Pick<Environment, 'machine' | 'approvals'>,
): PlanIndex {
  return { plan, planHash, defaults, approvalFloor: approvals.floor, machine, ...indexNodes(plan, defaults) };
}

/** The nodes of a plan. Defaults without `retries` leave the retries as planned. */
export function indexNodes(
  plan: Pick<Plan, 'graph'>,
  defaults: Pick<ProfileDefaults, 'maxParallel' | 'retries'>,
): Pick<PlanIndex, 'root' | 'nodes'> {
  const nodes = new Map<NodeId, IndexedNode>();
  const effective = withRetryDefaults(defaults);
  const indexBlock = (block: Block, parent: NodeId, scope: string, unlimited: number): IndexedBlock => {
    const waiting = new Map<string, string[]>(block.nodes.map((node) => [node.id, []]));
    for (const node of block.nodes) for (const need of node.needs) waiting.get(need)?.push(node.id);
    const indexed = block.nodes.map((node, place) => {
      const id = joinScope<NodeId>(scope, node.id);
      const entry: IndexedNode = {
        id,
        name: node.id,
        node: node.kind === 'run' ? effective(node, id) : node,
        parent,
        place,
        dependents: waiting.get(node.id) ?? [],
        bodies: bodiesOf(node, id, scope),
      };
      nodes.set(id, entry);
      return entry;
    });
    return { block, nodes: indexed, maxParallel: block.maxParallel ?? unlimited };
  };
  const bodiesOf = (node: Node, id: NodeId, scope: string): IndexedBlock[] => {
    switch (node.kind) {
      case 'run':
      case 'gate':
        return [];
      case 'group':
        return [indexBlock(node.body, id, scope, 0)];
      case 'parallel':
        return [indexBlock(node.body, id, scope, defaults.maxParallel)];
      case 'map':
      case 'loop':
      case 'pack':
        return [indexBlock(node.body, id, id, 0)];
      case 'conditional':
        return [...node.branches.map((branch) => branch.body), ...(node.otherwise ? [node.otherwise] : [])].map(
          (body) => indexBlock(body, id, scope, 0),
        );
    }
  };
  const root = indexBlock(plan.graph, ROOT, '', 0);
  return { root, nodes };
}

/** A node with the defaults of its run. Derived, never hashed. */
function withRetryDefaults(defaults: Pick<ProfileDefaults, 'retries'>): (node: RunNode, id: NodeId) => RunNode {
  const { retries } = defaults;
  if (retries === undefined) return (node) => node;
  const taken = new Set(retries.nodes);
  const { maxAttempts, backoffMs, maxBackoffMs } = retries;
  return (node, id) =>
    taken.has(id) ? { ...node, retries: { ...node.retries, maxAttempts, backoffMs, maxBackoffMs } } : node;
}

/** The node of a step. Throws a `TypeError` if the plan has none, because the step id belongs to another plan. */
export function nodeAt(index: Pick<PlanIndex, 'nodes'>, step: StepId): IndexedNode {
  const node = index.nodes.get(nodeOf(step));
  if (!node) throw new TypeError('no such step in the plan');
  return node;
}

/** The container of a step instance: the root for children of the root, the map for an item. */
export function parentOf(index: PlanIndex, step: StepId): StepId {
  if (isItem(step)) return repeatOf(step);
  const { parent } = nodeAt(index, step);
  if (parent === ROOT) return ROOT;
  const above = index.nodes.get(parent);
  if (above && ownsScope(above.node)) return scopeOf(step) as StepId;
  return joinScope<StepId>(scopeOf(step), above?.name ?? '');
}

/** The siblings below a container instance. `branch` selects one of a conditional's blocks. */
export function blockOf(index: PlanIndex, container: StepId, branch = 0): IndexedBlock {
  if (container === ROOT) return index.root;
  const body = nodeAt(index, container).bodies[branch];
  if (!body) throw new TypeError('not a container');
  return body;
}

/** The instances below a container, in plan order. */
export function childrenOf(index: PlanIndex, container: StepId, branch = 0): readonly StepId[] {
  const scope = scopeBelow(index, container);
  return blockOf(index, container, branch).nodes.map((node) => joinScope<StepId>(scope, node.name));
}

/** The scope of a container's children: an item and an inner pack are their own scope; for other containers it is the container's scope. */
export function scopeBelow(index: PlanIndex, container: StepId): string {
  if (container === ROOT || isItem(container)) return container;
  return nodeAt(index, container).node.kind === 'pack' ? container : scopeOf(container);
}

/** A child's place below a container's instance. */
export function childOf(index: PlanIndex, container: StepId, name: string): StepId {
  return joinScope<StepId>(scopeBelow(index, container), name);
}

/** The innermost inner pack around a place; null in the pack of the run itself. */
export function packAround(index: PlanIndex, step: StepId): StepId | null {
  for (let at: string = isItem(step) ? step : scopeOf(step); at !== ''; at = scopeOf(at))
    if (isPack(index, at)) return at as StepId;
  return null;
}

/** True for the scope of an inner pack's steps. Names of enclosing scopes are not visible in it. */
export function isPack(index: PlanIndex, scope: string): boolean {
  return scope !== '' && !isItem(scope as StepId) && index.nodes.get(nodeOf(scope as StepId))?.node.kind === 'pack';
}

/** The inner pack at a place. Throws a `TypeError` if there is none. */
export function packNodeAt(index: PlanIndex, step: StepId): PackNode {
  const { node } = nodeAt(index, step);
  if (node.kind !== 'pack') throw new TypeError('not an inner pack');
  return node;
}

/** Folder of the files of a step's pack among those of the run: `''`, or a folder with a trailing slash. */
export function packFolderOf(index: PlanIndex, step: StepId): string {
  const pack = packAround(index, step);
  return pack === null ? '' : innerFolder(packFolderOf(index, pack), packNodeAt(index, pack).uses);
}

function ownsScope({ kind }: Node): boolean {
  return kind === 'map' || kind === 'loop' || kind === 'pack';
}

/** The run node behind a leaf. */
export function runNodeAt(index: PlanIndex, step: StepId): RunNode {
  const { node } = nodeAt(index, step);
  if (node.kind !== 'run') throw new TypeError('not a run step');
  return node;
}

/** True if the attempt of this leaf is executed inside the driver, so that it may run before the commit. */
export function isAhead(node: RunNode): boolean {
  return node.effects === 'pure';
}
