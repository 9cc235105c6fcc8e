import { readsOfTemplate } from '../expression/json-template';
import { parseExpression } from '../expression/expression';
import type { Reference } from '../expression/inspect';
import { splitParameters } from './bind';
import type { Json } from '../foundation/json';
import type { IndexedNode } from '../plan/plan-index';

/** Everything that a node's expressions read, including those inside its items. */
export function readsOf(node: IndexedNode): readonly Reference[] {
  return [...outerReads(node), ...innerReads(node)];
}

/** True if a node reads the result of the previous iteration of its innermost enclosing loop. */
export function readsPrevious(node: IndexedNode): boolean {
  const reads = node.node.kind === 'loop' ? outerReads(node) : readsOf(node);
  return reads.some(({ root }) => root === 'previous');
}

/** What a node's expressions read in the node's own scope. */
function outerReads({ node }: IndexedNode): readonly Reference[] {
  const reads = node.when === null ? [] : [...readsOfExpression(node.when)];
  switch (node.kind) {
    case 'run':
      return [...reads, ...[splitParameters(node)[0], node.env as Json, node.files].flatMap(readsOfTemplate)];
    case 'map':
    case 'loop':
      return [...reads, ...readsOfTemplate(node.items)];
    case 'pack':
      return [...reads, ...readsOfTemplate(node.with)];
    case 'conditional':
      return [...reads, ...node.branches.flatMap(({ when }) => readsOfExpression(when))];
    case 'gate':
      return [...reads, ...[node.with, node.show, node.message].flatMap(readsOfTemplate)];
    default:
      return reads;
  }
}

/** What a node's expressions read inside its items. */
function innerReads({ node }: IndexedNode): readonly Reference[] {
  if (node.kind !== 'map' && node.kind !== 'loop') return [];
  const until = node.kind === 'loop' && node.until !== null ? readsOfExpression(node.until) : [];
  return [...readsOfTemplate(node.outputs ?? null), ...until];
}

function readsOfExpression(text: string): readonly Reference[] {
  const read = parseExpression(text);
  return read.kind === 'faults' ? [] : read.expression.reads;
}
