import { isJsonArray, isJsonObject, type Json } from '../foundation/json';
import { ExpressionError, type ExpressionErrorCode } from './expression-fault';
import type { Selector } from './function-spec';
import { arityFault, functionNamed } from './functions';
import { Meter, sameValue, sortedNames } from './meter';
import type { NodeOf, SyntaxNode } from './syntax';
import { describeType, kindOf, type ValueKind } from './static-type';

/**
 * The value of an expression over `scope`, whose members are the roots. It is pure, and its steps are counted: the same scope gives the
 * same value or the same error on every machine. Throws an `ExpressionError` whose offset is in the text the node was parsed from.
 */
export function evaluateNode(node: SyntaxNode, scope: Json, meter: Meter = new Meter()): Json {
  const evaluator = new Evaluator(scope, meter);
  const value = evaluator.visit(node, scope, new Map());
  meter.value(value);
  return value;
}

type Variables = ReadonlyMap<string, Json>;

class Evaluator {
  constructor(
    private readonly scope: Json,
    private readonly meter: Meter,
  ) {}

  visit(node: SyntaxNode, current: Json, variables: Variables): Json {
    this.meter.spend(1);
    switch (node.kind) {
      case 'literal':
        return node.value;
      case 'current':
        return current;
      case 'root':
        return this.scope;
      case 'field':
        return isJsonObject(current) && Object.hasOwn(current, node.name) ? (current[node.name] ?? null) : null;
      case 'variable':
        if (!variables.has(node.name))
          refuse('EXPR_UNKNOWN_NAME', `there is no variable $${node.name}`, 'bind it with let', node.at);
        return variables.get(node.name) ?? null;
      case 'index': {
        const list = this.visit(node.left, current, variables);
        return isJsonArray(list) ? (list.at(node.index) ?? null) : null;
      }
      case 'sub': {
        const left = this.visit(node.left, current, variables);
        return left === null ? null : this.visit(node.right, left, variables);
      }
      case 'pipe':
        return this.visit(node.right, this.visit(node.left, current, variables), variables);
      case 'project':
        return this.project(node, this.visit(node.left, current, variables), variables);
      case 'list':
        return node.items.map((item) => this.visit(item, current, variables));
      case 'hash':
        return Object.fromEntries(node.entries.map(({ name, value }) => [name, this.visit(value, current, variables)]));
      case 'call':
        return this.call(node, current, variables);
      case 'reference':
        return refuse(
          'EXPR_ARGUMENTS',
          'an & expression is no value',
          'give it to a function such as sort_by',
          node.at,
        );
      case 'not':
        return !this.boolean(node.operand, '`not`', current, variables);
      case 'sign': {
        const value = this.number(node.operand, node.negative ? '`-`' : '`+`', current, variables);
        return node.negative ? 0 - value : value;
      }
      case 'binary':
        return this.binary(node, current, variables);
      case 'choice':
        return this.boolean(node.condition, '`?`', current, variables)
          ? this.visit(node.yes, current, variables)
          : this.visit(node.no, current, variables);
      case 'let': {
        const inner = new Map(variables);
        for (const { name, value } of node.bindings) inner.set(name, this.visit(value, current, variables));
        return this.visit(node.body, current, inner);
      }
    }
  }

  private boolean(node: SyntaxNode, what: string, current: Json, variables: Variables): boolean {
    const value = this.visit(node, current, variables);
    if (typeof value === 'boolean') return value;
    return refuse(
      'EXPR_TYPE',
      `${what} takes a boolean, not ${named(value)}`,
      'compare it, such as `x == true`',
      node.at,
    );
  }

  private number(node: SyntaxNode, what: string, current: Json, variables: Variables): number {
    const value = this.visit(node, current, variables);
    if (typeof value === 'number') return value;
    return refuse(
      'EXPR_TYPE',
      `${what} takes a number, not ${named(value)}`,
      'give a default, such as (x || 0)',
      node.at,
    );
  }

  private project(node: NodeOf<'project'>, base: Json, variables: Variables): Json {
    const { selection, right } = node;
    if (selection.kind === 'slice' && typeof base === 'string') {
      this.meter.spend(base.length);
      return this.visit(right, slice([...base], selection).join(''), variables);
    }
    let elements: readonly Json[];
    if (selection.kind === 'values') {
      if (!isJsonObject(base)) return null;
      elements = sortedNames(base, this.meter).map((name) => base[name] ?? null);
    } else {
      if (!isJsonArray(base)) return null;
      if (selection.kind === 'flatten') this.meter.spend(base.length);
      elements =
        selection.kind === 'slice' ? slice(base, selection) : selection.kind === 'flatten' ? base.flat() : base;
    }
    this.meter.spend(elements.length);
    const found: Json[] = [];
    for (const element of elements) {
      if (selection.kind === 'filter' && !this.boolean(selection.condition, 'a filter', element, variables)) continue;
      const value = this.visit(right, element, variables);
      if (value !== null) found.push(value);
    }
    return found;
  }

  private binary(node: NodeOf<'binary'>, current: Json, variables: Variables): Json {
    const { operator } = node;
    switch (operator) {
      case 'and':
        return (
          this.boolean(node.left, '`and`', current, variables) && this.boolean(node.right, '`and`', current, variables)
        );
      case 'or': {
        const left = this.visit(node.left, current, variables);
        if (left === null) return this.visit(node.right, current, variables);
        return left === false ? this.boolean(node.right, '`or` after a boolean', current, variables) : left;
      }
      case '==':
      case '!=': {
        const [left, right] = [this.visit(node.left, current, variables), this.visit(node.right, current, variables)];
        return sameValue(left, right, this.meter) === (operator === '==');
      }
      default: {
        const left = this.number(node.left, `\`${operator}\``, current, variables);
        const right = this.number(node.right, `\`${operator}\``, current, variables);
        const result = calculate(operator, left, right);
        if (typeof result === 'boolean' || Number.isFinite(result)) return result;
        return refuse(
          'EXPR_VALUE',
          right === 0 ? 'a division by zero' : 'the number is too large',
          'check the operands',
          node.at,
        );
      }
    }
  }

  private call(node: NodeOf<'call'>, current: Json, variables: Variables): Json {
    const spec = functionNamed(node.name);
    if (spec === undefined)
      return refuse('EXPR_UNKNOWN_FUNCTION', `there is no function \`${node.name}\``, 'check its name', node.at);
    const arity = arityFault(spec, node.args.length);
    if (arity !== null)
      refuse('EXPR_ARGUMENTS', `\`${node.name}\` ${arity}`, 'give it the arguments it takes', node.at);
    const where = (place: number): string => `argument ${place + 1} of \`${node.name}\``;
    let select: Selector = (element) => element;
    const values = node.args.map((arg, place): Json => {
      const parameter = spec.parameters[Math.min(place, spec.parameters.length - 1)];
      if (parameter?.kind === 'selector') {
        if (arg.kind !== 'reference')
          return refuse('EXPR_ARGUMENTS', `${where(place)} is an & expression`, 'write & before it', arg.at);
        select = (element) => {
          const value = this.visit(arg.body, element, variables);
          allow(value, parameter.kinds, where(place), arg.at);
          return value;
        };
        return null;
      }
      const value = this.visit(arg, current, variables);
      if (parameter !== undefined) allow(value, parameter.kinds, where(place), arg.at);
      if (isJsonObject(value)) this.meter.spend(Object.keys(value).length);
      if (isJsonArray(value)) {
        this.meter.spend(value.length);
        const kinds = parameter?.items;
        if (kinds !== undefined) for (const item of value) allow(item, kinds, `an element of ${where(place)}`, arg.at);
      }
      return value;
    });
    const result = spec.call({
      values,
      select,
      meter: this.meter,
      refuse: (code, message, remediation) => refuse(code, `\`${node.name}\`: ${message}`, remediation, node.at),
    });
    if (typeof result === 'number' && !Number.isFinite(result)) {
      refuse('EXPR_VALUE', 'the number is too large', 'check the operands', node.at);
    }
    return result;
  }
}

function refuse(code: ExpressionErrorCode, message: string, remediation: string, at: number): never {
  throw new ExpressionError(code, message, remediation, at);
}

const named = (value: Json): string => describeType({ kinds: [kindOf(value)] });

function allow(value: Json, kinds: readonly ValueKind[], where: string, at: number): void {
  if (kinds.includes(kindOf(value))) return;
  refuse('EXPR_TYPE', `${where} takes ${describeType({ kinds })}, not ${named(value)}`, 'check the argument', at);
}

function calculate(
  operator: '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '//' | '%',
  left: number,
  right: number,
): boolean | number {
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right + 0;
    case '/':
      return left / right + 0;
    case '//':
      return Math.floor(left / right) + 0;
    case '%':
      return (left % right) + 0;
  }
}

/** JMESPath "Slice Expressions": positions beyond the ends are moved to the ends. */
function slice<T>(
  items: readonly T[],
  { start, stop, step }: { start: number | null; stop: number | null; step: number | null },
): T[] {
  const by = step ?? 1;
  const length = items.length;
  const cap = (place: number): number => {
    const from = place < 0 ? place + length : place;
    return by > 0 ? Math.min(Math.max(from, 0), length) : Math.min(Math.max(from, -1), length - 1);
  };
  const first = start === null ? (by > 0 ? 0 : length - 1) : cap(start);
  const last = stop === null ? (by > 0 ? length : -1) : cap(stop);
  const taken: T[] = [];
  for (let place = first; by > 0 ? place < last : place > last; place += by) taken.push(items[place] as T);
  return taken;
}
