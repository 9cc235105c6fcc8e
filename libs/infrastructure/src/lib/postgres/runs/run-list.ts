import {
  hasEnded,
  runIdsWith,
  runStatuses,
  runUuid,
  runUuidEnd,
  type RunId,
  type RunStatus,
} from '@taskrunner/core/foundation';
import { STUCK_REASONS, type CreatedRange, type RunFilter, type StatusCount } from '@taskrunner/core/ports';

/** Maximum number of runs that one page searches along one filter, and that are counted of one status. */
const MOST_SEARCHED = 1_000;

const FIRST_UUID = '00000000-0000-0000-0000-000000000000';
const LAST_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** Statuses as stored that are shown as `cancelling` if a cancellation was requested. */
const MAY_BE_CANCELLING: readonly RunStatus[] = ['queued', 'running', 'waiting', 'cancelling'];

/** Parameters of `list-runs.sql` after the tenant. */
export function listValues(filter: RunFilter, limit: number, before: RunId | null): readonly unknown[] {
  const {
    statuses = null,
    stuck = null,
    pack = null,
    version = null,
    labels = [],
    requester = null,
    text = null,
  } = filter;
  const ids = text === null ? null : runIdsWith(text.toLowerCase());
  const created = createdBounds(filter);
  const from = latest(created.from, ids ? runUuid(ids.first) : FIRST_UUID);
  const below = earliest(
    earliest(created.below, ids ? uuidAfter(runUuid(ids.last)) : LAST_UUID),
    before ? runUuid(before) : LAST_UUID,
  );
  const has = [statuses, stuck, pack, requester, ...labels].filter((one) => one !== null).length;
  const isSearched = ids === null && text !== null;
  const isExact =
    has <= 1 && version === null && !isSearched && !requester?.iss && (statuses ?? []).every(isStoredAsShown);
  return [
    from,
    below,
    isExact ? limit + 1 : Math.max(limit + 1, MOST_SEARCHED),
    limit + 1,
    has === 0,
    statuses && storedAs(statuses),
    statuses,
    stuck === 'any' ? STUCK_REASONS : stuck && [stuck],
    pack,
    version,
    requester?.sub ?? null,
    requester?.iss ?? null,
    labels.map(({ key }) => key),
    labels.map(({ value }) => value),
    isSearched ? text : null,
    isSearched ? runUuidEnd(text) : null,
  ];
}

/** A row of `list-runs.sql` besides the run itself. If no run matches, there is one row with `run_id` null. */
export interface ListBounds {
  readonly is_cut: boolean;
  /** The last run that was searched; null: none. */
  readonly reach: string | null;
  readonly run_id: string | null;
}

/** Parameters of `count-runs.sql` after the tenant. */
export function countValues(range: CreatedRange): readonly unknown[] {
  const { from, below } = createdBounds(range);
  return [from, below, runStatuses, MOST_SEARCHED + 1];
}

/** A row of `count-runs.sql`. */
export interface CountRow {
  readonly stored: RunStatus;
  readonly shown: RunStatus;
  readonly runs: number;
}

/** The counts that the rows of `count-runs.sql` amount to. */
export function statusCounts(rows: readonly CountRow[]): readonly StatusCount[] {
  const sum = (of: readonly CountRow[]) => of.reduce((all, { runs }) => all + runs, 0);
  const cut = runStatuses.filter((status) => sum(rows.filter(({ stored }) => stored === status)) > MOST_SEARCHED);
  return runStatuses.map((status) => {
    const count = sum(rows.filter(({ shown }) => shown === status));
    const atLeast = storedAs([status]).some((stored) => cut.includes(stored));
    return { status, count: atLeast ? Math.min(count, MOST_SEARCHED) : count, atLeast };
  });
}

/** False: a run with this stored status can be shown with another one. */
function isStoredAsShown(status: RunStatus): boolean {
  return hasEnded(status) || status === 'halted';
}

/** Statuses as stored that can be shown as one of these. */
function storedAs(statuses: readonly RunStatus[]): readonly RunStatus[] {
  return [...new Set(statuses.flatMap((status) => (status === 'cancelling' ? MAY_BE_CANCELLING : [status])))];
}

/** Ids of runs begin with the time of their creation in milliseconds (UUIDv7, RFC 9562 §5.7). */
function createdBounds({ createdAfter, createdBefore }: CreatedRange): {
  readonly from: string;
  readonly below: string;
} {
  return {
    from: createdAfter === undefined ? FIRST_UUID : firstUuidAt(createdAfter),
    below: createdBefore === undefined ? LAST_UUID : firstUuidAt(createdBefore),
  };
}

/** Parameters of `approved-before` after the tenant. `until`: milliseconds since the epoch. */
export function approvedBeforeValues(run: RunId, until: number): readonly [string, number, string] {
  return [runUuid(run), until, firstUuidAt(until + 1)];
}

function firstUuidAt(ms: number): string {
  return uuidOf(BigInt(Math.max(ms, 0)) << 80n);
}

function uuidAfter(uuid: string): string {
  return uuid === LAST_UUID ? uuid : uuidOf(BigInt(`0x${uuid.replaceAll('-', '')}`) + 1n);
}

function uuidOf(value: bigint): string {
  const hex = value.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function latest(a: string, b: string): string {
  return a > b ? a : b;
}

function earliest(a: string, b: string): string {
  return a < b ? a : b;
}
