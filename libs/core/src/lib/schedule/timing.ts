/** The overlap rule: what a tick does while runs of the same schedule are active. */
export const OVERLAP = ['allow', 'forbid', 'replace'] as const;
/** `allow`: it runs beside them. `forbid`: it is skipped. `replace`: it asks them to stop, and runs. */
export type Overlap = (typeof OVERLAP)[number];

/** The catch-up rule: what happens to ticks that could not run in time. */
export const CATCH_UP = ['none', 'latest', 'all'] as const;
/** `none`: they are skipped. `latest`: the last of them runs. `all`: they run one after another. Ticks outside of the window never run. */
export type CatchUp = (typeof CATCH_UP)[number];

/** When a schedule ticks, and what a tick does when it is late or runs overlap. Times are milliseconds since the epoch. */
export interface Timing {
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  /** Maximum age of a missed tick that is caught up, milliseconds. */
  readonly catchUpWindowMs: number;
  /** The last time at which it may tick; null: no end. */
  readonly until: number | null;
}

/** The next moment after another, by cron expression and time zone; null if there is none. Whole minutes. */
export type NextAfter = (ms: number) => number | null;

/** The first tick after a given time; null if the schedule has ended by then. */
export function tickAfter({ until }: Pick<Timing, 'until'>, nextAfter: NextAfter, ms: number): number | null {
  const next = nextAfter(ms);
  return next === null || (until !== null && next > until) ? null : next;
}
