import { Calendar } from '@taskrunner/core/ports';
import { Cron } from 'croner';

const FIELD = /^[0-9A-Z*,/#-]+$/i;
const NICKNAMES = new Set(['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually']);
const ZONE = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/;
const REMEMBERED = 1_000;
const MAX_LENGTH = 256;

type Objection = ReturnType<Calendar['objection']>;

/**
 * Calendar of cron expressions (croner) in time zones (the ICU data of Node.js). Expressions have five fields. Names, steps, `L` and `#`
 * are accepted. Seconds are refused, as are extensions that only some programs have (`?`, `W`, years). If both day of month and day of week
 * are restricted, a day that matches either one matches (POSIX crontab).
 */
export class CronerCalendar extends Calendar {
  private readonly parsed = new Map<string, Cron>();

  objection(cron: string, timeZone: string, after: number): Objection {
    return objectionToZone(timeZone) ?? objectionToFields(cron) ?? this.objectionToMeaning(cron, timeZone, after);
  }

  nextAfter(cron: string, timeZone: string, ms: number): number | null {
    const next = this.read(cron, timeZone).nextRun(new Date(ms));
    if (next === null) return null;
    // A schedule that does not advance would be due forever.
    if (next.getTime() <= ms) throw new TypeError('the calendar does not advance');
    return next.getTime();
  }

  private objectionToMeaning(cron: string, timeZone: string, after: number): Objection {
    try {
      if (this.nextAfter(cron, timeZone, after) !== null) return null;
      return { to: 'never', message: 'no date matches this expression' };
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : 'it cannot be read';
      return { to: 'cron', message: reason };
    }
  }

  private read(cron: string, timeZone: string): Cron {
    const key = `${timeZone} ${cron}`;
    const known = this.parsed.get(key);
    if (known) return known;
    const made = new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true });
    if (this.parsed.size >= REMEMBERED) this.parsed.delete(this.parsed.keys().next().value as string);
    this.parsed.set(key, made);
    return made;
  }
}

function objectionToZone(timeZone: string): Objection {
  const refused = {
    to: 'timeZone',
    message: 'it must be an IANA time zone, such as Europe/Berlin',
  } as const;
  if (!ZONE.test(timeZone)) return refused;
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return null;
  } catch {
    return refused;
  }
}

function objectionToFields(cron: string): Objection {
  if (cron.startsWith('@'))
    return NICKNAMES.has(cron) ? null : { to: 'cron', message: `known macros: ${[...NICKNAMES].join(', ')}` };
  const fields = cron.split(' ');
  if (fields.length !== 5 || cron.length > MAX_LENGTH)
    return {
      to: 'cron',
      message:
        'it must have five fields separated by single spaces: minute, hour, day of month, month and day of week; seconds are not supported',
    };
  const odd = fields.findIndex((field) => !FIELD.test(field) || /W/i.test(field.replace(/WED/gi, '')));
  return odd < 0 ? null : { to: 'cron', message: `field ${odd + 1} contains unsupported characters` };
}
