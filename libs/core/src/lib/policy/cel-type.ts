import { remembered } from '../expression/pair-memo';
import type { StaticType, ValueKind } from '../expression/static-type';

/** Types of CEL values by the names that CEL gives them. */
export type CelKind =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null_type'
  | 'list'
  | 'map'
  | 'type'
  | 'google.protobuf.Timestamp'
  | 'google.protobuf.Duration';

/** The static type of a CEL value. It may allow more values than are possible, never fewer. */
export interface CelType {
  /** Null: any. Empty: there is no value, because its evaluation always fails. */
  readonly kinds: ReadonlySet<CelKind> | null;
  /** Type of the elements, if it is a list. Absent: any. */
  readonly items?: CelType;
  /** True if it is a list literal with elements. */
  readonly filled?: boolean;
  /** Types of the known members, if it is a map. Absent: no member is known. */
  readonly fields?: ReadonlyMap<string, CelType>;
  /** True if it has no members besides `fields`. */
  readonly closed?: boolean;
  /** True if it is a map literal: it has each of `fields`. */
  readonly literal?: boolean;
  /** True if all keys are strings, if it is a map. */
  readonly named?: boolean;
  /** The value, if it is a constant boolean. */
  readonly constant?: boolean;
  /** The value, if it is a string literal. */
  readonly text?: string;
  /** The types that it can be, if it is a type. */
  readonly names?: ReadonlySet<string>;
}

/** Nothing is known. */
export const ANY: CelType = { kinds: null };
/** There is no value. */
export const NOTHING: CelType = { kinds: new Set() };
export const BOOL: CelType = ofKinds('bool');
export const STRING: CelType = ofKinds('string');

/** Values of these kinds. */
export function ofKinds(...kinds: readonly CelKind[]): CelType {
  return { kinds: new Set(kinds) };
}

/** A constant boolean. */
export function constantOf(constant: boolean): CelType {
  return { kinds: BOOL.kinds, constant };
}

/** A list of these elements. */
export function listOf(items: CelType, filled = false): CelType {
  return { kinds: new Set<CelKind>(['list']), items, ...(filled && { filled }) };
}

/** A map with these members and, unless it is open, no others. */
export function mapOf(fields: Iterable<readonly [string, CelType]>, open = false): CelType {
  return { kinds: new Set<CelKind>(['map']), fields: new Map(fields), closed: !open, named: true };
}

/** The same, or null. */
export function orNull(type: CelType): CelType {
  return type.kinds === null ? type : { ...type, kinds: new Set([...type.kinds, 'null_type']) };
}

/** True if there is no value. */
export function isNothing({ kinds }: CelType): boolean {
  return kinds?.size === 0;
}

/** True if a value may be of this kind. */
export function mayBe({ kinds }: CelType, kind: CelKind): boolean {
  return kinds === null || kinds.has(kind);
}

const KINDS: Readonly<Record<ValueKind, readonly CelKind[]>> = {
  null: ['null_type'],
  boolean: ['bool'],
  // Integers are `int`, other numbers `double`; a declaration does not distinguish them.
  number: ['int', 'double'],
  string: ['string'],
  array: ['list'],
  object: ['map'],
};

/** Cached: static types share parts, so each is converted once. */
const converted = new WeakMap<StaticType, CelType>();

/** JSON values of a static type, as CEL sees them. Optional members count as members, because reading one does not always fail. */
export function fromStatic(type: StaticType): CelType {
  const known = converted.get(type);
  if (known !== undefined) return known;
  const { kinds, items, fields, closed } = type;
  const made: CelType = {
    kinds: new Set(kinds.flatMap((kind) => KINDS[kind])),
    named: true,
    ...(items && { items: fromStatic(items) }),
    ...(fields && { fields: new Map(Object.entries(fields).map(([name, one]) => [name, fromStatic(one)])) }),
    ...(closed === true && { closed }),
  };
  converted.set(type, made);
  return made;
}

/** The union of two types. */
export const join: (a: CelType, b: CelType) => CelType = remembered((a, b) => {
  if (isNothing(a)) return b;
  if (isNothing(b)) return a;
  if (a.kinds === null || b.kinds === null) return ANY;
  const items = part(a, b, 'list', ({ items: of }) => of, join);
  const fields = part(
    a,
    b,
    'map',
    (type) => type.fields,
    () => joinFields(a, b),
  );
  const closed = part(a, b, 'map', (type) => type.closed, both);
  const named = part(a, b, 'map', (type) => type.named, both);
  const names = part(
    a,
    b,
    'type',
    (type) => type.names,
    (x, y) => new Set([...x, ...y]),
  );
  return {
    kinds: new Set([...a.kinds, ...b.kinds]),
    ...(items && { items }),
    ...(fields && { fields }),
    ...(closed === true && { closed }),
    ...(named === true && { named }),
    ...(names && { names }),
    ...(a.constant !== undefined && a.constant === b.constant && { constant: a.constant }),
  };
});

/** The type of one kind of value: from both types, or from the one that may be of that kind. */
function part<T>(
  a: CelType,
  b: CelType,
  kind: CelKind,
  of: (type: CelType) => T | undefined,
  joined: (a: T, b: T) => T,
): T | undefined {
  if (!mayBe(a, kind)) return of(b);
  if (!mayBe(b, kind)) return of(a);
  const [ofA, ofB] = [of(a), of(b)];
  return ofA === undefined || ofB === undefined ? undefined : joined(ofA, ofB);
}

const both = (a: boolean, b: boolean): boolean => a && b;

/** A member that only one of the types knows may be anything in the other one, unless the other one is closed and does not have it. */
function joinFields(a: CelType, b: CelType): ReadonlyMap<string, CelType> {
  const of = (type: CelType, name: string): CelType => type.fields?.get(name) ?? (type.closed === true ? NOTHING : ANY);
  const names = new Set([...(a.fields?.keys() ?? []), ...(b.fields?.keys() ?? [])]);
  return new Map([...names].map((name) => [name, join(of(a, name), of(b, name))]));
}

const WORDS: Readonly<Record<CelKind, string>> = {
  bool: 'a boolean',
  int: 'an int',
  uint: 'a uint',
  double: 'a double',
  string: 'a string',
  bytes: 'bytes',
  null_type: 'null',
  list: 'a list',
  map: 'a map',
  type: 'a type',
  'google.protobuf.Timestamp': 'a timestamp',
  'google.protobuf.Duration': 'a duration',
};

/** The kinds as text: `an int or a double`. */
export function describe({ kinds }: CelType): string {
  return kinds === null ? 'any value' : [...kinds].map((kind) => WORDS[kind]).join(' or ');
}
