import { isJsonArray, isJsonObject, type Json } from '../foundation/json';
import { remembered } from './pair-memo';

/** The kinds of JSON values. Integers are numbers. */
export type ValueKind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

/** The static type of a value: the kinds that it may have, and the types of its elements and members. */
export interface StaticType {
  readonly kinds: readonly ValueKind[];
  /** Type of the elements if it is an array; absent: unknown. */
  readonly items?: StaticType;
  /** Types of the known members if it is an object. */
  readonly fields?: Readonly<Record<string, StaticType>>;
  /** True if it has no members besides `fields`. */
  readonly closed?: boolean;
}

/** All kinds, in the order used in `StaticType.kinds`. */
export const KINDS: readonly ValueKind[] = ['null', 'boolean', 'number', 'string', 'array', 'object'];

/** A type of which nothing is known. */
export const ANY_TYPE: StaticType = { kinds: KINDS };
export const NULL_TYPE: StaticType = { kinds: ['null'] };
export const BOOLEAN_TYPE: StaticType = { kinds: ['boolean'] };
export const NUMBER_TYPE: StaticType = { kinds: ['number'] };
export const STRING_TYPE: StaticType = { kinds: ['string'] };

/** Arrays of these elements. */
export function arrayType(items: StaticType = ANY_TYPE): StaticType {
  return { kinds: ['array'], items };
}

/** Objects with these members. Other members are faults unless the type is open. */
export function objectType(fields: Readonly<Record<string, StaticType>>, open = false): StaticType {
  return { kinds: ['object'], fields, closed: !open };
}

/** The same, or null. */
export function nullable(type: StaticType): StaticType {
  return type.kinds.includes('null') ? type : { ...type, kinds: sorted([...type.kinds, 'null']) };
}

/** The same without null. */
export function nonNull(type: StaticType): StaticType {
  return { ...type, kinds: type.kinds.filter((kind) => kind !== 'null') };
}

/** Kinds in a fixed order, so that equal types are equal data. */
function sorted(kinds: readonly ValueKind[]): readonly ValueKind[] {
  return KINDS.filter((kind) => kinds.includes(kind));
}

/** The union of two types. */
export const joinTypes: (a: StaticType, b: StaticType) => StaticType = remembered(join);

function join(a: StaticType, b: StaticType): StaticType {
  const kinds = sorted([...a.kinds, ...b.kinds]);
  const items = pick(
    a,
    b,
    'array',
    () => (a.items && b.items ? joinTypes(a.items, b.items) : undefined),
    (type) => type.items,
  );
  const fields = pick(
    a,
    b,
    'object',
    () => joinFields(a, b),
    (type) => type.fields,
  );
  const closed = pick(
    a,
    b,
    'object',
    () => a.closed === true && b.closed === true,
    (type) => type.closed,
  );
  return { kinds, ...(items && { items }), ...(fields && { fields }), ...(closed === true && { closed }) };
}

function pick<T>(
  a: StaticType,
  b: StaticType,
  kind: ValueKind,
  both: () => T,
  one: (type: StaticType) => T,
): T | undefined {
  const [inA, inB] = [a.kinds.includes(kind), b.kinds.includes(kind)];
  if (inA && inB) return both();
  return inA ? one(a) : inB ? one(b) : undefined;
}

function joinFields(a: StaticType, b: StaticType): Readonly<Record<string, StaticType>> | undefined {
  if (!a.fields || !b.fields) return undefined;
  const names = [...new Set([...Object.keys(a.fields), ...Object.keys(b.fields)])].sort();
  return Object.fromEntries(names.map((name) => [name, joinTypes(memberType(a, name), memberType(b, name))]));
}

/** The type of a member of an object of this type: null if the member cannot exist, unknown if it may. */
export function memberType(type: StaticType, name: string): StaticType {
  if (type.fields && Object.hasOwn(type.fields, name)) return type.fields[name] ?? ANY_TYPE;
  return type.closed === true ? NULL_TYPE : ANY_TYPE;
}

/** True if values of these types can be equal, judging by their kinds. Null may be compared with anything. */
export function comparable(a: StaticType, b: StaticType): boolean {
  return (
    [a, b].some(({ kinds }) => kinds.every((kind) => kind === 'null')) || a.kinds.some((kind) => b.kinds.includes(kind))
  );
}

/** The kinds as text: `a string or null`. */
export function describeType(type: StaticType): string {
  const names = type.kinds.map((kind) => (kind === 'null' ? 'null' : `${/^[ao]/.test(kind) ? 'an' : 'a'} ${kind}`));
  if (names.length === KINDS.length) return 'any value';
  return (
    [...names.filter((name) => name !== 'null'), ...names.filter((name) => name === 'null')].join(' or ') || 'nothing'
  );
}

/** The kind of a value. */
export function kindOf(value: Json): ValueKind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as ValueKind;
}

/** The exact type of a value. */
export function typeOfValue(value: Json): StaticType {
  if (isJsonArray(value)) {
    const items = value.map(typeOfValue);
    return items.length === 0 ? arrayType() : arrayType(items.reduce(joinTypes));
  }
  if (isJsonObject(value)) {
    return objectType(Object.fromEntries(Object.entries(value).map(([name, member]) => [name, typeOfValue(member)])));
  }
  return { kinds: [kindOf(value)] };
}
