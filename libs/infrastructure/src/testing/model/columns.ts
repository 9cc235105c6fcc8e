/** Parameters of a statement, as the adapters send them. */
export type Values = readonly unknown[];

/** Rows of an `unnest` over parameters from `first` on, with these names. */
export function unnested(values: Values, first: number, names: readonly string[]): Record<string, unknown>[] {
  const columns = values.slice(first - 1, first - 1 + names.length) as readonly (readonly unknown[])[];
  return (columns[0] ?? []).map((_, row) => {
    const read: Record<string, unknown> = {};
    names.forEach((name, i) => (read[name] = columns[i]?.[row]));
    return read;
  });
}

/** Within quotes, a backslash escapes the next character. */
const ELEMENT = /"([^"\\]*(?:\\[^][^"\\]*)*)"|[^",{}]+/g;

/** Parses an array of texts in the database's format (PostgreSQL manual, §8.15.2). */
export function readTexts(literal: string): (string | null)[] {
  if (literal === '{}') return [];
  if (!literal.includes('"')) return literal.slice(1, -1).split(',').map(orNull);
  return Array.from(literal.matchAll(ELEMENT), ([bare, quoted]) => {
    if (quoted === undefined) return orNull(bare);
    return quoted.includes('\\') ? quoted.replace(/\\([^])/g, '$1') : quoted;
  });
}

function orNull(bare: string): string | null {
  return bare === 'NULL' ? null : bare;
}

/** The parameters with arrays parsed by their types. Adapters send arrays as texts (`array-literal.ts`). */
export function arraysRead(sql: string, values: Values): Values {
  const casts = castsOf(sql);
  return values.map((value, index) => {
    const type = casts.get(index + 1);
    if (type === undefined || typeof value !== 'string') return value;
    return readTexts(value).map((cell) => (cell === null ? null : cellOf(type, cell)));
  });
}

const known = new Map<string, ReadonlyMap<number, string>>();

/** The types of a statement's array parameters, by position. */
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

/** A `json` column as the database driver parses it. */
export function parsed(text: string | null): unknown {
  return text === null ? null : (JSON.parse(text) as unknown);
}

export const ENDED: readonly string[] = ['succeeded', 'failed', 'cancelled', 'halted'];
