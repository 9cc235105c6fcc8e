import { parse } from '@bufbuild/cel';
import { nearestName } from '../foundation/nearest-name';
import type { CelExpr } from './cel-cost';
import { typeOfCall } from './cel-functions';
import {
  ANY,
  BOOL,
  constantOf,
  describe,
  isNothing,
  join,
  listOf,
  mapOf,
  mayBe,
  NOTHING,
  ofKinds,
  STRING,
  type CelType,
} from './cel-type';
import { resultFault } from './cel-result';
import type { PolicyFault } from './policy';

/** The static input of a policy by root name, and why a missing member is missing: `steps.apply` → `it is not over …`. */
export interface DeclaredInput {
  readonly roots: ReadonlyMap<string, CelType>;
  readonly absent?: ReadonlyMap<string, { readonly why: string; readonly remediation: string }>;
}

/** A fault that refuses the policy, or a warning about a part that always fails although the policy may still decide. */
export interface CheckedFault extends PolicyFault {
  readonly refuses: boolean;
}

type Call = Extract<CelExpr['exprKind'], { case: 'callExpr' }>['value'];
type Loop = Extract<CelExpr['exprKind'], { case: 'comprehensionExpr' }>['value'];
type Select = Extract<CelExpr['exprKind'], { case: 'selectExpr' }>['value'];
type Variables = ReadonlyMap<string, CelType>;

const TYPE_NAMES = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'list', 'map', 'type', 'null_type'];

/**
 * Checks a compiled CEL policy against its static input. It reports only certain faults: an unknown function, member or step, an operator
 * that does not apply to any possible value, a result that is not an answer.
 *
 * An unknown name refuses the policy if it can be evaluated; behind `has(…)` or `in` it cannot be. A value of a wrong type refuses the
 * policy only if the policy then never decides, because CEL ignores a failed side of `&&`, `||` and `?:`. Never throws for a policy that
 * compiles.
 */
export function checkCel(source: string, declared: DeclaredInput): readonly CheckedFault[] {
  const { expr, sourceInfo } = parse(source);
  const checker = new CelChecker(source, declared, sourceInfo?.positions ?? {}, macrosOf(sourceInfo?.macroCalls ?? {}));
  const result = checker.of(expr);
  const wrong = isNothing(result) ? null : resultFault(result);
  const decides = !isNothing(result) && wrong === null;
  const faults = checker.faults.map((fault) => ({ ...fault, refuses: fault.code !== 'POLICY_TYPE' || !decides }));
  return wrong === null ? faults : [...faults, { ...wrong, offset: 0, refuses: true }];
}

function macrosOf(calls: { readonly [id: string]: CelExpr }): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(calls).map(([id, { exprKind }]) => [
      id,
      exprKind.case === 'callExpr' ? exprKind.value.function : '',
    ]),
  );
}

class CelChecker {
  faults: PolicyFault[] = [];
  /** Bodies of macros, by their expansion. */
  private readonly bodies = new Map<CelExpr, string>();

  constructor(
    private readonly source: string,
    private readonly declared: DeclaredInput,
    private readonly positions: { readonly [id: string]: number },
    private readonly macros: ReadonlyMap<string, string>,
  ) {}

  of(expr: CelExpr | undefined): CelType {
    return this.type(expr, this.declared.roots);
  }

  private type(expr: CelExpr | undefined, variables: Variables): CelType {
    const kind = expr?.exprKind;
    if (expr === undefined) return ANY;
    switch (kind?.case) {
      case 'identExpr':
        return this.ident(kind.value.name.replace(/^\./, ''), variables);
      case 'selectExpr':
        return this.select(expr, kind.value, variables);
      case 'listExpr': {
        const items = kind.value.elements.map((element) => this.type(element, variables));
        return items.some(isNothing) ? NOTHING : listOf(items.reduce(join, NOTHING), items.length > 0);
      }
      case 'structExpr': {
        const { entries, messageName } = kind.value;
        const keys = entries.map(({ keyKind }) =>
          keyKind.case === 'mapKey' ? this.type(keyKind.value, variables) : ANY,
        );
        const values = entries.map(({ value }) => this.type(value, variables));
        if (messageName !== '') return ANY;
        if ([...keys, ...values].some(isNothing)) return NOTHING;
        if (keys.some(({ text }) => text === undefined)) return ofKinds('map');
        return { ...mapOf(keys.map(({ text }, place) => [text ?? '', values[place] ?? ANY])), literal: true };
      }
      case 'constExpr':
        return constantType(kind.value.constantKind);
      case 'callExpr':
        return this.call(expr, kind.value, variables);
      case 'comprehensionExpr':
        return this.loop(expr, kind.value, variables);
      default:
        return ANY;
    }
  }

  private ident(name: string, variables: Variables): CelType {
    const known = variables.get(name);
    if (known !== undefined) return known;
    return TYPE_NAMES.includes(name) ? { ...ofKinds('type'), names: new Set([name]) } : ANY;
  }

  private select(expr: CelExpr, { operand, field, testOnly }: Select, variables: Variables): CelType {
    const of = this.type(operand, variables);
    if (isNothing(of)) return NOTHING;
    if (testOnly) return mayBe(of, 'map') ? isThere(of, field) : isMessage(of) ? BOOL : constantOf(false);
    if (isMessage(of)) return ANY;
    return this.member(expr, of, field, pathOf(operand));
  }

  private member(expr: CelExpr, of: CelType, name: string, path: string | null): CelType {
    if (!mayBe(of, 'map')) {
      const help = mayBe(of, 'list') ? `read it from an element, such as x[0].${name}` : 'read it from a map';
      return this.refuse('POLICY_TYPE', expr, `\`.${name}\` cannot be read from ${describe(of)}`, help);
    }
    const known = of.fields?.get(name);
    if (known !== undefined) return known;
    if (of.kinds === null || of.closed !== true) return ANY;
    const shown = path === null ? name : `${path}.${name}`;
    const absent = this.declared.absent?.get(shown);
    const names = [...(of.fields?.keys() ?? [])];
    const near = nearestName(name, names);
    const help =
      absent?.remediation ??
      (near !== null
        ? `did you mean \`${near}\`?`
        : names.length === 0
          ? `\`${path ?? 'it'}\` has no members`
          : `\`${path ?? 'it'}\` has ${names.slice(0, 20).join(', ')}`);
    const why = absent === undefined ? '' : `: ${absent.why}`;
    return this.refuse('POLICY_UNKNOWN_NAME', expr, `there is no \`${shown}\`${why}`, help);
  }

  private call(expr: CelExpr, { function: name, target, args }: Call, variables: Variables): CelType {
    const macro = this.bodies.get(expr);
    if (name === '_&&_' || name === '_||_') return this.logic(name, macro, args, variables);
    if (name === '_?_:_') return this.conditional(macro, args, variables);
    const values = [...(target ? [target] : []), ...args].map((arg) => this.type(arg, variables));
    const [first = ANY, second = ANY] = values;
    if (name === '@not_strictly_false') return BOOL;
    if (name === '_[_]') return this.index(expr, first, second, pathOf(args[0]));
    const called = typeOfCall(name, target !== undefined, values);
    if ('fault' in called) {
      const { code, message, remediation } = called.fault;
      return this.refuse(code, expr, message, remediation);
    }
    if (isNothing(called.type)) return called.type;
    if (name === '!_' && first.constant !== undefined) return constantOf(!first.constant);
    if (name === '@in' && second.kinds?.size === 1 && second.kinds.has('map') && first.text !== undefined)
      return isThere(second, first.text);
    if ((name === '_==_' || name === '_!=_') && areOtherTypes(first, second)) return constantOf(name === '_!=_');
    return called.type;
  }

  /** A side that decides on its own hides failures of the others. */
  private logic(name: string, macro: string | undefined, args: readonly CelExpr[], variables: Variables): CelType {
    const decisive = name === '_||_';
    const shown = macro ?? (decisive ? '||' : '&&');
    const sides = args.map((arg) => this.separately(() => this.boolean(arg, variables, shown)));
    const single = sides.find(({ type }) => type.constant === decisive);
    if (single !== undefined) {
      this.faults.push(...single.faults);
      return constantOf(decisive);
    }
    this.faults.push(...sides.flatMap(({ faults }) => faults));
    const types = sides.map(({ type }) => type);
    if (types.every(({ constant }) => constant === !decisive)) return constantOf(!decisive);
    // A failed side is ignored if another one decides.
    return types.every((type) => isNothing(type) || type.constant === !decisive) ? NOTHING : BOOL;
  }

  private conditional(macro: string | undefined, args: readonly CelExpr[], variables: Variables): CelType {
    const [condition, then, otherwise] = args;
    const decided = this.boolean(condition, variables, macro ?? '? :');
    if (decided.constant !== undefined) return this.type(decided.constant ? then : otherwise, variables);
    const either = join(this.type(then, variables), this.type(otherwise, variables));
    return isNothing(decided) ? NOTHING : either;
  }

  private boolean(expr: CelExpr | undefined, variables: Variables, operator: string): CelType {
    const type = this.type(expr, variables);
    if (isNothing(type) || mayBe(type, 'bool')) return type;
    const help =
      type.kinds?.has('string') === true ? "compare it, such as x != '' or size(x) > 0" : 'compare it, such as x > 0';
    return this.refuse('POLICY_TYPE', expr, `\`${operator}\` takes booleans; this is ${describe(type)}`, help);
  }

  private index(expr: CelExpr, of: CelType, at: CelType, path: string | null): CelType {
    if (isNothing(of) || isNothing(at)) return NOTHING;
    if (!mayBe(of, 'map') && !mayBe(of, 'list')) {
      const message = `\`[…]\` cannot be applied to ${describe(of)}`;
      return this.refuse('POLICY_TYPE', expr, message, 'use elements of a list, or members of a map');
    }
    if (at.text !== undefined && mayBe(of, 'map')) return this.member(expr, of, at.text, path);
    if (at.text !== undefined) {
      const help = 'use the index of an element, such as x[0]';
      return this.refuse('POLICY_TYPE', expr, 'elements of a list have no names', help);
    }
    return mayBe(of, 'map') || of.items === undefined || isNothing(of.items) ? ANY : of.items;
  }

  private loop(expr: CelExpr, loop: Loop, variables: Variables): CelType {
    const range = this.type(loop.iterRange, variables);
    const macro = this.macros.get(String(expr.id)) ?? 'the macro';
    if (isNothing(range)) return NOTHING;
    if (!mayBe(range, 'list') && !mayBe(range, 'map')) {
      const message = `\`${macro}\` iterates over a list or a map; this is ${describe(range)}`;
      return this.refuse('POLICY_TYPE', expr, message, 'use a list');
    }
    const inner = new Map(variables).set(loop.iterVar, elementOf(range)).set(loop.accuVar, ANY);
    const init = this.type(loop.accuInit, variables);
    this.type(loop.loopCondition, inner);
    if (loop.loopStep !== undefined) this.bodies.set(loop.loopStep, macro);
    const step = this.type(loop.loopStep, inner);
    const { constant: _, filled: __, ...first } = init;
    return this.type(loop.result, inner.set(loop.accuVar, join(first, step)));
  }

  /** The type, with the new faults added to the earlier ones. */
  private separately(type: () => CelType): { readonly type: CelType; readonly faults: readonly PolicyFault[] } {
    const before = this.faults;
    this.faults = [];
    const found = type();
    const { faults } = this;
    this.faults = before;
    return { type: found, faults };
  }

  private refuse(code: PolicyFault['code'], expr: CelExpr | undefined, message: string, remediation: string): CelType {
    const offset = this.positions[String(expr?.id)] ?? 0;
    // The parser reports members and methods at their dot; the name follows.
    const dot = /^\.\s*/.exec(this.source.slice(offset, offset + 100))?.[0].length ?? 0;
    this.faults.push({ code, message, remediation, offset: offset + dot });
    return NOTHING;
  }
}

function constantType(constant: { readonly case: string | undefined; readonly value?: unknown }): CelType {
  switch (constant.case) {
    case 'boolValue':
      return constantOf(constant.value === true);
    case 'stringValue':
      return { ...STRING, text: String(constant.value) };
    case 'int64Value':
      return ofKinds('int');
    case 'uint64Value':
      return ofKinds('uint');
    case 'doubleValue':
      return ofKinds('double');
    case 'bytesValue':
      return ofKinds('bytes');
    case 'nullValue':
      return ofKinds('null_type');
    default:
      return ANY;
  }
}

/** Whether a map has a member. */
function isThere({ kinds, fields, closed }: CelType, name: string): CelType {
  return kinds !== null && closed === true && fields?.has(name) !== true ? constantOf(false) : BOOL;
}

/** Timestamps and durations are messages: they have fields. */
function isMessage(type: CelType): boolean {
  return mayBe(type, 'google.protobuf.Timestamp') || mayBe(type, 'google.protobuf.Duration');
}

/** True for types of values that are compared and can never be equal. */
function areOtherTypes(a: CelType, b: CelType): boolean {
  const { names } = a;
  return names !== undefined && b.names !== undefined && [...names].every((name) => b.names?.has(name) !== true);
}

/** The type of a macro's variable: elements of a list, keys of a map. */
function elementOf(range: CelType): CelType {
  const { kinds, items, named } = range;
  if (kinds === null) return ANY;
  const ofList = mayBe(range, 'list') ? (items ?? ANY) : NOTHING;
  const ofMap = mayBe(range, 'map') ? (named === true ? STRING : ANY) : NOTHING;
  return join(ofList, ofMap);
}

/** The spelling of a part of the input: `steps.scan`; null for anything else. */
function pathOf(expr: CelExpr | undefined): string | null {
  const kind = expr?.exprKind;
  if (kind?.case === 'identExpr') return kind.value.name.replace(/^\./, '');
  if (kind?.case === 'selectExpr' && !kind.value.testOnly) {
    const path = pathOf(kind.value.operand);
    return path === null ? null : `${path}.${kind.value.field}`;
  }
  return null;
}
