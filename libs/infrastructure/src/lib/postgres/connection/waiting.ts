import { DatabaseError } from './database-error';

/** How long something is waited for before whoever waits is told, milliseconds. */
const MOMENT_MS = 2_000;

/** Told what is waited for, in words, once it lasts. */
export type OnWaiting = (what: string) => void;

/** Does work that may wait for somebody else, and tells after a moment what it waits for. */
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
 * The same for a lock that the connection waits for no longer than `limitMs`.
 * @throws DatabaseError `DB_BUSY` when that time is over
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
    if ((error as { code?: unknown }).code !== '55P03') throw error;
    throw new DatabaseError(
      'DB_BUSY',
      `after ${limit}, the database still waits for ${what}`,
      'Wait until it has ended, or end it, then try again.',
      [],
      { cause: error },
    );
  }
}
