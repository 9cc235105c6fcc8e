import type { Json } from '../foundation/json';
import { canonical } from '../canonical/canonical';
import { OPERATOR_POWER, POWER } from './binding-power';
import { isBareName, type NodeOf, type SyntaxNode } from './syntax';

const BARE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const BARE_AFTER_DOT = /^[A-Za-z_][A-Za-z0-9_]*(?:-+[A-Za-z0-9_]+)*$/;
/** Binds more strongly than any operator, so it needs no parentheses before a dot or a bracket. */
const TIGHT = POWER.path;
/** Just above an operator's power and below the next one's, because operators group to the left. */
const ABOVE = 0.25;

/**
 * The canonical text of an expression: one spelling per tree (`and`, `or`, `not`, `'text'`, bare numbers, single spaces), and reading it
 * gives the same tree again. It is what the plan hash covers.
 */
export function printNode(node: SyntaxNode): string {
  switch (node.kind) {
    case 'literal':
      return literal(node.value);
    case 'field':
      return isBareName(node.name) ? node.name : canonical(node.name);
    case 'current':
      return '@';
    case 'root':
      return '$';
    case 'variable':
      return `$${node.name}`;
    case 'sub':
    case 'index':
    case 'project':
      return path(node);
    case 'list':
      return list(node);
    case 'hash':
      return hash(node);
    case 'call':
      return `${node.name}(${node.args.map(printNode).join(', ')})`;
    case 'reference':
      return `&${printNode(node.body)}`;
    case 'not':
      return `not ${parenthesized(node.operand, POWER.compare)}`;
    case 'sign':
      return `${node.negative ? '-' : '+'}${parenthesized(node.operand, POWER.flatten)}`;
    case 'binary': {
      const power = OPERATOR_POWER[node.operator];
      return `${parenthesized(node.left, power)} ${node.operator} ${parenthesized(node.right, power + ABOVE)}`;
    }
    case 'pipe':
      return `${parenthesized(node.left, POWER.pipe)} | ${parenthesized(node.right, POWER.pipe + ABOVE)}`;
    case 'choice':
      return `${parenthesized(node.condition, POWER.choice + ABOVE)} ? ${parenthesized(node.yes, POWER.choice)} : ${parenthesized(node.no, POWER.choice)}`;
    case 'let':
      return `let ${node.bindings.map(({ name, value }) => `$${name} = ${parenthesized(value, POWER.pipe)}`).join(', ')} in ${printNode(node.body)}`;
  }
}

function powerOf(node: SyntaxNode): number {
  switch (node.kind) {
    case 'binary':
      return OPERATOR_POWER[node.operator];
    case 'pipe':
      return POWER.pipe;
    case 'choice':
      return POWER.choice;
    case 'let':
      return 0;
    case 'not':
      return POWER.compare - 0.5;
    case 'sign':
      return POWER.multiply + 0.5;
    case 'project':
      return POWER.flatten + 0.5;
    case 'literal':
      return typeof node.value === 'number' ? POWER.multiply + 0.5 : TIGHT;
    default:
      return TIGHT;
  }
}

function parenthesized(node: SyntaxNode, power: number): string {
  return powerOf(node) < power ? `(${printNode(node)})` : printNode(node);
}

function path(node: SyntaxNode): string {
  switch (node.kind) {
    case 'sub':
      return base(node.left) + relative(node.right);
    case 'index':
      return (node.left.kind === 'current' ? '' : base(node.left)) + `[${node.index}]`;
    case 'project': {
      const flatten = node.selection.kind === 'flatten';
      const left =
        node.left.kind === 'current' ? '' : flatten ? parenthesized(node.left, POWER.flatten) : base(node.left);
      const selected = selection(node);
      return (left === '' && node.selection.kind === 'values' ? '*' : left + selected) + relative(node.right);
    }
    default:
      return parenthesized(node, TIGHT);
  }
}

function base(node: SyntaxNode): string {
  return parenthesized(node, TIGHT);
}

/** The text of a node that is applied to a preceding element: `.name`, `[0]`, or nothing for the element itself. */
function relative(node: SyntaxNode): string {
  switch (node.kind) {
    case 'current':
      return '';
    case 'field':
      return `.${BARE_AFTER_DOT.test(node.name) ? node.name : canonical(node.name)}`;
    case 'list':
      return `.${list(node)}`;
    case 'hash':
      return `.${hash(node)}`;
    case 'sub':
      return relative(node.left) + relative(node.right);
    case 'index':
      return `${relative(node.left)}[${node.index}]`;
    case 'project':
      return relative(node.left) + selection(node) + relative(node.right);
    default:
      return `.${printNode(node)}`;
  }
}

function selection({ selection: how }: NodeOf<'project'>): string {
  switch (how.kind) {
    case 'all':
      return '[*]';
    case 'values':
      return '.*';
    case 'flatten':
      return '[]';
    case 'filter':
      return `[?${printNode(how.condition)}]`;
    case 'slice':
      return `[${how.start ?? ''}:${how.stop ?? ''}${how.step === null || how.step === 1 ? '' : `:${how.step}`}]`;
  }
}

function list(node: NodeOf<'list'>): string {
  const items = node.items.map(printNode).join(', ');
  // At the beginning of a value, `[1]` is an index. A list of one number must be written so that it is not taken for one.
  const [only] = node.items;
  return node.items.length === 1 && only?.kind === 'literal' && typeof only.value === 'number'
    ? `[(${items})]`
    : `[${items}]`;
}

function hash(node: NodeOf<'hash'>): string {
  return `{${node.entries.map(({ name, value }) => `${BARE.test(name) ? name : canonical(name)}: ${printNode(value)}`).join(', ')}}`;
}

function literal(value: Json): string {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`;
  if (value === null || typeof value !== 'object') return canonical(value);
  return `\`${canonical(value).replaceAll('`', '\\`')}\``;
}
