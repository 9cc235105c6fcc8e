import { ApiProblem } from '@taskrunner/client';
import { NotSent } from './not-sent';
import { isUnreached } from './problem';

/** Sends a change once. Throws `NotSent` if it has no answer. `isOnline`: whether the browser has a connection at all. */
export async function sendOnce<Result>(what: string, isOnline: boolean, send: () => Promise<Result>): Promise<Result> {
  if (!isOnline) throw new NotSent(what, 'offline');
  try {
    return await send();
  } catch (error) {
    throw isUnreached(error) ? new NotSent(what, 'unanswered', { cause: error }) : error;
  }
}

/** True if the server does not accept the sign-in any more, so that the person must sign in again. */
export function needsSignIn(error: unknown): boolean {
  return ApiProblem.is(error) && error.status === 401;
}
