import { canonical } from '../../canonical/canonical';
import { pointerTo } from '../../document/json-pointer';
import type { Json, JsonObject } from '../../foundation/json';
import { refuseExpression } from './expression-here';
import { nameOf, shown } from '../reading/fault-words';
import type { Reading } from '../reading/reading';
import { type FieldSchemas, objectSchema, type Published } from './object-schema';
import { type Entries, entriesOf, itemsOf, kindOf, type Written } from '../reading/written';

export { nameOf, shown };

/**
 * How one kind of value is read, printed and described: the manifest's reader, its printer and its JSON Schema come from the same data.
 * `read` reports faults and then returns `blank`, so that everything independent of the faulty part is still checked.
 */
export interface Shape<T> {
  readonly blank: T;
  /** Reads a written value; `at` is its pointer in the normalised manifest. */
  readonly read: (written: Written, at: string, reading: Reading) => T;
  readonly print: (value: T) => Json;
  readonly schema: () => JsonObject;
}

/** A shape as an entry of an object. */
export interface Field<T> extends Shape<T> {
  readonly required: boolean;
  /** Value of the entry if it is absent. It is not printed. */
  readonly absent: T;
  /** The entry's name in the manifest, if it differs from the name in the tree. */
  readonly name?: string;
}

/** The entries of an object: name in the tree → field. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** A required entry. */
export function required<T>(shape: Shape<T>, name?: string): Field<T> {
  return { ...shape, required: true, absent: shape.blank, ...(name === undefined ? {} : { name }) };
}

/** An entry that is null if absent. */
export function optional<T>(shape: Shape<T>, name?: string): Field<T | null> {
  return {
    blank: null,
    read: shape.read,
    print: (value) => (value === null ? null : shape.print(value)),
    schema: shape.schema,
    required: false,
    absent: null,
    ...(name === undefined ? {} : { name }),
  };
}

/** An entry with a default of the language. */
export function defaulted<T>(shape: Shape<T>, absent: T, name?: string): Field<T> {
  const schema = () => ({ ...shape.schema(), default: shape.print(absent) });
  return { ...shape, schema, required: false, absent, ...(name === undefined ? {} : { name }) };
}

/** A one-line description of each entry of an object, for authors: name in the tree → sentence. */
export type Descriptions<T> = { readonly [K in keyof T]-?: string };

/** Options of an object shape besides its fields. */
interface ObjectOptions<T> {
  /** Converts published spellings before the fields are read. */
  readonly normalise?: (entries: Entries, at: string, reading: Reading) => Entries;
  /** Those spellings, for the JSON Schema. */
  readonly published?: readonly Published[];
  readonly descriptions?: Descriptions<T>;
  /** Constraints between its fields, as schemas that must all hold. */
  readonly rules?: readonly JsonObject[];
}

/** An object with exactly these entries. */
export function object<T extends object>(fields: Fields<T>, options: ObjectOptions<T> = {}): Shape<T> {
  const blank = Object.fromEntries(listOf(fields).map(([key, field]) => [key, field.absent])) as T;
  return {
    blank,
    read: (written, at, reading) => {
      const entries = readEntries(written, at, reading);
      if (entries === null) return blank;
      const normalised = options.normalise?.(entries, at, reading) ?? entries;
      refuseUnknown(normalised, namesOf(fields), at, reading);
      return readFields(fields, normalised, at, reading);
    },
    print: (value) => printFields(fields, value),
    schema: () => objectSchema(fieldSchemas(fields, options.descriptions), options.published, options.rules),
  };
}

/** The entries of an object; null with a fault for another value. */
export function readEntries(written: Written, at: string, reading: Reading): Entries | null {
  const entries = entriesOf(written);
  if (entries === null)
    reading.fault('PACK_FIELD_TYPE', at, `${nameOf(at)} must be an object; it is ${kindOf(written.value)}.`);
  return entries;
}

/** Reads the entries that these fields describe. */
export function readFields<T extends object>(fields: Fields<T>, entries: Entries, at: string, reading: Reading): T {
  const values = listOf(fields).map(([key, field]): [string, unknown] => {
    const name = field.name ?? key;
    const written = entries.get(name);
    if (written !== undefined) return [key, readPart(field, written, at, name, reading)];
    if (field.required)
      reading.fault('PACK_FIELD_MISSING', at, `${nameOf(at)} must have the field ${name}.`, {
        remediation: `Add the field ${name}.`,
        missing: name,
      });
    return [key, field.absent];
  });
  return Object.fromEntries(values) as T;
}

/** Reads one entry or item below `at`. */
export function readPart<T>(shape: Shape<T>, written: Written, at: string, name: string | number, reading: Reading): T {
  const place = pointerTo(at, name);
  reading.place(place, written, at, name);
  return shape.read(written, place, reading);
}

/** Reports each unknown entry. */
export function refuseUnknown(entries: Entries, known: readonly string[], at: string, reading: Reading): void {
  for (const [name, written] of entries) {
    if (known.includes(name)) continue;
    const place = pointerTo(at, name);
    reading.place(place, written, at, name);
    const near = reading.guess(name, known);
    const remediation = near === null ? `Known fields: ${known.join(', ')}.` : `Did you mean ${near}?`;
    reading.fault('PACK_UNKNOWN_FIELD', place, `${nameOf(at)} has no field ${shown(name)}.`, {
      remediation,
      key: true,
    });
  }
}

/** The printed object of these fields. Entries equal to their default are left out. */
export function printFields<T extends object>(fields: Fields<T>, value: T): JsonObject {
  const printed: Record<string, Json> = {};
  for (const [key, field] of listOf(fields)) {
    const own = value[key as keyof T];
    if (!field.required && own === field.absent) continue;
    const part = field.print(own);
    if (field.required || !isAbsent(field, part)) printed[field.name ?? key] = part;
  }
  return printed;
}

/** `properties` and `required` of the JSON Schema of an object with these fields. */
export function fieldSchemas<T extends object>(fields: Fields<T>, descriptions?: Descriptions<T>): FieldSchemas {
  const entries = listOf(fields).map(([key, field]): [string, JsonObject] => {
    const description = descriptions?.[key as keyof T];
    return [field.name ?? key, { ...(description === undefined ? {} : { description }), ...field.schema() }];
  });
  return {
    properties: Object.fromEntries(entries),
    required: listOf(fields).flatMap(([key, field]) => (field.required ? [field.name ?? key] : [])),
  };
}

/** The names of these fields in the manifest. */
export function namesOf<T extends object>(fields: Fields<T>): readonly string[] {
  return listOf(fields).map(([key, field]) => field.name ?? key);
}

/** A list of one kind of value. */
export function list<T>(
  shape: Shape<T>,
  limits: { readonly min?: number; readonly max?: number } = {},
): Shape<readonly T[]> {
  const { min = 0, max = 10_000 } = limits;
  return {
    blank: [],
    read: (written, at, reading) => {
      const items = itemsOf(written);
      if (items === null) {
        if (refuseExpression(written.value, at, reading)) return [];
        const { value } = written;
        const note = typeof value === 'string' ? { remediation: `Write it as a list: [${shown(value)}].` } : {};
        reading.fault('PACK_FIELD_TYPE', at, `${nameOf(at)} must be a list; it is ${kindOf(value)}.`, note);
        return [];
      }
      if (items.length < min) reading.fault('PACK_FIELD_EMPTY', at, `${nameOf(at)} must have at least ${min} entry.`);
      if (items.length > max) reading.fault('PACK_RANGE', at, `${nameOf(at)} must have at most ${max} entries.`);
      return items.slice(0, max).map((item, index) => readPart(shape, item, at, index, reading));
    },
    print: (value) => value.map((item) => shape.print(item)),
    schema: () => ({ type: 'array', items: shape.schema(), ...(min > 0 ? { minItems: min } : {}), maxItems: max }),
  };
}

/** An object with names chosen by the author, which `key` validates. */
export function record<T>(key: Shape<string>, shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return {
    blank: {},
    read: (written, at, reading) => {
      const entries = readEntries(written, at, reading) ?? new Map<string, Written>();
      const values = [...entries].map(([name, part]): [string, T] => {
        const value = readPart(shape, part, at, name, reading);
        const judged = reading.judgeKey(() => key.read({ value: name, at: part.at }, pointerTo(at, name), reading));
        // A refused name keeps its place, so that its entry is still checked.
        return [judged === '' ? name : judged, value];
      });
      return Object.fromEntries(values);
    },
    print: (value) => Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shape.print(part)])),
    schema: () => ({ type: 'object', propertyNames: key.schema(), additionalProperties: shape.schema() }),
  };
}

/** True if this is the printed form of an absent entry. */
function isAbsent(field: Field<unknown>, printed: Json): boolean {
  const absent = field.print(field.absent);
  if (typeof absent !== 'object' || absent === null || typeof printed !== 'object' || printed === null)
    return printed === absent;
  return canonical(printed) === canonical(absent);
}

type Listed = readonly (readonly [string, Field<unknown>])[];
const listed = new WeakMap<object, Listed>();

/** The entries of one description, which never change, as pairs. */
function listOf<T extends object>(fields: Fields<T>): Listed {
  let known = listed.get(fields);
  if (known === undefined) listed.set(fields, (known = Object.entries(fields) as [string, Field<unknown>][]));
  return known;
}
