/** Parameters of a statement, as the adapters send them. */
export type Values = readonly unknown[];

/** Rows of an `unnest` over parameters from `first` on, with these names. */
export function unnested(values: Values, first: number, names: readonly string[]): Record<string, unknown>[] {
  const columns = names.map((_, i) => values[first - 1 + i] as readonly unknown[]);
  return (columns[0] ?? []).map((_, row) => Object.fromEntries(names.map((name, i) => [name, columns[i]?.[row]])));
}

/** A `json` column as the driver of the database reads it. */
export function parsed(text: string | null): unknown {
  return text === null ? null : (JSON.parse(text) as unknown);
}

export const ENDED: readonly string[] = ['succeeded', 'failed', 'cancelled', 'halted'];
