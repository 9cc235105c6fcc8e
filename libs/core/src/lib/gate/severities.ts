import { isJsonObject, type Json, type JsonObject } from '../foundation/json';

/** From the worst on. */
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'];

/** Findings that a gate shows. */
interface RankedFindings {
  /** The worst first, otherwise in their order. */
  readonly rows: readonly JsonObject[];
  /** How many there are of each severity, the worst first: `2 critical`. */
  readonly counts: readonly string[];
}

/** The objects of a list by their member `severity`, in any case; null: none has it. An unknown severity is `other`, the last. */
export function rankedFindings(list: readonly Json[]): RankedFindings | null {
  const rows = list.filter(isJsonObject);
  if (rows.length < list.length || !rows.some((row) => 'severity' in row)) return null;
  return {
    rows: [...rows].sort((one, other) => rankOf(one) - rankOf(other)),
    counts: [...SEVERITIES, 'other'].flatMap((name, rank) => {
      const { length } = rows.filter((row) => rankOf(row) === rank);
      return length === 0 ? [] : [`${length} ${name}`];
    }),
  };
}

/** 0 for the worst severity. */
function rankOf({ severity }: JsonObject): number {
  const at = typeof severity === 'string' ? SEVERITIES.indexOf(severity.toLowerCase()) : -1;
  return at < 0 ? SEVERITIES.length : at;
}
