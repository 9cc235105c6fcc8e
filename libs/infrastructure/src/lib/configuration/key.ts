import { pointerTo } from '@taskrunner/core/document';
import { isJsonArray, isJsonObject, nearestName, type Json } from '@taskrunner/core/foundation';
import type { Notes } from './configuration-fault';

/** How one kind of value is read from the file and printed into the sample. `read` reports a fault and then returns null. */
export interface Kind<T> {
  read(value: Json, at: string, notes: Notes): T | null;
  print(value: T): Json;
  /** True if an environment variable is used unchanged; otherwise it is parsed as YAML. */
  readonly isText: boolean;
  /** True if it may contain a password: it is redacted in output and never part of a message. */
  readonly isSecret?: boolean;
  /** Of lists of objects: the keys of an item. */
  readonly item?: Fields;
}

/** One key of the configuration. */
export interface Key<T> {
  readonly is: 'key';
  readonly kind: Kind<T>;
  readonly absent: T;
  readonly about: string;
  /** Default of the value; null if there is none. */
  readonly unit: string | null;
  /** Only in lists of objects: it is required. */
  readonly required: boolean;
}

/** A group of keys. */
export interface Section<F extends Fields = Fields> {
  readonly is: 'section';
  readonly about: string;
  readonly fields: F;
}

export interface Fields {
  readonly [name: string]: Key<unknown> | Section;
}

/** The value of a table of keys. Durations are in milliseconds, sizes in bytes. */
export type ValueOf<F> = {
  readonly [Name in keyof F]: F[Name] extends Section<infer Inner>
    ? ValueOf<Inner>
    : F[Name] extends Key<infer Value>
      ? Value
      : never;
};

/** A key with a default. */
export function key<T>(kind: Kind<T>, absent: T, about: string, unit: string | null = null): Key<T> {
  return { is: 'key', kind, absent, about, unit, required: false };
}

/** A key that is null by default. */
export function unset<T>(kind: Kind<T>, about: string, unit: string | null = null): Key<T | null> {
  return key<T | null>(nullable(kind), null, about, unit);
}

/** A required key of a list item; `example` is used in the sample. */
export function needed<T>(kind: Kind<T>, example: T, about: string): Key<T> {
  return { ...key(kind, example, about), required: true };
}

export function section<F extends Fields>(about: string, fields: F): Section<F> {
  return { is: 'section', about, fields };
}

function nullable<T>(kind: Kind<T>): Kind<T | null> {
  return {
    ...kind,
    read: (value, at, notes) => (value === null ? null : kind.read(value, at, notes)),
    print: (value) => (value === null ? null : kind.print(value)),
  };
}

/** Reads the given values of these keys. Absent and faulty ones get their default. */
export function readFields<F extends Fields>(fields: F, value: Json | undefined, at: string, notes: Notes): ValueOf<F> {
  const entries = value === undefined || value === null ? {} : value;
  if (!isJsonObject(entries)) {
    const what = isJsonArray(entries) ? 'a list' : 'a single value';
    notes.fault('CONFIG_TYPE', at, `${at === '' ? 'The configuration' : nameOf(at)} must contain keys; it is ${what}.`);
    return readFields(fields, undefined, at, notes);
  }
  refuseUnknown(fields, Object.keys(entries), at, notes);
  const values = Object.entries(fields).map(([name, entry]): [string, unknown] => {
    const place = pointerTo(at, name);
    const written = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (entry.is === 'section') return [name, readFields(entry.fields, written, place, notes)];
    if (written !== undefined) return [name, readKey(entry, written, place, notes)];
    if (entry.required)
      notes.fault('CONFIG_MISSING_KEY', at, `${nameOf(at)} must have the key ${name}.`, undefined, [place]);
    return [name, entry.absent];
  });
  return Object.fromEntries(values) as ValueOf<F>;
}

/** Reads one value; the default if it is faulty. */
function readKey<T>(entry: Key<T>, value: Json, at: string, notes: Notes): T {
  return entry.kind.read(value, at, notes) ?? entry.absent;
}

function refuseUnknown(fields: Fields, written: readonly string[], at: string, notes: Notes): void {
  for (const name of written) {
    if (Object.hasOwn(fields, name)) continue;
    const near = nearestName(name, Object.keys(fields));
    const remedy = near === null ? `Known keys: ${Object.keys(fields).join(', ')}.` : `Did you mean ${near}?`;
    const where = at === '' ? 'The configuration' : nameOf(at);
    const place = pointerTo(at, name);
    // The value of the misspelt key is unknown too.
    const involved = near === null ? [place] : [place, pointerTo(at, near)];
    notes.fault('CONFIG_UNKNOWN_KEY', place, `${where} has no key ${JSON.stringify(name)}.`, remedy, involved);
  }
}

/** `/approvals/floor` → `approvals.floor`. */
export function nameOf(at: string): string {
  return at.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
}

/** Every key with its path, in table order, without keys of list items. */
export function listKeys(
  fields: Fields,
  above: readonly string[] = [],
): readonly (readonly [readonly string[], Key<unknown>])[] {
  return Object.entries(fields).flatMap(([name, entry]) => {
    const path = [...above, name];
    return entry.is === 'section' ? listKeys(entry.fields, path) : [[path, entry] as const];
  });
}
