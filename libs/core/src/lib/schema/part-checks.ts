import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { evaluate, isFit, Seen, type Check, type Evaluation, type Place, type Rule } from './evaluation';
import { hasNeeded, matcher } from './value-checks';

/** Converts a keyword with schemas into a check. */
type RuleCheckMaker = (rules: Rules, schema: JsonObject) => Check;

/** The rules of the schemas in a schema. */
export interface Rules {
  /** Of a keyword with one schema; null: it is absent. */
  readonly one: (keyword: string) => Rule | null;
  readonly list: (keyword: string) => readonly Rule[];
  readonly named: (keyword: string) => readonly (readonly [name: string, rule: Rule])[];
}

const below = (around: Place | null, name: string | number): Place => ({ around, name });
const OFF: Check = () => true;

/** Applies a schema to the same value. Evaluated parts are taken over only if the value matches. */
function attempt(rule: Rule, value: Json, at: Place | null, run: Evaluation, seen: Seen | null): boolean {
  if (seen === null) return evaluate(rule, value, at, run, null);
  const own = new Seen();
  const fits = evaluate(rule, value, at, run, own);
  if (fits) seen.add(own, run);
  return fits;
}

function quietly(rule: Rule, value: Json, at: Place | null, run: Evaluation, seen: Seen | null): boolean {
  run.quiet++;
  const fits = attempt(rule, value, at, run, seen);
  run.quiet--;
  return fits;
}

/** Keywords whose schemas apply to the same value, then those that apply to its parts, then those for unevaluated parts; in this order. */
export const RULE_CHECKS: ReadonlyMap<string, RuleCheckMaker> = new Map(
  Object.entries({
    allOf: (rules) => {
      const parts = rules.list('allOf');
      return (value, at, run, seen) => {
        let fits = true;
        for (const part of parts) {
          if (evaluate(part, value, at, run, seen)) continue;
          fits = false;
          if (run.quiet > 0) break;
        }
        return fits;
      };
    },
    anyOf: (rules) => {
      const parts = rules.list('anyOf');
      return (value, at, run, seen) => {
        const reported = run.findings.length;
        let fits = false;
        for (const part of parts) {
          if (attempt(part, value, at, run, seen)) fits = true;
          // All alternatives are applied if their evaluated parts matter.
          if (fits && seen === null) break;
        }
        if (!fits) return run.fail(at, 'must match a schema in anyOf');
        run.findings.length = reported;
        return true;
      };
    },
    oneOf: (rules) => {
      const parts = rules.list('oneOf');
      return (value, at, run, seen) => {
        const reported = run.findings.length;
        let count = 0;
        for (const part of parts) {
          if (attempt(part, value, at, run, seen)) count++;
          if (count > 1) break;
        }
        if (count > 0) run.findings.length = reported;
        return count === 1 || run.fail(at, 'must match exactly one schema in oneOf');
      };
    },
    not: (rules) => {
      const part = rules.one('not');
      return (value, at, run) =>
        part === null || !isFit(part, value, at, run, null) || run.fail(at, 'must NOT be valid');
    },
    if: (rules) => {
      const [condition, then, otherwise] = [rules.one('if'), rules.one('then'), rules.one('else')];
      return (value, at, run, seen) => {
        if (condition === null) return true;
        const holds = quietly(condition, value, at, run, seen);
        const branch = holds ? then : otherwise;
        if (branch === null || evaluate(branch, value, at, run, seen)) return true;
        return run.fail(at, `must match "${holds ? 'then' : 'else'}" schema`);
      };
    },
    dependentSchemas: (rules) => dependent(rules.named('dependentSchemas'), []),
    dependencies: (rules, { dependencies }) => {
      const lists = Object.entries(dependencies as JsonObject).filter(([, needed]) => isJsonArray(needed));
      return dependent(rules.named('dependencies'), lists as [string, readonly string[]][]);
    },
    prefixItems: (rules) => {
      const parts = rules.list('prefixItems');
      return (value, at, run, seen) => {
        if (!isJsonArray(value)) return true;
        const count = Math.min(parts.length, value.length);
        if (seen !== null) seen.items = Math.max(seen.items, count);
        return every(count, run, (index) => {
          const part = parts[index];
          return part === undefined || evaluate(part, value[index] ?? null, below(at, index), run, null);
        });
      };
    },
    items: (rules, { prefixItems }) => {
      const part = rules.one('items');
      const from = isJsonArray(prefixItems) ? prefixItems.length : 0;
      return (value, at, run, seen) => {
        if (part === null || !isJsonArray(value) || value.length <= from) return true;
        if (seen !== null) seen.items = value.length;
        if (part.always === true) return true;
        if (part.always === false) return run.fail(at, `must NOT have more than ${from} items`);
        return every(value.length - from, run, (index) =>
          evaluate(part, value[from + index] ?? null, below(at, from + index), run, null),
        );
      };
    },
    contains: (rules, { minContains, maxContains }) => {
      const part = rules.one('contains');
      const least = typeof minContains === 'number' ? minContains : 1;
      const most = typeof maxContains === 'number' ? maxContains : Infinity;
      const message = `must contain at least ${least}${most < Infinity ? ` and no more than ${most}` : ''} valid item(s)`;
      return (value, at, run, seen) => {
        if (part === null || !isJsonArray(value)) return true;
        let count = 0;
        for (const [index, item] of value.entries()) {
          if (!isFit(part, item, below(at, index), run, null)) continue;
          count++;
          seen?.indexes.add(index);
          if (seen === null && count >= least && most === Infinity) break;
        }
        return (count >= least && count <= most) || run.fail(at, message);
      };
    },
    properties: (rules) => {
      const parts = rules.named('properties');
      return (value, at, run, seen) => {
        if (!isJsonObject(value)) return true;
        run.spend(parts.length / 8);
        return every(parts.length, run, (index) => {
          const [name, part] = parts[index] as (typeof parts)[number];
          if (!Object.hasOwn(value, name)) return true;
          seen?.names?.add(name);
          return evaluate(part, value[name] ?? null, below(at, name), run, null);
        });
      };
    },
    patternProperties: (rules) => {
      const parts = rules.named('patternProperties').map(([source, rule]) => [matcher(source), rule] as const);
      return (value, at, run, seen) => {
        if (!isJsonObject(value)) return true;
        const names = run.names(value);
        return every(names.length, run, (index) => {
          const name = names[index] as string;
          let fits = true;
          for (const [isIn, part] of parts) {
            if (!isIn(name, run)) continue;
            seen?.names?.add(name);
            fits = evaluate(part, value[name] ?? null, below(at, name), run, null) && fits;
          }
          return fits;
        });
      };
    },
    additionalProperties: (rules, { properties, patternProperties }) => {
      const part = rules.one('additionalProperties');
      const known = new Set(Object.keys(isJsonObject(properties) ? properties : {}));
      const patterns = Object.keys(isJsonObject(patternProperties) ? patternProperties : {}).map(matcher);
      return (value, at, run, seen) => {
        if (part === null || !isJsonObject(value)) return true;
        const names = run.names(value);
        const fits = every(names.length, run, (index) => {
          const name = names[index] as string;
          if (known.has(name) || patterns.some((isIn) => isIn(name, run))) return true;
          if (part.always === false) return run.fail(at, 'must NOT have additional properties');
          return evaluate(part, value[name] ?? null, below(at, name), run, null);
        });
        if (seen !== null) seen.names = null;
        return fits;
      };
    },
    propertyNames: (rules) => {
      const part = rules.one('propertyNames');
      return (value, at, run) => {
        if (part === null || !isJsonObject(value)) return true;
        const names = run.names(value);
        return every(
          names.length,
          run,
          (index) =>
            evaluate(part, names[index] as string, at, run, null) || run.fail(at, 'property name must be valid'),
        );
      };
    },
    unevaluatedItems: (rules) => {
      const part = rules.one('unevaluatedItems');
      return (value, at, run, seen) => {
        if (part === null || seen === null || !isJsonArray(value)) return true;
        const from = seen.items;
        let fits = true;
        for (let index = from; index < value.length; index++) {
          if (seen.indexes.has(index)) continue;
          if (part.always === false) return run.fail(at, `must NOT have more than ${from} items`);
          fits = evaluate(part, value[index] ?? null, below(at, index), run, null) && fits;
        }
        seen.items = value.length;
        return fits;
      };
    },
    unevaluatedProperties: (rules) => {
      const part = rules.one('unevaluatedProperties');
      return (value, at, run, seen) => {
        if (part === null || seen === null || !isJsonObject(value)) return true;
        let fits = true;
        for (const name of run.names(value)) {
          if (seen.names?.has(name) !== false) continue;
          if (part.always === false) fits = run.fail(at, 'must NOT have unevaluated properties');
          else fits = evaluate(part, value[name] ?? null, below(at, name), run, null) && fits;
        }
        seen.names = null;
        return fits;
      };
    },
    then: () => OFF,
    else: () => OFF,
  } satisfies Record<string, RuleCheckMaker>),
);

function dependent(
  schemas: readonly (readonly [string, Rule])[],
  lists: readonly (readonly [string, readonly string[]])[],
): Check {
  return (value, at, run, seen) => {
    if (!isJsonObject(value)) return true;
    run.spend(schemas.length / 8);
    let fits = true;
    for (const [name, rule] of schemas)
      if (Object.hasOwn(value, name)) fits = evaluate(rule, value, at, run, seen) && fits;
    for (const [name, needed] of lists)
      fits = hasNeeded(name, needed, value, (message) => run.fail(at, message), run) && fits;
    return fits;
  };
}

/** True if the check holds for each element. Stops at the first failure if findings are not needed. */
function every(count: number, run: Evaluation, holds: (index: number) => boolean): boolean {
  let fits = true;
  for (let index = 0; index < count; index++) {
    if (holds(index)) continue;
    fits = false;
    if (run.quiet > 0 || run.isFull) break;
  }
  return fits;
}
