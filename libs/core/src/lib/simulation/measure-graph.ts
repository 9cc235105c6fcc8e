import type { NodeId } from '../foundation/ids';
import { criticalPath as longestPath } from '../graph/graph';
import { levelsOf } from '../plan/order';
import { joinScope } from '../plan/place';
import type { Block, Node } from '../plan/plan';

/**
 * The longest chain of leaves that wait for each other, first to last; a map counts as one turn of its body, and of what is passed over
 * (`runs` says what is not) only the waits count.
 */
export function criticalPath(block: Block, runs: (node: NodeId) => boolean, scope = ''): readonly NodeId[] {
  const pathOf = (node: Node): readonly NodeId[] => {
    const id = joinScope<NodeId>(scope, node.id);
    if (!runs(id)) return [];
    switch (node.kind) {
      case 'run':
      case 'gate':
        return [id];
      case 'group':
      case 'parallel':
        return criticalPath(node.body, runs, scope);
      case 'map':
      case 'loop':
      case 'pack':
        return criticalPath(node.body, runs, id);
      case 'conditional':
        return bodiesOf(node).reduce<readonly NodeId[]>((longest, body) => {
          const path = criticalPath(body, runs, scope);
          return path.length > longest.length ? path : longest;
        }, []);
    }
  };
  const paths = new Map(block.nodes.map((node) => [node.id, pathOf(node)]));
  const chain = longestPath(needsOf(block), (id) => paths.get(id)?.length ?? 0);
  return chain.flatMap((id) => paths.get(id) ?? []);
}

/** How many leaves can be under way at once at most, by levels of each list; `countOf` says how many items a map has. */
export function widestPoint(block: Block, defaultWidth: number, countOf: (map: NodeId) => number, scope = ''): number {
  const widthOf = (node: Node): number => {
    const id = joinScope<NodeId>(scope, node.id);
    switch (node.kind) {
      case 'run':
      case 'gate':
        return 1;
      case 'group':
      case 'parallel':
        return widestPoint(node.body, defaultWidth, countOf, scope);
      case 'map':
        return Math.min(node.width ?? defaultWidth, countOf(id)) * widestPoint(node.body, defaultWidth, countOf, id);
      case 'loop':
      case 'pack':
        return widestPoint(node.body, defaultWidth, countOf, id);
      case 'conditional':
        return Math.max(0, ...bodiesOf(node).map((body) => widestPoint(body, defaultWidth, countOf, scope)));
    }
  };
  const levels = levelsOf(needsOf(block));
  const atLevel = new Map<number, number[]>();
  for (const node of block.nodes) {
    const level = levels.get(node.id) ?? 0;
    const widths = atLevel.get(level);
    if (widths === undefined) atLevel.set(level, [widthOf(node)]);
    else widths.push(widthOf(node));
  }
  const limit = block.maxParallel === null ? defaultWidth : block.maxParallel === 0 ? Infinity : block.maxParallel;
  let widest = 0;
  for (const widths of atLevel.values()) {
    const together = widths.sort((a, b) => b - a).slice(0, Math.min(limit, widths.length));
    widest = Math.max(
      widest,
      together.reduce((sum, width) => sum + width, 0),
    );
  }
  return widest;
}

function needsOf(block: Block): ReadonlyMap<string, readonly string[]> {
  return new Map(block.nodes.map((node) => [node.id, node.needs]));
}

function bodiesOf(node: Extract<Node, { kind: 'conditional' }>): readonly Block[] {
  return [...node.branches.map(({ body }) => body), ...(node.otherwise ? [node.otherwise] : [])];
}
