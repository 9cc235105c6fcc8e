import type { ExpressionFault } from './expression-fault';
import type { SyntaxNode } from './syntax';

/** Assumed number of elements of a list of unknown length. */
const ASSUMED_ITEMS = 100;
/** Maximum accepted estimate: about four nested lists. */
const MAX_ESTIMATE = 1_000_000_000;

/** `EXPR_COST` if the estimate exceeds the limit. The steps that the values really take are counted during evaluation. */
export function costFault(node: SyntaxNode): ExpressionFault | null {
  const steps = estimateCost(node);
  if (steps <= MAX_ESTIMATE) return null;
  return {
    code: 'EXPR_COST',
    message: `the expression may take ${steps.toExponential(1)} steps, more than ${MAX_ESTIMATE.toExponential(0)}`,
    remediation: 'reduce the nesting of lists, or split the expression over several steps',
    offset: node.at,
  };
}

/** Estimated number of steps of an expression if every list has `ASSUMED_ITEMS` elements. Nested lists multiply. */
export function estimateCost(node: SyntaxNode): number {
  switch (node.kind) {
    case 'literal':
    case 'field':
    case 'current':
    case 'root':
    case 'variable':
      return 1;
    case 'index':
      return 1 + estimateCost(node.left);
    case 'reference':
      return estimateCost(node.body);
    case 'not':
    case 'sign':
      return 1 + estimateCost(node.operand);
    case 'sub':
    case 'pipe':
    case 'binary':
      return 1 + estimateCost(node.left) + estimateCost(node.right);
    case 'choice':
      return 1 + estimateCost(node.condition) + Math.max(estimateCost(node.yes), estimateCost(node.no));
    case 'list':
      return 1 + total(node.items);
    case 'hash':
      return 1 + total(node.entries.map(({ value }) => value));
    case 'let':
      return total(node.bindings.map(({ value }) => value)) + estimateCost(node.body);
    case 'project': {
      const condition = node.selection.kind === 'filter' ? estimateCost(node.selection.condition) : 0;
      return 1 + estimateCost(node.left) + ASSUMED_ITEMS * (1 + condition + estimateCost(node.right));
    }
    case 'call': {
      const selectors = node.args.filter((arg) => arg.kind === 'reference');
      const values = node.args.filter((arg) => arg.kind !== 'reference');
      return ASSUMED_ITEMS + total(values) + ASSUMED_ITEMS * total(selectors);
    }
  }
}

const total = (nodes: readonly SyntaxNode[]): number => nodes.reduce((sum, node) => sum + estimateCost(node), 0);
