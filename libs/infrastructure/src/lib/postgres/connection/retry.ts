import { setTimeout as delay } from 'node:timers/promises';
import { failureOf } from './sql-state';

/** Information about the previous attempts. */
export interface Attempt {
  /** True if an earlier answer was lost: the request may have been executed. */
  readonly lost: boolean;
}

/** Patience of drivers, which must outlast any outage: a driver cannot give up its run. */
export const AS_LONG_AS_IT_TAKES = Infinity;

/**
 * Repeats a statement after temporary failures, with jitter: 10 ms doubling to 1 s, for at most `patienceMs`. Only for statements that may
 * be executed twice.
 */
export async function withRetry<Result>(
  attempt: (supplied: Attempt) => Promise<Result>,
  patienceMs = 5_000,
): Promise<Result> {
  const until = performance.now() + patienceMs;
  let lost = false;
  for (let round = 0; ; round++) {
    try {
      return await attempt({ lost });
    } catch (error) {
      const failure = failureOf(error);
      const pause = pauseMs(round);
      if ((failure !== 'again' && failure !== 'lost') || performance.now() + pause > until) throw error;
      lost ||= failure === 'lost';
      await delay(pause);
    }
  }
}

/** Delay before attempt `round + 1`, milliseconds: between half and all of a step that doubles up to one second. */
export function pauseMs(round: number): number {
  const step = Math.min(1_000, 10 * 2 ** Math.min(round, 10));
  return step * (0.5 + Math.random() / 2);
}
