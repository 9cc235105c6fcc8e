/** Reads cron expressions by the time zones of the world. A port, since the rules of time zones come with the machine. */
export abstract class Calendar {
  /** What is wrong with them; null if nothing is. `never`: no moment matches. */
  abstract objection(
    cron: string,
    timeZone: string,
    after: number,
  ): { readonly to: 'cron' | 'timeZone' | 'never'; readonly message: string } | null;
  /** The next moment after `ms` (milliseconds since the epoch) that matches, on a whole minute; null if there is none. */
  abstract nextAfter(cron: string, timeZone: string, ms: number): number | null;
}
