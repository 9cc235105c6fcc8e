import type { NodeId } from '../foundation/ids';
import { joinScope } from './place';
import type { Block, Plan } from './plan';

/** Steps that may act only once. Only their outcome shows whether they have acted. In plan order. */
export function onceSteps(plan: Plan): readonly NodeId[] {
  return onceIn(plan.graph, '');
}

function onceIn(block: Block, scope: string): readonly NodeId[] {
  return block.nodes.flatMap((node): readonly NodeId[] => {
    const id = joinScope<NodeId>(scope, node.id);
    switch (node.kind) {
      case 'run':
        return node.effects === 'once' ? [id] : [];
      case 'gate':
        return [];
      case 'group':
      case 'parallel':
        return onceIn(node.body, scope);
      case 'map':
      case 'loop':
      case 'pack':
        return onceIn(node.body, id);
      case 'conditional':
        return [...node.branches.map(({ body }) => body), ...(node.otherwise ? [node.otherwise] : [])].flatMap((body) =>
          onceIn(body, scope),
        );
    }
  });
}
