import type { RunId } from '../foundation/ids';
import { tickAfter, type NextAfter, type Timing } from './timing';

/** Why a tick does not run. */
export type SkipReason =
  /** It came too late, for this catch-up rule or for its window. */
  | 'MISSED'
  /** A later one is due as well, and only the latest is made up. */
  | 'SUPERSEDED'
  /** A run of the schedule is under way. */
  | 'OVERLAP'
  /** As many runs of the schedule are under way as the installation allows. */
  | 'ACTIVE_LIMIT'
  /** Another run holds the concurrency group, and the pack says that runs are then refused. Known only when the run is stored. */
  | 'CONCURRENCY_GROUP_HELD';

/** What the decision about a tick goes by. */
export interface TickFacts {
  readonly timing: Timing;
  /** The tick that comes next, milliseconds since the epoch. */
  readonly tick: number;
  /** Database time. */
  readonly now: number;
  /** Runs of the schedule that have not ended, oldest first. */
  readonly active: readonly RunId[];
  readonly nextAfter: NextAfter;
  readonly limits: TickLimits;
}

export interface TickLimits {
  /** How late a tick still is in time. Milliseconds. */
  readonly graceMs: number;
  /** Most runs of one schedule under way at once. */
  readonly maxActive: number;
  /** Most ticks skipped by one decision: what is skipped is counted one by one. */
  readonly maxSkips: number;
}

/** `next` is the tick to wait for afterwards; null: the schedule is over. */
export type TickDecision =
  | { readonly kind: 'wait' }
  | { readonly kind: 'run'; readonly tick: number; readonly next: number | null; readonly replaces: readonly RunId[] }
  | {
      readonly kind: 'skip';
      readonly reason: SkipReason;
      readonly first: number;
      readonly last: number;
      readonly count: number;
      readonly next: number | null;
    };

/**
 * What a schedule does now: one tick runs, or ticks of one reason are skipped, or it waits. The decision looks at one tick at a time,
 * so that each runs in a transaction of its own; the caller asks again until it is told to wait.
 */
export function decideTick(facts: TickFacts): TickDecision {
  const { timing, tick, now, active, nextAfter, limits } = facts;
  if (tick > now) return { kind: 'wait' };
  const next = tickAfter(timing, nextAfter, tick);
  const reason = reasonToSkip(facts, tick, next);
  if (reason === null) {
    const replaces = timing.overlap === 'replace' ? active : [];
    return { kind: 'run', tick, next, replaces };
  }
  let [last, following, count] = [tick, next, 1];
  while (count < limits.maxSkips && following !== null && following <= now) {
    const after = tickAfter(timing, nextAfter, following);
    if (reasonToSkip(facts, following, after) !== reason) break;
    [last, following, count] = [following, after, count + 1];
  }
  return { kind: 'skip', reason, first: tick, last, count, next: following };
}

function reasonToSkip(facts: TickFacts, tick: number, next: number | null): SkipReason | null {
  const { timing, now, active, limits } = facts;
  const { catchUp, catchUpWindowMs, overlap } = timing;
  const late = now - tick;
  const allowed = catchUp === 'none' ? limits.graceMs : Math.max(limits.graceMs, catchUpWindowMs);
  if (late > allowed) return 'MISSED';
  if (catchUp === 'latest' && next !== null && next <= now) return 'SUPERSEDED';
  if (overlap === 'forbid' && active.length > 0) return 'OVERLAP';
  if (active.length >= limits.maxActive) return 'ACTIVE_LIMIT';
  return null;
}
