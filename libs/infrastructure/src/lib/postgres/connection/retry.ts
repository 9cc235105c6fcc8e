import { setTimeout as delay } from 'node:timers/promises';
import { failureOf } from './sql-state';

/** What an attempt is told about the ones before it. */
export interface Attempt {
  /** An earlier answer was lost: what is asked for may have been done. */
  readonly lost: boolean;
}

/** Patience of who drives a run: an outage ends for it no earlier than for the run. */
export const AS_LONG_AS_IT_TAKES = Infinity;

/**
 * Sends again what failed for a passing reason, with jitter: 10 ms doubling to 1 s, for at most `patienceMs`. Only for
 * statements that may be executed twice.
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

/** Milliseconds to wait before attempt `round + 1`: between half and all of a step that doubles up to one second. */
export function pauseMs(round: number): number {
  const step = Math.min(1_000, 10 * 2 ** Math.min(round, 10));
  return step * (0.5 + Math.random() / 2);
}
