const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration with at most two units: `840 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return pair(ms, MINUTE, 'min', SECOND, 's');
  if (ms < DAY) return pair(ms, HOUR, 'h', MINUTE, 'min');
  return pair(ms, DAY, 'd', HOUR, 'h');
}

function pair(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % large) / small);
  const first = `${Math.floor(ms / large)} ${largeUnit}`;
  return rest === 0 ? first : `${first} ${rest} ${smallUnit}`;
}

/** The duration until the end, or until now. Null: it has not started. */
export function elapsedMs(startedAt: string | null, finishedAt: string | null, now: number): number | null {
  if (startedAt === null) return null;
  return Math.max(0, (finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(startedAt));
}

/**
 * A time relative to now: `just now`, `5 min ago`, `in a moment`, `in 2 h 5 min`. One that is to come has two units, because people plan with what is left.
 * `isPast`: it is known that the time is over, whatever the clock of the reader says, so it is never in the future.
 */
export function relativeText(instant: string, now: number, isPast = false): string {
  const ms = isPast ? Math.max(0, now - Date.parse(instant)) : now - Date.parse(instant);
  const distance = Math.abs(ms);
  if (distance < 5 * SECOND) return ms < 0 ? 'in a moment' : 'just now';
  if (ms < 0) return `in ${durationText(distance)}`;
  const [factor, unit] =
    distance < MINUTE ? [SECOND, 's'] : distance < HOUR ? [MINUTE, 'min'] : distance < DAY ? [HOUR, 'h'] : [DAY, 'd'];
  return `${Math.floor(distance / factor)} ${unit} ago`;
}

/** A full date and time in the time zone of the reader, for titles and pages about one object. */
export function fullText(instant: string): string {
  return new Date(instant).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' });
}
