import { faultAt, type Fault } from '../../foundation/fault';
import type { Calendar } from '../../ports/schedules/calendar';
import { tickAfter, type Timing } from '../../schedule/timing';
import { ScheduleError } from './schedule-error';

const CODES = { cron: 'SCHEDULE_CRON', timeZone: 'SCHEDULE_TIME_ZONE', never: 'SCHEDULE_NEVER' } as const;
const PLACES = { cron: '/cron', timeZone: '/timeZone', never: '/cron' } as const;
const REMEDIES = {
  cron: 'Use five fields, such as `30 2 * * *`: minute, hour, day of month, month and day of week.',
  timeZone: 'Use an IANA time zone, such as Europe/Berlin or UTC.',
  never: 'Correct the day and the month. The schedule has no tick.',
} as const;

/** The first tick after `now`. Throws `SCHEDULE_INVALID` with all faults. */
export function firstTick(timing: Timing, now: number, maxWindowMs: number, calendar: Calendar): number {
  const { cron, timeZone, until, catchUpWindowMs } = timing;
  const faults: Fault[] = [];
  const objection = calendar.objection(cron, timeZone, now);
  if (objection) {
    const { to, message } = objection;
    faults.push(
      faultAt(CODES[to], PLACES[to], `${to === 'timeZone' ? 'timeZone' : 'cron'}: ${message}.`, REMEDIES[to]),
    );
  }
  if (catchUpWindowMs > maxWindowMs) {
    const most = `${maxWindowMs / 1_000} s`;
    const message = `catchUpWindow exceeds the maximum of this installation, ${most}.`;
    faults.push(faultAt('SCHEDULE_WINDOW', '/catchUpWindow', message, 'Use a shorter window.'));
  }
  const next = objection ? null : tickAfter(timing, (ms) => calendar.nextAfter(cron, timeZone, ms), now);
  if (!objection && next === null && until !== null) {
    const message = 'until is before the first tick.';
    faults.push(faultAt('SCHEDULE_UNTIL', '/until', message, 'Use a later time, or omit it.'));
  }
  if (faults.length === 0 && next !== null) return next;
  const remedy = 'Correct the errors listed in `errors`.';
  throw new ScheduleError('SCHEDULE_INVALID', 'the schedule is invalid', remedy, faults);
}
