import { types } from 'pg';

/** Parameters of a statement, as the adapters send them. */
export type Values = readonly unknown[];

/** Rows of an `unnest` over parameters from `first` on, with these names. */
export function unnested(values: Values, first: number, names: readonly string[]): Record<string, unknown>[] {
  const columns = names.map((_, i) => values[first - 1 + i] as readonly unknown[]);
  return (columns[0] ?? []).map((_, row) => Object.fromEntries(names.map((name, i) => [name, columns[i]?.[row]])));
}

const TEXT_ARRAY = 1009;
const readArray = types.getTypeParser(TEXT_ARRAY as never, 'text') as (literal: string) => readonly (string | null)[];

/** A list of texts, as the database writes it. */
export function readTexts(literal: string): readonly (string | null)[] {
  return readArray(literal);
}

/** The same parameters where those that the statement takes as arrays are written as texts (`array-literal.ts`), read by their types. */
export function arraysRead(sql: string, values: Values): Values {
  const casts = castsOf(sql);
  return values.map((value, index) => {
    const type = casts.get(index + 1);
    if (type === undefined || typeof value !== 'string') return value;
    if (value === '{}') return [];
    return readArray(value).map((cell) => (cell === null ? null : cellOf(type, cell)));
  });
}

const known = new Map<string, ReadonlyMap<number, string>>();

/** The types of the arrays among a statement's parameters, by their places. */
function castsOf(sql: string): ReadonlyMap<number, string> {
  const found = known.get(sql);
  if (found) return found;
  const casts = new Map(
    [...sql.matchAll(/\$(\d+)::([a-z0-9]+)\[\]/g)].map(([, place, type = '']) => [Number(place), type]),
  );
  known.set(sql, casts);
  return casts;
}

function cellOf(type: string, cell: string): unknown {
  if (type === 'int' || type === 'bigint') return Number(cell);
  if (type === 'boolean') return cell === 't' || cell === 'true';
  return type === 'bytea' ? Buffer.from(cell.slice(2), 'hex') : cell;
}

/** A `json` column as the driver of the database reads it. */
export function parsed(text: string | null): unknown {
  return text === null ? null : (JSON.parse(text) as unknown);
}

export const ENDED: readonly string[] = ['succeeded', 'failed', 'cancelled', 'halted'];
