import { nearestName } from '../foundation/nearest-name';
import { meantElements, meantList, meantName } from './meant';
import type { ExpressionErrorCode, ExpressionFault } from './expression-fault';
import { seeCall, type Look } from './inspect-call';
import {
  below,
  beginningOf,
  extendsOrigin,
  flattened,
  made,
  type Reference,
  type TypedValue,
  type Variables,
} from './typed-value';
import { isBareName, type NodeOf, type SyntaxNode } from './syntax';
import {
  ANY_TYPE,
  arrayType,
  BOOLEAN_TYPE,
  comparable,
  describeType,
  joinTypes,
  memberType,
  nonNull,
  NULL_TYPE,
  nullable,
  NUMBER_TYPE,
  objectType,
  STRING_TYPE,
  typeOfValue,
  type StaticType,
} from './static-type';

export type { Reference } from './typed-value';

/** Findings of one inspection of an expression. Never throws: faults are data. */
export interface Inspection {
  readonly type: StaticType;
  readonly reads: readonly Reference[];
  readonly faults: readonly ExpressionFault[];
}

/** Roots that are never taken for a field of an element: inside a filter or selection they are written `$.inputs` or `@.inputs`. */
const UNMISTAKABLE = new Set(['inputs', 'steps', 'secrets', 'previous']);
/** Roots whose names are also common names of fields: such a name is taken for a field. */
const COMMON = new Set(['pack', 'run', 'tenant', 'failed', 'response']);

/** Inspects an expression: its static type in this scope (an object type whose members are the roots), its reads, and its faults. */
export function inspect(node: SyntaxNode, scope: StaticType): Inspection {
  const inspector = new Inspector(scope);
  const value = inspector.see(node, inspector.scope, new Map());
  inspector.use(value, node.at);
  return { type: value.type, reads: inspector.reads(), faults: inspector.faults };
}

class Inspector implements Look {
  readonly faults: ExpressionFault[] = [];
  readonly scope: TypedValue;
  private readonly found = new Map<string, Reference>();

  constructor(scope: StaticType) {
    this.scope = { type: scope, origin: { root: null } };
  }

  reads(): readonly Reference[] {
    return [...this.found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reference]) => reference);
  }

  /** Marks a value as read. */
  use({ origin }: TypedValue, at: number): void {
    if (origin === null) return;
    if (origin.root === null) {
      this.fault(
        'EXPR_ROOT',
        'this reads everything',
        'use a path such as inputs.name; write a list of constants as `[1]`, an empty list as `[]` and an empty object as `{}`, with the backticks',
        at,
      );
      return;
    }
    const key = JSON.stringify([origin.root, origin.path]);
    if (!this.found.has(key)) this.found.set(key, origin);
  }

  see(node: SyntaxNode, current: TypedValue, variables: Variables): TypedValue {
    switch (node.kind) {
      case 'literal':
        return made(typeOfValue(node.value));
      case 'current':
        return current;
      case 'root':
        return this.scope;
      case 'variable':
        return variables.get(node.name) ?? this.unknownVariable(node, variables);
      case 'field':
        return this.field(node, current);
      case 'index':
        return this.index(node, this.see(node.left, current, variables));
      case 'sub':
      case 'pipe': {
        const left = this.see(node.left, current, variables);
        const right = this.through(left, this.see(node.right, left, variables), node.left.at);
        const skipped = node.kind === 'sub' && left.type.kinds.includes('null');
        return skipped ? { ...right, type: nullable(right.type) } : right;
      }
      case 'project':
        return this.project(node, this.see(node.left, current, variables), variables);
      case 'list': {
        const items = node.items.map((item) => this.consume(item, current, variables));
        return made(arrayType(items.reduce(joinTypes)));
      }
      case 'hash': {
        const fields = node.entries.map(({ name, value }) => [name, this.consume(value, current, variables)] as const);
        return made(objectType(Object.fromEntries(fields)));
      }
      case 'call':
        return seeCall(node, current, variables, this);
      case 'reference':
        return made(ANY_TYPE);
      case 'not':
        this.boolean(this.consume(node.operand, current, variables), '`not`', node.operand);
        return made(BOOLEAN_TYPE);
      case 'sign':
        this.number(this.consume(node.operand, current, variables), node.negative ? '`-`' : '`+`', node.operand);
        return made(NUMBER_TYPE);
      case 'binary':
        return this.binary(node, current, variables);
      case 'choice': {
        this.boolean(this.consume(node.condition, current, variables), '`?`', node.condition);
        const [yes, no] = [this.consume(node.yes, current, variables), this.consume(node.no, current, variables)];
        return made(joinTypes(yes, no));
      }
      case 'let': {
        const inner = new Map(variables);
        for (const { name, value } of node.bindings) inner.set(name, this.see(value, current, variables));
        return this.see(node.body, current, inner);
      }
    }
  }

  consume(node: SyntaxNode, current: TypedValue, variables: Variables): StaticType {
    const value = this.see(node, current, variables);
    this.use(value, node.at);
    return value.type;
  }

  fault(code: ExpressionErrorCode, message: string, remediation: string, offset: number): void {
    this.faults.push({ code, message, remediation, offset });
  }

  /** The typed value derived from `left`: null if `left` is null. `left` counts as read if the result does not show it. */
  private through(left: TypedValue, right: TypedValue, at: number): TypedValue {
    if (left.origin !== null && left.origin.root !== null && !extendsOrigin(right.origin, left.origin))
      this.use(left, at);
    return right;
  }

  private field(node: NodeOf<'field'>, current: TypedValue): TypedValue {
    const { type } = current;
    const origin = below(current.origin, node.name, node.at);
    const hint = node.quoted ? `; write '${node.name}' for a string` : '';
    if (current !== this.scope && !node.dotted && this.isMistakable(node.name, type)) {
      this.fault(
        'EXPR_ROOT',
        `\`${node.name}\` is read as a field of the element here`,
        `write $.${node.name} for the root, or @.${node.name} for the field of the element`,
        node.at,
      );
      return { type: ANY_TYPE, origin };
    }
    if (!type.kinds.includes('object')) {
      if (type.kinds.some((kind) => kind !== 'null')) {
        this.fault(
          'EXPR_TYPE',
          `${describeType(type)} has no field \`${node.name}\``,
          (type.kinds.includes('array') ? meantElements(node.name) : 'check the path') + hint,
          node.at,
        );
        return { type: ANY_TYPE, origin };
      }
      return { type: NULL_TYPE, origin };
    }
    const known = Object.keys(type.fields ?? {});
    if (!known.includes(node.name) && type.closed === true) {
      this.fault('EXPR_UNKNOWN_NAME', this.unknown(node.name, current), this.remedy(node, known), node.at);
      return { type: ANY_TYPE, origin };
    }
    const found = memberType(type, node.name);
    return { type: type.kinds.length > 1 ? nullable(found) : found, origin };
  }

  /** A name that must be meant as a root, or may be one: if the element's type is unknown, a name that a map or loop gives. */
  private isMistakable(name: string, element: StaticType): boolean {
    if (UNMISTAKABLE.has(name)) return true;
    const known = Object.hasOwn(element.fields ?? {}, name) || element.closed === true;
    return !known && !COMMON.has(name) && Object.hasOwn(this.scope.type.fields ?? {}, name);
  }

  private unknown(name: string, current: TypedValue): string {
    return current === this.scope ? `there is no \`${name}\` in this scope` : `there is no field \`${name}\``;
  }

  private remedy(node: NodeOf<'field'>, known: readonly string[]): string {
    if (node.quoted) return `write '${node.name}' for a string`;
    const inputs = known.includes('inputs') ? this.scope.type.fields?.['inputs'] : undefined;
    const meant = meantName(node.name, known, inputs);
    if (meant !== null) return `did you mean \`${meant}\`?`;
    if (Object.hasOwn(this.scope.type.fields ?? {}, node.name))
      return `write $.${node.name} to read outside the element`;
    return known.length > 0
      ? `known: ${[...known].sort().slice(0, 20).join(', ')}`
      : 'there are no names in this scope';
  }

  private unknownVariable(node: NodeOf<'variable'>, variables: Variables): TypedValue {
    const near = nearestName(node.name, variables.keys());
    const known = [...variables.keys()].map((name) => `$${name}`);
    const others = known.length === 0 ? '' : `known: ${known.join(', ')}; `;
    const root = `write ${node.name} for a root, or $.${node.name} inside of a filter or selection`;
    const remedy = near === null ? `${others}${root}` : `did you mean $${near}?`;
    this.fault('EXPR_UNKNOWN_NAME', `there is no variable $${node.name}`, remedy, node.at);
    return made(ANY_TYPE);
  }

  private index(node: NodeOf<'index'>, left: TypedValue): TypedValue {
    return { type: nullable(this.items(left, 'an index', node.at)), origin: below(left.origin, node.index, node.at) };
  }

  private items(list: TypedValue, what: string, at: number): StaticType {
    if (list.origin?.root === null) this.use(list, at);
    else if (!list.type.kinds.includes('array') && list.type.kinds.some((kind) => kind !== 'null')) {
      const remedy = meantList(list.type) ?? 'check the path before it';
      this.fault('EXPR_TYPE', `${what} takes an array, not ${describeType(list.type)}`, remedy, at);
      return ANY_TYPE;
    }
    return list.type.items ?? ANY_TYPE;
  }

  private project(node: NodeOf<'project'>, base: TypedValue, variables: Variables): TypedValue {
    const { selection, right, at } = node;
    const { kinds } = base.type;
    if (selection.kind === 'slice' && kinds.includes('string')) {
      const mixed = kinds.includes('array');
      const part = this.see(right, { ...base, type: mixed ? ANY_TYPE : STRING_TYPE }, variables);
      const type = mixed ? ANY_TYPE : kinds.length > 1 ? nullable(part.type) : part.type;
      return { ...this.through(base, part, at), type };
    }
    let element: TypedValue = { type: ANY_TYPE, origin: below(base.origin, null, at) };
    if (selection.kind === 'values') {
      if (base.origin?.root === null) this.use(base, at);
      if (!base.type.kinds.includes('object') && base.type.kinds.some((kind) => kind !== 'null')) {
        this.fault('EXPR_TYPE', `\`*\` takes an object, not ${describeType(base.type)}`, 'write [*] for a list', at);
      }
      const fields = Object.values(base.type.fields ?? {});
      if (base.type.closed === true && fields.length > 0) element = { ...element, type: fields.reduce(joinTypes) };
    } else {
      const items = this.items(base, selection.kind === 'filter' ? 'a filter' : 'a projection', at);
      element = { ...element, type: selection.kind === 'flatten' ? flattened(items) : items };
    }
    if (selection.kind === 'filter') {
      this.boolean(this.consume(selection.condition, element, variables), 'a filter', selection.condition);
    }
    const result = this.through(element, this.see(right, element, variables), at);
    const type = arrayType(nonNull(result.type));
    const wanted = selection.kind === 'values' ? 'object' : 'array';
    return { type: kinds.some((kind) => kind !== wanted) ? nullable(type) : type, origin: result.origin };
  }

  private binary(node: NodeOf<'binary'>, current: TypedValue, variables: Variables): TypedValue {
    const left = this.consume(node.left, current, variables);
    const right = this.consume(node.right, current, variables);
    switch (node.operator) {
      case '==':
      case '!=':
        this.quotedOperand(node.left);
        this.quotedOperand(node.right);
        if (!comparable(left, right)) {
          this.fault(
            'EXPR_TYPE',
            `${describeType(left)} is never equal to ${describeType(right)}`,
            'compare values of the same type; write strings in single quotes',
            node.at,
          );
        }
        return made(BOOLEAN_TYPE);
      case 'and':
        this.boolean(left, '`and`', node.left);
        this.boolean(right, '`and`', node.right);
        return made(BOOLEAN_TYPE);
      case 'or':
        return made(this.or(left, right, node));
      case '<':
      case '<=':
      case '>':
      case '>=':
        this.number(left, `\`${node.operator}\``, node.left);
        this.number(right, `\`${node.operator}\``, node.right);
        return made(BOOLEAN_TYPE);
      default:
        this.number(left, `\`${node.operator}\``, node.left);
        this.number(right, `\`${node.operator}\``, node.right);
        return made(NUMBER_TYPE);
    }
  }

  /** `x == "full"` refers to a field `full`, which nobody would need to quote: a string was meant. */
  private quotedOperand(node: SyntaxNode): void {
    if (node.kind !== 'field' || !node.quoted || node.dotted || !isBareName(node.name)) return;
    const remedy = `write '${node.name}' for a string, or ${node.name} without quotes for a field`;
    this.fault('EXPR_UNKNOWN_NAME', `"${node.name}" is a field name, not a string`, remedy, node.at);
  }

  private or(left: StaticType, right: StaticType, node: NodeOf<'binary'>): StaticType {
    const only = nonNull(left).kinds;
    if (only.length === 1 && only[0] === 'boolean') this.boolean(right, '`or` after a boolean', node.right);
    return left.kinds.includes('null') || left.kinds.includes('boolean') ? joinTypes(nonNull(left), right) : left;
  }

  private boolean(type: StaticType, what: string, node: SyntaxNode): void {
    if (type.kinds.includes('boolean')) return;
    const compare = 'compare it, such as `x > 0`, `x != null` or `length(x) > 0`';
    this.fault('EXPR_TYPE', `${what} takes a boolean, not ${describeType(type)}`, compare, beginningOf(node));
  }

  private number(type: StaticType, what: string, node: SyntaxNode): void {
    if (type.kinds.includes('number')) return;
    this.fault(
      'EXPR_TYPE',
      `${what} takes a number, not ${describeType(type)}`,
      'convert a string with to_number(…)',
      beginningOf(node),
    );
  }
}
