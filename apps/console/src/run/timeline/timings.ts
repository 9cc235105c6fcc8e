import type { Timings } from '@taskrunner/client';
import { durationText } from '../../frame/time';
import type { Span } from './time-scale';

/** A row as the API sends it: id, parent, kind, status, when it was queued, started and ended, attempts. Times are milliseconds after the origin. */
export type TimingRow = Timings['items'][number];
/** One execution of an attempt: attempt, execution, start, end, how it ended. */
export type Execution = TimingRow[7][number];

/** A part of a bar: waiting for a slot, waiting for people at a gate, one execution, or the time of a step that has none. */
interface Bar extends Span {
  readonly kind: 'queued' | 'people' | 'run' | 'between';
  /** How an execution ended; null: it has not, or is none. */
  readonly end: string | null;
}

/** The parts of a step's time. `now`: the end of what has not ended. */
export function barsOf(row: TimingRow, now: number): readonly Bar[] {
  const [, , step, , queuedAt, startedAt, endedAt, attempts] = row;
  const bars: Bar[] = [];
  if (queuedAt !== null && (startedAt !== null || endedAt === null))
    bars.push({ kind: 'queued', from: queuedAt, to: startedAt ?? now, end: null });
  if (startedAt === null) return bars;
  const end = endedAt ?? now;
  if (attempts.length === 0)
    return [...bars, { kind: step === 'gate' ? 'people' : 'run', from: startedAt, to: end, end: null }];
  bars.push({ kind: 'between', from: startedAt, to: end, end: null });
  for (const [, , from, to, how] of attempts) bars.push({ kind: 'run', from, to: to ?? now, end: how });
  return bars;
}

/** How long a step waited, for a slot or at a gate for people, and how long it ran, milliseconds. Null: it has not begun to. */
export function durationsOf(
  row: TimingRow,
  now: number,
): { readonly queued: number | null; readonly ran: number | null } {
  const [, , kind, , queuedAt, startedAt, endedAt] = row;
  if (kind === 'gate')
    return { queued: startedAt === null ? null : Math.max(0, (endedAt ?? now) - (queuedAt ?? startedAt)), ran: null };
  return {
    queued:
      queuedAt === null || (startedAt === null && endedAt !== null) ? null : Math.max(0, (startedAt ?? now) - queuedAt),
    ran: startedAt === null ? null : Math.max(0, (endedAt ?? now) - startedAt),
  };
}

/** Kinds whose time is that of the steps inside: nothing happens in them by itself. */
const CONTAINERS: ReadonlySet<string> = new Set(['map', 'item', 'loop', 'pack', 'group', 'parallel', 'conditional']);

/** The times in which a step did something: not a container, and not a gate that people took their time for. */
export function busySpans(rows: readonly TimingRow[], now: number): readonly Span[] {
  return rows.flatMap((row) => {
    const [, , kind, , , startedAt, endedAt, attempts] = row;
    if (startedAt === null || CONTAINERS.has(kind)) return [];
    if (kind === 'gate') return [startedAt, endedAt ?? now].map((at) => ({ from: at, to: at }));
    return attempts.length === 0
      ? [{ from: startedAt, to: endedAt ?? now }]
      : attempts.map(([, , from, to]) => ({ from, to: to ?? now }));
  });
}

/** The times in which people were waited for. */
export function waitSpans(rows: readonly TimingRow[], now: number): readonly Span[] {
  return rows.flatMap(([, , kind, , , startedAt, endedAt]) =>
    kind === 'gate' && startedAt !== null ? [{ from: startedAt, to: endedAt ?? now }] : [],
  );
}

/** A row and the number of rows that enclose it. */
export interface NestedRow {
  readonly row: TimingRow;
  readonly depth: number;
}

/** Rows in the order of a tree: each behind the one that encloses it. A row whose parent is on another page stands at the top. */
export function nested(rows: readonly TimingRow[]): readonly NestedRow[] {
  const ids = new Set(rows.map(([id]) => id));
  const children = new Map<string | null, TimingRow[]>();
  for (const row of rows) {
    const parent = ids.has(row[1]) ? row[1] : null;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [row]);
    else siblings.push(row);
  }
  const placed: NestedRow[] = [];
  // A stack, since a plan may be nested more deeply than functions.
  const rest: NestedRow[] = (children.get(null) ?? []).map((row) => ({ row, depth: 0 })).toReversed();
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    placed.push(next);
    const inside = children.get(next.row[0]) ?? [];
    for (let at = inside.length - 1; at >= 0; at--) rest.push({ row: inside[at] as TimingRow, depth: next.depth + 1 });
  }
  return placed;
}

/** The part of a step's id that its parent's does not have: `[3]` of `fan[3]`, `act` of `fan[3]::act`. */
export function nameWithin(id: string, parent: string): string {
  if (!id.startsWith(parent)) return id;
  return id.slice(parent.length).replace(/^::/, '');
}

/** A duration as it is compared with others: `1.4 s` instead of `1 s`. */
export function comparedText(ms: number): string {
  return ms >= 1_000 && ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : durationText(ms);
}
