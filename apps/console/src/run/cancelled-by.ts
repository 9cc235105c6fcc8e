import type { Run } from '@taskrunner/client';
import { failureIn } from './failure';

/** The code of a run that somebody cancelled, and of the steps that were stopped or left out because it was ending. */
const CANCELLED = 'RUN_CANCELLED';

type Facts = Pick<Run, 'status' | 'error' | 'cancellation'>;

/** True of a run that ends or ended because somebody cancelled it: the page says who, when and why, and that is no error. */
export function isCancelled({ status, error, cancellation }: Facts): boolean {
  // During an upgrade, a server of before may answer, which sends none.
  if (!cancellation) return false;
  return status === 'cancelling' || failureIn(error).code === CANCELLED;
}

/** Why a step was stopped or left out, if it was because somebody cancelled the run; null: it has another reason. */
export function cancelledBy(run: Facts, code: string | null): string | null {
  if (code !== CANCELLED || !isCancelled(run) || !run.cancellation) return null;
  const { by, reason } = run.cancellation;
  return `${by.name ?? by.sub} cancelled the run: ${reason}`;
}
