import { graphlib, layout } from '@dagrejs/dagre';
import type { GraphNode } from '@taskrunner/client';

/** What is drawn of a node of a plan. */
export type DrawnNode = Readonly<
  Pick<
    GraphNode,
    | 'id'
    | 'name'
    | 'label'
    | 'kind'
    | 'parent'
    | 'branch'
    | 'when'
    | 'uses'
    | 'effects'
    | 'gated'
    | 'approval'
    | 'policy'
  >
>;

/** The graph of a plan: of the API, or planned in the browser. */
export interface PlanGraph {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** A node with its place in its container. */
interface PlacedNode {
  readonly node: DrawnNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** A container whose nodes are drawn inside it. */
  readonly isOpen: boolean;
}

/** A graph as it is drawn: containers come before their nodes. */
export interface PlacedGraph {
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** Containers whose nodes run once, so that they are drawn inside. A map, loop or inner pack is one node with counts. */
const OPEN: ReadonlySet<string> = new Set(['group', 'parallel', 'conditional']);
const NODE_WIDTH = 208;
const NODE_HEIGHT = 62;
const HEAD = 30;
const PADDING = 14;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The nodes that are drawn: those that no map, loop or inner pack encloses. */
export function drawnNodes(graph: PlanGraph): readonly DrawnNode[] {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const isDrawn = ({ parent }: DrawnNode): boolean => {
    const container = byId.get(parent);
    return container === undefined || (OPEN.has(container.kind) && isDrawn(container));
  };
  return graph.nodes.filter(isDrawn);
}

/** Lays a graph out from top to bottom. Each container is laid out, and is then one node of what encloses it. */
export function layoutGraph(graph: PlanGraph): PlacedGraph {
  const nodes = drawnNodes(graph);
  const children = new Map<string, DrawnNode[]>();
  for (const node of nodes) children.set(node.parent, [...(children.get(node.parent) ?? []), node]);
  const placed: PlacedNode[] = [];
  const drawn = new Set(nodes.map(({ id }) => id));
  const edges = graph.edges.filter(({ from, to }) => drawn.has(from) && drawn.has(to));
  place('', children, edges, placed);
  // A container is drawn before what is in it.
  return { nodes: placed.toReversed(), edges };
}

function place(
  parent: string,
  children: ReadonlyMap<string, readonly DrawnNode[]>,
  edges: PlacedGraph['edges'],
  placed: PlacedNode[],
): Size {
  const inside = children.get(parent) ?? [];
  const sizes = new Map(
    inside.map((node): [string, Size] => {
      if (!OPEN.has(node.kind)) return [node.id, { width: NODE_WIDTH, height: NODE_HEIGHT }];
      const { width, height } = place(node.id, children, edges, placed);
      return [node.id, { width: Math.max(NODE_WIDTH, width + 2 * PADDING), height: height + HEAD + PADDING }];
    }),
  );
  const picture = new graphlib.Graph();
  picture.setGraph({ rankdir: 'TB', nodesep: 24, ranksep: 36 });
  picture.setDefaultEdgeLabel(() => ({}));
  for (const { id } of inside) picture.setNode(id, { ...sizes.get(id) });
  for (const { from, to } of edges) if (sizes.has(from) && sizes.has(to)) picture.setEdge(from, to);
  layout(picture);
  const [left, top] = parent === '' ? [0, 0] : [PADDING, HEAD];
  for (const node of inside.toReversed()) {
    const { x, y, width, height } = picture.node(node.id) as { x: number; y: number; width: number; height: number };
    placed.push({ node, x: left + x - width / 2, y: top + y - height / 2, width, height, isOpen: OPEN.has(node.kind) });
  }
  const { width = 0, height = 0 } = picture.graph() as Partial<Size>;
  return { width, height };
}
