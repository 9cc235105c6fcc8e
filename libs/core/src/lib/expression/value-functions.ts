import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { digestOf } from '../canonical/digest';
import type { Call, FunctionSpec, Parameter } from './function-spec';
import { sameValue, sortedNames } from './meter';
import { placeOf } from './text-search';
import {
  ANY_TYPE,
  arrayType,
  BOOLEAN_TYPE,
  joinTypes,
  kindOf,
  nonNull,
  nullable,
  NUMBER_TYPE,
  STRING_TYPE,
  type StaticType,
} from './static-type';

// Members of an object are visited in the order of their names, so that results do not depend on how a document was written.

const ANYTHING: Parameter = { kind: 'value', kinds: ['null', 'boolean', 'number', 'string', 'array', 'object'] };
const NUMBER: Parameter = { kind: 'value', kinds: ['number'] };
const ARRAY: Parameter = { kind: 'value', kinds: ['array'] };
const OBJECT: Parameter = { kind: 'value', kinds: ['object'] };
const NUMBERS: Parameter = { kind: 'value', kinds: ['array'], items: ['number'] };
const ORDERED: Parameter = { kind: 'value', kinds: ['array'], items: ['number', 'string'] };
const KEY: Parameter = { kind: 'selector', over: 0, kinds: ['number', 'string'] };

type Ordered = number | string;
const list = (call: Call, place = 0): readonly Json[] => call.values[place] as readonly Json[];
const object = (call: Call, place = 0): JsonObject => call.values[place] as JsonObject;
const itemsOf = (type: StaticType | undefined): StaticType => type?.items ?? ANY_TYPE;

/** Numbers by size, texts by code points. */
function compare(a: Ordered, b: Ordered): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = rank(left.charCodeAt(i)) - rank(right.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Maps UTF-16 units to the order of their code points: surrogates come last. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Elements with their keys. All keys are numbers, or all are texts. */
function keyed(call: Call, select: (item: Json) => Json): readonly (readonly [Ordered, Json])[] {
  const pairs = list(call).map((item) => [select(item) as Ordered, item] as const);
  const [first] = pairs;
  if (first !== undefined && pairs.some(([key]) => typeof key !== typeof first[0])) {
    call.refuse('EXPR_TYPE', 'numbers and strings have no common order', 'compare values of one type');
  }
  const units = pairs.reduce((sum, [key]) => sum + (typeof key === 'string' ? 1 + key.length / 8 : 1), 0);
  call.meter.spend(units * Math.ceil(Math.log2(pairs.length + 2)));
  return pairs;
}

/** The first of the largest (`sign` 1) or smallest (-1) elements. */
function extreme(call: Call, select: (item: Json) => Json, sign: 1 | -1): Json {
  const [first, ...others] = keyed(call, select);
  if (first === undefined) return null;
  let best = first;
  for (const pair of others) if (compare(pair[0], best[0]) * sign > 0) best = pair;
  return best[1];
}

const sortedBy = (call: Call, select: (item: Json) => Json): Json =>
  [...keyed(call, select)].sort(([a], [b]) => compare(a, b)).map(([, item]) => item);
const self = (item: Json): Json => item;
const names = (call: Call): readonly string[] => sortedNames(object(call), call.meter);
const sum = (call: Call): number => (list(call) as readonly number[]).reduce((total, item) => total + item, 0);
const rounding = (round: (value: number) => number): FunctionSpec => ({
  parameters: [NUMBER],
  result: () => NUMBER_TYPE,
  call: ({ values }) => round(values[0] as number) + 0,
});

function contains(call: Call): Json {
  const [searched = null, sought = null] = call.values;
  if (typeof searched !== 'string') return list(call).some((item) => sameValue(item, sought, call.meter));
  if (typeof sought !== 'string')
    return call.refuse('EXPR_TYPE', 'a string contains only strings', "write 'x' for a string");
  return placeOf(searched, sought, call.meter) >= 0;
}

function groupBy(call: Call): Json {
  const groups = new Map<string, Json[]>();
  for (const item of list(call)) {
    const key = call.select(item) as string;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return Object.fromEntries(groups);
}

function fromItems(call: Call): Json {
  const pairs = list(call) as readonly (readonly Json[])[];
  if (!pairs.every((pair) => pair.length === 2 && typeof pair[0] === 'string')) {
    call.refuse('EXPR_VALUE', 'an element is not a pair of name and value', "give pairs such as ['name', value]");
  }
  return Object.fromEntries(pairs.map(([name, value]) => [name as string, value ?? null]));
}

function lengthOf(value: Json): number {
  if (typeof value === 'string') return [...value].length;
  return isJsonObject(value) ? Object.keys(value).length : (value as readonly Json[]).length;
}

function zip(call: Call): Json {
  const lists = call.values as readonly (readonly Json[])[];
  const shortest = lists.reduce((length, items) => Math.min(length, items.length), Infinity);
  call.meter.spend(shortest * lists.length);
  return Array.from({ length: shortest }, (_, index) => lists.map((items) => items[index] ?? null));
}

/** Functions over numbers, lists, objects and any value. */
export const VALUE_FUNCTIONS: Readonly<Record<string, FunctionSpec>> = {
  abs: rounding(Math.abs),
  ceil: rounding(Math.ceil),
  floor: rounding(Math.floor),
  sum: { parameters: [NUMBERS], result: () => NUMBER_TYPE, call: sum },
  avg: {
    parameters: [NUMBERS],
    result: () => nullable(NUMBER_TYPE),
    call: (call) => (list(call).length === 0 ? null : sum(call) / list(call).length),
  },
  min: { parameters: [ORDERED], result: ([type]) => nullable(itemsOf(type)), call: (call) => extreme(call, self, -1) },
  max: { parameters: [ORDERED], result: ([type]) => nullable(itemsOf(type)), call: (call) => extreme(call, self, 1) },
  min_by: {
    parameters: [ARRAY, KEY],
    result: ([type]) => nullable(itemsOf(type)),
    call: (call) => extreme(call, call.select, -1),
  },
  max_by: {
    parameters: [ARRAY, KEY],
    result: ([type]) => nullable(itemsOf(type)),
    call: (call) => extreme(call, call.select, 1),
  },
  sort: { parameters: [ORDERED], result: ([type]) => arrayType(itemsOf(type)), call: (call) => sortedBy(call, self) },
  sort_by: {
    parameters: [ARRAY, KEY],
    result: ([type]) => arrayType(itemsOf(type)),
    call: (call) => sortedBy(call, call.select),
  },
  group_by: {
    parameters: [ARRAY, { kind: 'selector', over: 0, kinds: ['string'] }],
    result: () => ({ kinds: ['object'] }),
    call: groupBy,
  },
  map: {
    parameters: [{ kind: 'selector', over: 1, kinds: ANYTHING.kinds }, ARRAY],
    result: ([type]) => arrayType(type),
    call: (call) => list(call, 1).map(call.select),
  },
  reverse: {
    parameters: [{ kind: 'value', kinds: ['string', 'array'] }],
    result: ([type = ANY_TYPE]) => ({
      ...type,
      kinds: type.kinds.filter((kind) => kind === 'string' || kind === 'array'),
    }),
    call: ({ values: [value = null], meter }) => {
      if (typeof value === 'string') meter.spend(value.length);
      return typeof value === 'string' ? [...value].reverse().join('') : (value as readonly Json[]).toReversed();
    },
  },
  zip: { parameters: [ARRAY], variadic: true, result: () => arrayType(arrayType()), call: zip },
  contains: {
    parameters: [{ kind: 'value', kinds: ['string', 'array'] }, ANYTHING],
    result: () => BOOLEAN_TYPE,
    call: contains,
  },
  length: {
    parameters: [{ kind: 'value', kinds: ['string', 'array', 'object'] }],
    result: () => NUMBER_TYPE,
    call: ({ values: [value = null], meter }) => {
      if (typeof value === 'string') meter.spend(value.length);
      return lengthOf(value);
    },
  },
  keys: { parameters: [OBJECT], result: () => arrayType(STRING_TYPE), call: (call) => names(call) },
  values: {
    parameters: [OBJECT],
    result: () => arrayType(),
    call: (call) => names(call).map((name) => object(call)[name] ?? null),
  },
  items: {
    parameters: [OBJECT],
    result: () => arrayType(arrayType()),
    call: (call) => names(call).map((name) => [name, object(call)[name] ?? null]),
  },
  from_items: {
    parameters: [{ kind: 'value', kinds: ['array'], items: ['array'] }],
    result: () => ({ kinds: ['object'] }),
    call: fromItems,
  },
  merge: {
    parameters: [OBJECT],
    variadic: true,
    result: () => ({ kinds: ['object'] }),
    call: ({ values }) => Object.fromEntries(values.flatMap((value) => Object.entries(value as JsonObject))),
  },
  not_null: {
    parameters: [ANYTHING],
    variadic: true,
    result: (types) => {
      const joined = types.reduce(joinTypes);
      return types.some((type) => !type.kinds.includes('null')) ? nonNull(joined) : joined;
    },
    call: ({ values }) => values.find((value) => value !== null) ?? null,
  },
  to_array: {
    parameters: [ANYTHING],
    result: ([type = ANY_TYPE]) => (type.kinds.includes('array') ? arrayType() : arrayType(type)),
    call: ({ values: [value = null] }) => (isJsonArray(value) ? value : [value]),
  },
  type: { parameters: [ANYTHING], result: () => STRING_TYPE, call: ({ values: [value = null] }) => kindOf(value) },
  digest: {
    parameters: [ANYTHING],
    result: () => STRING_TYPE,
    call: ({ values: [value = null], meter }) => {
      meter.value(value);
      return digestOf(value);
    },
  },
};
