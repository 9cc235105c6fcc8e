import type { RunId } from '../foundation/ids';
import { tickAfter, type NextAfter, type Timing } from './timing';

/** Why a tick does not run. */
export type SkipReason =
  /** It came too late, by this catch-up rule or for its window. */
  | 'MISSED'
  /** A later one is due as well, and only the latest is caught up. */
  | 'SUPERSEDED'
  /** A run of the schedule is active. */
  | 'OVERLAP'
  /** The installation's limit for active runs of the schedule is reached. */
  | 'ACTIVE_LIMIT'
  /** Another run holds the concurrency group, and the pack says that runs are then refused. Known only when the run is stored. */
  | 'CONCURRENCY_GROUP_HELD';

/** Inputs of the decision about a tick. */
export interface TickFacts {
  readonly timing: Timing;
  /** The tick that comes next, milliseconds since the epoch. */
  readonly tick: number;
  /** Database time. */
  readonly now: number;
  /** Active runs of the schedule, oldest first. */
  readonly active: readonly RunId[];
  readonly nextAfter: NextAfter;
  readonly limits: TickLimits;
}

export interface TickLimits {
  /** Maximum delay of a tick that still counts as in time, milliseconds. */
  readonly graceMs: number;
  /** Maximum number of active runs of one schedule. */
  readonly maxActive: number;
  /** Maximum number of ticks that one decision skips, because skipped ticks are counted one by one. */
  readonly maxSkips: number;
}

/** `next` is the tick to wait for afterwards; null: the schedule has ended. */
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
 * Decides what a schedule does now: one tick runs, ticks are skipped for one reason, or it waits. Each decision concerns one tick, so that
 * each runs in a transaction of its own. The caller repeats the call until it has to wait.
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
