import type { paths, RunStatus } from '@taskrunner/client';
import { RUN_STATUSES } from '../api/statuses';

/** How long ago a run may have been created. */
export const SINCE = {
  '1h': { word: 'last hour', ms: 3_600_000 },
  '24h': { word: 'last 24 hours', ms: 86_400_000 },
  '7d': { word: 'last 7 days', ms: 604_800_000 },
  '30d': { word: 'last 30 days', ms: 2_592_000_000 },
} as const;
export type Since = keyof typeof SINCE;

/** The filter of the list of runs. The address contains it, so that people can send a filtered list to others. */
export interface RunFilter {
  readonly status?: RunStatus;
  /** The beginning of a run's id, or a text in the name of the pack, a label or the name of the requester. */
  readonly q?: string;
  /** The name of the pack. */
  readonly pack?: string;
  /** `key:value`. */
  readonly label?: string;
  /** The id of a requester; `me`: the person. */
  readonly requester?: string;
  /** Created since then; not together with days. */
  readonly since?: Since;
  /** The first and the last day of creation, `YYYY-MM-DD`, in the time zone of the reader. */
  readonly from?: string;
  readonly to?: string;
  /** Only runs that need a person. */
  readonly stuck?: 'any';
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Reads a filter from the parameters of an address. What is no filter is left out. */
export function readRunFilter(search: Readonly<Record<string, unknown>>): RunFilter {
  const status = RUN_STATUSES.find((one) => one === search['status']);
  const since = (Object.keys(SINCE) as Since[]).find((one) => one === search['since']);
  // The router reads `?q=7` as a number.
  const text = (name: string): string =>
    ['string', 'number'].includes(typeof search[name]) ? String(search[name]).trim() : '';
  const day = (name: string): string =>
    DAY.test(text(name)) && !Number.isNaN(Date.parse(text(name))) ? text(name) : '';
  const texts = {
    q: text('q'),
    pack: text('pack'),
    label: isLabel(text('label')) ? text('label') : '',
    requester: text('requester'),
    from: since === undefined ? day('from') : '',
    to: since === undefined ? day('to') : '',
  };
  return {
    ...(status === undefined ? {} : { status }),
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== '')),
    ...(since === undefined ? {} : { since }),
    ...(search['stuck'] === 'any' ? { stuck: 'any' as const } : {}),
  };
}

/** True for `key:value`. */
export function isLabel(text: string): boolean {
  return /^[^:]+:/.test(text);
}

export function isFiltered(filter: RunFilter): boolean {
  return Object.keys(filter).length > 0;
}

/** A filter with another value of one member; an empty one removes it. */
export function withFilter(filter: RunFilter, name: keyof RunFilter, value: string): RunFilter {
  const { [name]: _, ...rest } = filter;
  return readRunFilter(value === '' ? rest : { ...rest, [name]: value });
}

/** The parameters of a list of runs. */
type RunQuery = NonNullable<paths['/api/runs']['get']['parameters']['query']>;

/** The parameters of the API for a filter. `now`: milliseconds since the epoch. */
export function runQuery(filter: RunFilter, now: number): RunQuery {
  const { since, from, to, status, label, ...same } = filter;
  const after = since === undefined ? (from === undefined ? null : startOf(from, 0)) : now - SINCE[since].ms;
  const before = to === undefined ? null : startOf(to, 1);
  return {
    ...same,
    ...(status === undefined ? {} : { status: [status] }),
    ...(label === undefined ? {} : { label: [label] }),
    ...(after === null ? {} : { createdAfter: new Date(after).toISOString() }),
    ...(before === null ? {} : { createdBefore: new Date(before).toISOString() }),
  };
}

/** The beginning of a day, or of one after it, in the time zone of the reader; milliseconds since the epoch. */
function startOf(day: string, daysLater: number): number {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + daysLater).getTime();
}
