import type { Fault } from '../foundation/fault';
import type { Calendar } from '../ports/calendar';
import { tickAfter, type Timing } from '../schedule/timing';
import { ScheduleError } from './schedule-error';

const CODES = { cron: 'SCHEDULE_CRON', timeZone: 'SCHEDULE_TIME_ZONE', never: 'SCHEDULE_NEVER' } as const;
const PLACES = { cron: '/cron', timeZone: '/timeZone', never: '/cron' } as const;
const REMEDIES = {
  cron: 'Write five fields, such as `30 2 * * *`: minute, hour, day of month, month, day of week.',
  timeZone: 'Write a name of the IANA database, such as Europe/Berlin or UTC.',
  never: 'Correct day and month: they never meet.',
} as const;

/** The first tick after `now`. Throws `SCHEDULE_INVALID` with everything that is wrong. */
export function firstTick(timing: Timing, now: number, maxWindowMs: number, calendar: Calendar): number {
  const { cron, timeZone, until, catchUpWindowMs } = timing;
  const faults: Fault[] = [];
  const objection = calendar.objection(cron, timeZone, now);
  if (objection) {
    const { to, message } = objection;
    faults.push(fault(CODES[to], PLACES[to], `${to === 'timeZone' ? 'timeZone' : 'cron'}: ${message}.`, REMEDIES[to]));
  }
  if (catchUpWindowMs > maxWindowMs) {
    const most = `${maxWindowMs / 1_000} s`;
    const message = `catchUpWindow is longer than this installation allows, ${most}.`;
    faults.push(fault('SCHEDULE_WINDOW', '/catchUpWindow', message, 'Take a shorter one.'));
  }
  const next = objection ? null : tickAfter(timing, (ms) => calendar.nextAfter(cron, timeZone, ms), now);
  if (!objection && next === null && until !== null) {
    const message = 'until lies before the first tick.';
    faults.push(fault('SCHEDULE_UNTIL', '/until', message, 'Take a later time, or leave it out.'));
  }
  if (faults.length === 0 && next !== null) return next;
  const remedy = 'Correct what is listed under errors.';
  throw new ScheduleError('SCHEDULE_INVALID', 'the schedule has faults', remedy, faults);
}

function fault(code: string, path: string, message: string, remediation: string): Fault {
  return { code, path, line: null, column: null, message, remediation };
}
