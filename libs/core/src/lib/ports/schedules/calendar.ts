/** Interprets cron expressions in time zones. It is a port because time zone data comes from the machine. */
export abstract class Calendar {
  /** The fault of an expression or time zone; null if both are valid. `never`: the expression matches no moment. */
  abstract objection(
    cron: string,
    timeZone: string,
    after: number,
  ): { readonly to: 'cron' | 'timeZone' | 'never'; readonly message: string } | null;
  /** The next moment after `ms` (milliseconds since the epoch) that matches, on a whole minute; null if there is none. */
  abstract nextAfter(cron: string, timeZone: string, ms: number): number | null;
}
