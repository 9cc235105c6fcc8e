import { DatabaseError } from './database-error';
import { isLockTimeout } from './sql-state';

/** Delay before a wait is reported, milliseconds. */
const MOMENT_MS = 2_000;

/** Called with a description of a longer wait. */
export type OnWaiting = (what: string) => void;

/** Runs work that may have to wait for another process, and reports the wait if it lasts. */
export async function reportingWait<Result>(
  what: string,
  onWaiting: OnWaiting | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const timer = setTimeout(() => onWaiting?.(what), MOMENT_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Does the same for a lock with a timeout of `limitMs`.
 * @throws DatabaseError `DB_BUSY` at the timeout
 */
export async function reportingWaitUntil<Result>(
  what: string,
  limitMs: number,
  onWaiting: OnWaiting | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const limit = `${limitMs / 1_000} s`;
  try {
    return await reportingWait(`${what}, for at most ${limit}`, onWaiting, work);
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw new DatabaseError(
      'DB_BUSY',
      `after ${limit}, the database still waits for ${what}`,
      'Wait until it has ended, or end it, then try again.',
      [],
      { cause: error },
    );
  }
}
