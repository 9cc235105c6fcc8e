/** Deviation of a clock that does not count as having been set, milliseconds. Smaller differences are latency and drift. */
export const CLOCK_STEP_MS = 1_000;

/**
 * How far a clock was set between two looks at it, milliseconds; negative: back; 0: it was not. All times are milliseconds.
 * @param expected what it would show if it had gone on as the monotonic clock of this process has
 * @param shown what it showed
 * @param uncertainty how far `shown` may be off, since the answer was on its way
 */
export function clockStep(expected: number, shown: number, uncertainty: number): number {
  const step = shown - expected;
  return Math.abs(step) - uncertainty >= CLOCK_STEP_MS ? step : 0;
}
