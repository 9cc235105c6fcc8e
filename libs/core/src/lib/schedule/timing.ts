/** What a tick does while runs of the same schedule are under way. */
export const OVERLAP = ['allow', 'forbid', 'replace'] as const;
/** `allow`: runs beside them. `forbid`: is skipped. `replace`: asks them to stop, and runs. */
export type Overlap = (typeof OVERLAP)[number];

/** What becomes of ticks that nobody could run in time. */
export const CATCH_UP = ['none', 'latest', 'all'] as const;
/** `none`: they are skipped. `latest`: the last of them runs. `all`: they run one after another. Never those outside the window. */
export type CatchUp = (typeof CATCH_UP)[number];

/** When a schedule ticks, and what a tick does when it comes late or too early. Times are milliseconds since the epoch. */
export interface Timing {
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  /** How old a missed tick may be and still be made up. Milliseconds. */
  readonly catchUpWindowMs: number;
  /** The last moment at which it may tick; null: for ever. */
  readonly until: number | null;
}

/** The next moment after another, by cron expression and time zone; null if there is none. Whole minutes. */
export type NextAfter = (ms: number) => number | null;

/** The first tick after a moment; null if the schedule is over by then. */
export function tickAfter({ until }: Pick<Timing, 'until'>, nextAfter: NextAfter, ms: number): number | null {
  const next = nextAfter(ms);
  return next === null || (until !== null && next > until) ? null : next;
}
