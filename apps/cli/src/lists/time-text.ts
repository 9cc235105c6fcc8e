const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in its two largest units: `850ms`, `12s`, `3m20s`, `2h5m`, `4d3h`. `ms`: milliseconds; less than none counts as none. */
export function durationText(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < HOUR) return two(ms, MINUTE, 'm', SECOND, 's');
  if (ms < DAY) return two(ms, HOUR, 'h', MINUTE, 'm');
  return two(ms, DAY, 'd', HOUR, 'h');
}

function two(ms: number, large: number, first: string, small: number, second: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)}${first}${rest === 0 ? '' : `${rest}${second}`}`;
}

/** The time since an instant in its largest unit: `12s`, `3m`, `2h`, `4d`. `now`: milliseconds since the epoch. */
export function ageText(instant: string, now: number): string {
  const ms = Math.max(0, now - Date.parse(instant));
  for (const [unit, symbol] of [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'm'],
  ] as const)
    if (ms >= unit) return `${Math.floor(ms / unit)}${symbol}`;
  return `${Math.floor(ms / SECOND)}s`;
}

/** The time until an instant in its two largest units, `expired` after it. */
export function untilText(instant: string, now: number): string {
  const ms = Date.parse(instant) - now;
  return ms <= 0 ? 'expired' : durationText(ms);
}
