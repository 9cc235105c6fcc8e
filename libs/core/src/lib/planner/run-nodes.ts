import type { Block, RunNode } from '../plan/plan';

/** Every run node below a block, in plan order. */
export function* runNodesIn(block: Block): Iterable<RunNode> {
  for (const node of block.nodes) {
    if (node.kind === 'run') yield node;
    else if (node.kind === 'conditional')
      for (const body of [...node.branches.map((branch) => branch.body), ...(node.otherwise ? [node.otherwise] : [])])
        yield* runNodesIn(body);
    else if (node.kind !== 'gate') yield* runNodesIn(node.body);
  }
}
