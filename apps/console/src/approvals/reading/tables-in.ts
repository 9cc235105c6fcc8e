import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { rankedFindings } from '@taskrunner/core/gate';

/** A list of objects with the same kind of members. */
export interface ValueTable {
  readonly columns: readonly string[];
  /** Null: the object has no such member. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** How many there are of each severity, the worst first: `2 critical`. Empty: the list has no severities. */
  readonly counts: readonly string[];
}

/** A part of a value, as a page shows it. `name` null: it is the value itself. */
export type ShownValue = { readonly name: string | null } & (
  | { readonly kind: 'table'; readonly table: ValueTable }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: Json }
);

/** What people look for first. Others follow in their order. */
const FIRST = ['severity', 'where', 'what'];
const MOST_COLUMNS = 8;

/**
 * A list of objects without objects in them as a table; null: it is no such list, or too wide for one. What is worst stands first, otherwise in
 * the order of the list.
 */
export function tableOf(value: Json): ValueTable | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const items = value as readonly Json[];
  if (!items.every(isFlat)) return null;
  const names = [...new Set(items.flatMap((item) => Object.keys(item)))];
  if (names.length === 0 || names.length > MOST_COLUMNS) return null;
  const columns = [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
  const findings = rankedFindings(items);
  return {
    columns,
    rows: (findings?.rows ?? items).map((item) => columns.map((name) => textOf(item[name]))),
    counts: findings?.counts ?? [],
  };
}

/** The parts of a value that has a table in it, in their order; any other value is one part. */
export function valuesIn(value: Json): readonly ShownValue[] {
  const whole = tableOf(value);
  if (whole !== null) return [{ name: null, kind: 'table', table: whole }];
  if (!isJsonObject(value) || !Object.values(value).some((one) => tableOf(one) !== null))
    return [{ name: null, kind: 'value', value }];
  return Object.entries(value).map(([name, one]): ShownValue => {
    const table = tableOf(one);
    if (table !== null) return { name, kind: 'table', table };
    return isScalar(one) ? { name, kind: 'text', text: textOf(one) ?? '' } : { name, kind: 'value', value: one };
  });
}

function isFlat(value: Json): value is JsonObject {
  return isJsonObject(value) && Object.values(value).every(isScalar);
}

function isScalar(value: Json): boolean {
  return value === null || typeof value !== 'object';
}

function textOf(value: Json | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
