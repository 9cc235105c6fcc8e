import type { NodeId } from '../foundation/ids';
import { effectsIn } from './ungated-effects';
import { joinScope } from './place';
import type { Block, Effects, Node, Plan } from './plan';

/** A node of a template graph. */
export interface GraphNode {
  readonly id: NodeId;
  /** Its own name, without the enclosing maps and loops. */
  readonly name: string;
  /** Display name from the author. */
  readonly label: string | null;
  readonly kind: Node['kind'];
  /** Its container; `''`: none. */
  readonly parent: NodeId;
  /** Branch, for children of a conditional; otherwise null. */
  readonly branch: number | 'else' | null;
  /** Names of the siblings that it waits for. */
  readonly needs: readonly string[];
  readonly when: string | null;
  readonly uses: string | null;
  readonly effects: Effects | null;
  /** For steps with effects: true if an approval gate must open first; otherwise null. */
  readonly gated: boolean | null;
  readonly approval: string | null;
  readonly policy: string | null;
  /** Worker labels that it requires. */
  readonly workers: readonly string[];
}

/** The template graph of a plan: every node once, maps and loops unexpanded, in plan order. */
export interface PlanGraph {
  readonly planHash: string;
  readonly nodes: readonly GraphNode[];
  /** Edges by node ids: `to` begins when `from` has ended. */
  readonly edges: readonly { readonly from: NodeId; readonly to: NodeId }[];
}

/** The template graph of a plan. Pure. */
export function graphOf(plan: Plan, planHash: string): PlanGraph {
  const { ungated } = effectsIn(plan);
  const nodes: GraphNode[] = [];
  const edges: { from: NodeId; to: NodeId }[] = [];
  const visit = (block: Block, scope: string, parent: NodeId, branch: GraphNode['branch']): void => {
    for (const node of block.nodes) {
      const id = joinScope<NodeId>(scope, node.id);
      const acts = node.kind === 'run' && node.effects !== 'pure';
      nodes.push({
        id,
        name: node.id,
        label: node.name,
        kind: node.kind,
        parent,
        branch,
        needs: [...node.needs],
        when: node.when,
        uses: node.kind === 'run' || node.kind === 'pack' ? node.uses : null,
        effects: node.kind === 'run' ? node.effects : null,
        gated: acts ? !ungated.has(id) : null,
        approval: node.kind === 'gate' ? node.approval : null,
        policy: node.kind === 'gate' ? node.policy : null,
        workers: [...node.workers],
      });
      for (const need of node.needs) edges.push({ from: joinScope<NodeId>(scope, need), to: id });
      for (const { body, branch: of, scope: inside } of bodiesOf(node, id, scope)) visit(body, inside, id, of);
    }
  };
  visit(plan.graph, '', '' as NodeId, null);
  return { planHash, nodes, edges };
}

interface Body {
  readonly body: Block;
  readonly branch: GraphNode['branch'];
  readonly scope: string;
}

/** The lists inside a node. */
function bodiesOf(node: Node, id: NodeId, scope: string): readonly Body[] {
  switch (node.kind) {
    case 'run':
    case 'gate':
      return [];
    case 'group':
    case 'parallel':
      return [{ body: node.body, branch: null, scope }];
    case 'map':
    case 'loop':
    case 'pack':
      return [{ body: node.body, branch: null, scope: id }];
    case 'conditional': {
      const taken = node.branches.map(({ body }, branch): Body => ({ body, branch, scope }));
      return node.otherwise ? [...taken, { body: node.otherwise, branch: 'else', scope }] : taken;
    }
  }
}

/** The label of a node's box: its name and, in a second line, its kind. */
export function captionOf(node: GraphNode): { readonly title: string; readonly detail: string } {
  const title = node.label ?? node.name;
  switch (node.kind) {
    case 'run': {
      const effects = node.effects === 'pure' || node.effects === null ? '' : `, ${node.effects}`;
      return { title, detail: `${node.uses ?? ''}${effects}${node.gated === false ? ', ungated' : ''}` };
    }
    case 'gate':
      return {
        title,
        detail: [
          ...(node.policy === null ? [] : [`policy ${node.policy}`]),
          ...(node.approval === null ? [] : [`approval ${node.approval}`]),
        ].join(', '),
      };
    case 'map':
      return { title, detail: 'map: for each item' };
    case 'loop':
      return { title, detail: 'loop: again and again' };
    case 'pack':
      return { title, detail: node.uses ?? '' };
    case 'group':
    case 'parallel':
    case 'conditional':
      return { title, detail: node.kind };
  }
}
