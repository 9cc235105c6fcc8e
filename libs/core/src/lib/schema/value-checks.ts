import { sameJson } from '../canonical/same-json';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import type { Check, Evaluation } from './evaluation';
import { FORMATS } from './formats';
import { compilePattern } from './pattern';

/** Converts a keyword about a single value into a check. `value` has the form of the keyword. */
type CheckMaker = (value: Json, schema: JsonObject) => Check;

const number = (holds: (value: number, bound: number) => boolean, says: string): CheckMaker => {
  return (bound) => (value, at, run) =>
    typeof value !== 'number' || holds(value, bound as number) || run.fail(at, `must be ${says} ${bound as number}`);
};

const size = (sizeOf: (value: Json, run: Evaluation) => number | null, most: boolean, noun: string): CheckMaker => {
  return (bound) => (value, at, run) => {
    const measured = sizeOf(value, run);
    if (measured === null || (most ? measured <= (bound as number) : measured >= (bound as number))) return true;
    return run.fail(at, `must NOT have ${most ? 'more' : 'fewer'} than ${bound as number} ${noun}`);
  };
};

/** In characters (RFC 8259), not in UTF-16 units. */
function lengthOf(value: Json, run: Evaluation): number | null {
  if (typeof value !== 'string') return null;
  run.spend(value.length / 64);
  let length = 0;
  for (const _ of value) length++;
  return length;
}

const itemsOf = (value: Json): number | null => (isJsonArray(value) ? value.length : null);
const membersOf = (value: Json, run: Evaluation): number | null =>
  isJsonObject(value) ? run.names(value).length : null;

/** Keywords about a value that contain no schema. */
export const VALUE_CHECKS: ReadonlyMap<string, CheckMaker> = new Map(
  Object.entries({
    type: (names, { nullable }) => {
      const listed = isJsonArray(names) ? (names as readonly string[]) : [names as string];
      const types = nullable === true && !listed.includes('null') ? [...listed, 'null'] : listed;
      const message = `must be ${types.join(',')}`;
      return (value, at, run) => types.some((type) => isOf(type, value)) || run.fail(at, message);
    },
    enum: (choices) => {
      const listed = choices as readonly Json[];
      const plain = new Set(listed.filter((one) => typeof one !== 'object' || one === null));
      const composite = listed.filter((one) => typeof one === 'object' && one !== null);
      const cost = JSON.stringify(composite).length / 16;
      return (value, at, run) => {
        if (typeof value !== 'object' || value === null) {
          if (plain.has(value)) return true;
        } else {
          run.spend(cost);
          if (composite.some((one) => sameJson(one, value))) return true;
        }
        return run.fail(at, 'must be equal to one of the allowed values');
      };
    },
    const: (constant) => {
      const cost = typeof constant === 'object' ? JSON.stringify(constant).length / 16 : 0;
      return (value, at, run) => {
        run.spend(cost);
        return sameJson(constant, value) || run.fail(at, 'must be equal to constant');
      };
    },
    multipleOf: number(isMultiple, 'multiple of'),
    maximum: number((value, bound) => value <= bound, '<='),
    exclusiveMaximum: number((value, bound) => value < bound, '<'),
    minimum: number((value, bound) => value >= bound, '>='),
    exclusiveMinimum: number((value, bound) => value > bound, '>'),
    maxLength: size(lengthOf, true, 'characters'),
    minLength: size(lengthOf, false, 'characters'),
    maxItems: size(itemsOf, true, 'items'),
    minItems: size(itemsOf, false, 'items'),
    maxProperties: size(membersOf, true, 'properties'),
    minProperties: size(membersOf, false, 'properties'),
    pattern: (source) => {
      const isIn = matcher(source as string);
      const message = `must match pattern "${source as string}"`;
      return (value, at, run) => typeof value !== 'string' || isIn(value, run) || run.fail(at, message);
    },
    format: (name) => {
      const isOne = FORMATS.get(name as string) ?? (() => false);
      const message = `must match format "${name as string}"`;
      return (value, at, run) => {
        if (typeof value !== 'string') return true;
        run.spend(value.length / 16);
        return isOne(value) || run.fail(at, message);
      };
    },
    uniqueItems: (unique) => (value, at, run) => {
      if (unique !== true || !isJsonArray(value)) return true;
      const first = new Map<string, number>();
      for (const [index, item] of value.entries()) {
        const text = textOf(item, run);
        const same = first.get(text);
        if (same !== undefined)
          return run.fail(at, `must NOT have duplicate items (items ## ${same} and ${index} are identical)`);
        first.set(text, index);
      }
      return true;
    },
    required: (names) => (value, at, run) => {
      if (!isJsonObject(value)) return true;
      const listed = names as readonly string[];
      run.spend(listed.length / 8);
      let fits = true;
      for (const name of listed) {
        if (!Object.hasOwn(value, name)) fits = run.fail(at, `must have required property '${name}'`);
      }
      return fits;
    },
    dependentRequired: (rules) => (value, at, run) => {
      if (!isJsonObject(value)) return true;
      let fits = true;
      for (const [name, needed] of Object.entries(rules as Readonly<Record<string, readonly string[]>>)) {
        fits = hasNeeded(name, needed, value, (message) => run.fail(at, message), run) && fits;
      }
      return fits;
    },
  } satisfies Record<string, CheckMaker>),
);

/** True if everything that a member requires is present, in case the member is. */
export function hasNeeded(
  name: string,
  needed: readonly string[],
  value: JsonObject,
  fail: (message: string) => false,
  run: Evaluation,
): boolean {
  run.spend(1);
  if (!Object.hasOwn(value, name)) return true;
  run.spend(needed.length / 8);
  if (needed.every((one) => Object.hasOwn(value, one))) return true;
  const noun = needed.length === 1 ? 'property' : 'properties';
  return fail(`must have ${noun} ${needed.join(', ')} when property ${name} is present`);
}

/** A valid pattern with its cost. */
export function matcher(source: string): (text: string, run: Evaluation) => boolean {
  const compiled = compilePattern(source);
  if (typeof compiled === 'string') throw new TypeError('the pattern has not been checked');
  return (text, run) => {
    run.spend(1 + (text.length * compiled.size) / 256);
    return compiled.isIn(text);
  };
}

function isOf(type: string, value: Json): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return isJsonArray(value);
    case 'object':
      return isJsonObject(value);
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

/** Exact: both numbers as decimals, as they are written (0.0075 is 75 times 0.0001). */
function isMultiple(value: number, divisor: number): boolean {
  if (!Number.isFinite(value)) return false;
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  const [a, b] = [decimal(value), decimal(divisor)];
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = ({ digits, exponent: own }: typeof a): bigint => digits * 10n ** BigInt(own - exponent);
  return scaled(a) % scaled(b) === 0n;
}

function decimal(value: number): { readonly digits: bigint; readonly exponent: number } {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/** One text for equal values. */
function textOf(value: Json, run: Evaluation): string {
  run.spend(1);
  if (isJsonArray(value)) return `[${value.map((one) => textOf(one, run)).join()}]`;
  if (!isJsonObject(value)) {
    if (typeof value === 'string') run.spend(value.length / 64);
    return JSON.stringify(value);
  }
  const members = [...run.names(value)].sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${textOf(value[name] ?? null, run)}`).join()}}`;
}
