import type { parse } from '@bufbuild/cel';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';

/** A policy with a higher estimate is not evaluated: it is undecided (docs/guides/approvals.md, Policy gates). */
export const MAX_POLICY_COST = 1_000_000;

/** A parsed CEL expression. */
export type CelExpr = ReturnType<typeof parse>['expr'];

/** The estimate of a value before evaluation. */
interface Bound {
  /** The input values that it can be; null: it is computed. */
  readonly values: readonly Json[] | null;
  /** Maximum number of elements, if it is a list or map. */
  readonly size: number;
  /** Maximum work to read all of it: one per contained value and per 64 characters. */
  readonly weight: number;
}
type Variables = ReadonlyMap<string, Bound>;
interface Estimate {
  readonly cost: number;
  readonly bound: Bound;
}

const ONE: Bound = { values: null, size: 1, weight: 1 };
/** Functions that read their arguments completely. The others take one step. */
const READERS = new Set([
  '_==_',
  '_!=_',
  '@in',
  '_+_',
  'contains',
  'startsWith',
  'endsWith',
  'string',
  'bytes',
  'size',
  'timestamp',
  'duration',
]);

/**
 * An upper bound of the steps that an expression takes over this input, computed without evaluating it. Sizes of nested lists multiply,
 * using the real sizes of the input. Pure; its own work is bounded by expression × input.
 */
export function estimateCelCost(expr: CelExpr, input: JsonObject): number {
  return new Estimator(input).of(expr).cost;
}

type Comprehension = Extract<CelExpr['exprKind'], { case: 'comprehensionExpr' }>['value'];

/** Maximum number of values that the estimate itself visits. */
const MAX_ESTIMATOR_WORK = 1_000_000;

class Estimator {
  private readonly weights = new WeakMap<object, number>();
  private readonly total: number;
  private readonly variables: Variables;
  private work = 0;

  constructor(input: JsonObject) {
    this.total = this.weightOf(input);
    this.variables = new Map(Object.entries(input).map(([name, value]) => [name, this.found([value])]));
  }

  of(expr: CelExpr): Estimate {
    return this.estimate(expr, this.variables);
  }

  private estimate(expr: CelExpr | undefined, variables: Variables): Estimate {
    const kind = expr?.exprKind;
    switch (kind?.case) {
      case 'identExpr':
        return { cost: 1, bound: variables.get(kind.value.name) ?? ONE };
      case 'selectExpr': {
        const { cost, bound } = this.estimate(kind.value.operand, variables);
        return { cost: cost + 1, bound: kind.value.testOnly ? ONE : this.member(bound, kind.value.field) };
      }
      case 'listExpr': {
        const parts = kind.value.elements.map((element) => this.estimate(element, variables));
        return { cost: 1 + sum(parts, ({ cost }) => cost), bound: built(parts) };
      }
      case 'structExpr': {
        const keys = kind.value.entries.map(({ keyKind }) =>
          keyKind.case === 'mapKey' ? this.estimate(keyKind.value, variables).cost : 0,
        );
        const parts = kind.value.entries.map(({ value }) => this.estimate(value, variables));
        return { cost: 1 + sum(keys, (cost) => cost) + sum(parts, ({ cost }) => cost), bound: built(parts) };
      }
      case 'callExpr':
        return this.call(
          kind.value.function,
          [...(kind.value.target ? [kind.value.target] : []), ...kind.value.args],
          variables,
        );
      case 'comprehensionExpr':
        return this.comprehension(kind.value, variables);
      case 'constExpr': {
        const { constantKind } = kind.value;
        const weight = constantKind.case === 'stringValue' ? this.weightOf(constantKind.value) : 1;
        return { cost: 1, bound: { ...ONE, weight } };
      }
      default:
        return { cost: 1, bound: ONE };
    }
  }

  private comprehension(loop: Comprehension, variables: Variables): Estimate {
    const range = this.estimate(loop.iterRange, variables);
    const element = this.elements(range.bound);
    const inner = new Map(variables).set(loop.accuVar, ONE).set(loop.iterVar, element);
    if (loop.iterVar2 !== '') inner.set(loop.iterVar2, element);
    const step = this.estimate(loop.loopStep, inner);
    const turn = 1 + this.estimate(loop.loopCondition, inner).cost + step.cost;
    const init = this.estimate(loop.accuInit, variables);
    const after = this.estimate(loop.result, inner);
    // The macros add at most one element per iteration.
    const list = init.bound.size !== 1 || loop.accuInit?.exprKind.case === 'listExpr';
    const weight = range.bound.size * Math.max(step.bound.weight, element.weight);
    const bound = list ? { values: null, size: range.bound.size, weight } : ONE;
    return { cost: range.cost + init.cost + range.bound.size * turn + after.cost, bound };
  }

  private call(name: string, args: readonly CelExpr[], variables: Variables): Estimate {
    const parts = args.map((arg) => this.estimate(arg, variables));
    const cost = 1 + sum(parts, (part) => part.cost);
    const [first = { cost: 0, bound: ONE }, second = { cost: 0, bound: ONE }, third = { cost: 0, bound: ONE }] = parts;
    if (name === '_?_:_') return { cost, bound: either(second.bound, third.bound) };
    if (name === '_[_]') return { cost, bound: this.at(first.bound, args[1]) };
    if (name === 'matches') return { cost: cost + 64 * first.bound.weight * second.bound.weight, bound: ONE };
    if (name === '_==_' || name === '_!=_')
      return { cost: cost + Math.min(first.bound.weight, second.bound.weight), bound: ONE };
    const reading = READERS.has(name) ? sum(parts, ({ bound }) => bound.weight) : 0;
    const bound = name === '_+_' ? joined(first.bound, second.bound) : name === 'dyn' ? first.bound : ONE;
    return { cost: cost + reading, bound };
  }

  private found(values: readonly Json[]): Bound {
    this.work += values.length;
    if (this.work > MAX_ESTIMATOR_WORK) return { values: null, size: Infinity, weight: Infinity };
    let [size, weight] = [1, 1];
    for (const value of values) {
      size = Math.max(size, sizeOf(value));
      weight = Math.max(weight, this.weightOf(value));
    }
    return { values, size, weight };
  }

  /** A member or element of a computed value: no heavier than the whole value, or than the whole input. */
  private part({ weight }: Bound): Bound {
    const most = this.work > MAX_ESTIMATOR_WORK ? Infinity : Math.max(weight, this.total);
    return { values: null, size: most, weight: most };
  }

  private member(bound: Bound, name: string): Bound {
    if (bound.values === null || this.work > MAX_ESTIMATOR_WORK) return this.part(bound);
    return this.found(
      bound.values.flatMap((value) => (isJsonObject(value) && Object.hasOwn(value, name) ? [value[name] ?? null] : [])),
    );
  }

  private at(bound: Bound, index: CelExpr | undefined): Bound {
    const constant = index?.exprKind.case === 'constExpr' ? index.exprKind.value.constantKind : undefined;
    if (constant?.case === 'stringValue') return this.member(bound, constant.value);
    if (constant?.case !== 'int64Value' || bound.values === null) return this.elements(bound);
    const place = Number(constant.value);
    return this.found(bound.values.flatMap((value) => (isJsonArray(value) ? value.slice(place, place + 1) : [])));
  }

  private elements(bound: Bound): Bound {
    if (bound.values === null || this.work > MAX_ESTIMATOR_WORK) return this.part(bound);
    // Iterating over a map in CEL yields keys, indexing yields values: both are counted.
    return this.found(
      bound.values.flatMap((value) =>
        isJsonArray(value) ? [...value] : isJsonObject(value) ? [...Object.keys(value), ...Object.values(value)] : [],
      ),
    );
  }

  private weightOf(value: Json): number {
    if (typeof value === 'string') return 1 + value.length / 64;
    if (typeof value !== 'object' || value === null) return 1;
    const known = this.weights.get(value);
    if (known !== undefined) return known;
    const weight = isJsonArray(value)
      ? 1 + sum(value, (item) => this.weightOf(item))
      : 1 + sum(Object.entries(value), ([name, item]) => 1 + name.length / 64 + this.weightOf(item));
    this.weights.set(value, weight);
    return weight;
  }
}

const either = (a: Bound, b: Bound): Bound => ({
  values: a.values !== null && b.values !== null ? [...a.values, ...b.values] : null,
  size: Math.max(a.size, b.size),
  weight: Math.max(a.weight, b.weight),
});
const joined = (a: Bound, b: Bound): Bound => ({ values: null, size: a.size + b.size, weight: a.weight + b.weight });
const built = (parts: readonly Estimate[]): Bound => ({
  values: null,
  size: Math.max(1, parts.length),
  weight: 1 + sum(parts, ({ bound }) => bound.weight),
});

function sizeOf(value: Json): number {
  if (isJsonArray(value)) return Math.max(1, value.length);
  return isJsonObject(value) ? Math.max(1, Object.keys(value).length) : 1;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
