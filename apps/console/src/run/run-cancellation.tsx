import type { Run } from '@taskrunner/client';
import { Moment } from '../frame/moment';
import { fullText } from '../frame/time';

/** Who cancelled the run, why and when. Nothing if nobody did. A run that had failed before ends otherwise. */
export function RunCancellation({
  run: { status, cancellation },
}: {
  readonly run: Pick<Run, 'status' | 'cancellation'>;
}) {
  // During an upgrade, a server of before may answer, which sends none.
  if (!cancellation) return null;
  const { by, reason, requestedAt } = cancellation;
  return (
    <p className="run-message" aria-label="Cancellation of the run">
      {status === 'cancelled' || status === 'cancelling' ? 'Cancelled by' : 'Cancellation requested by'}{' '}
      <span title={`${by.sub} of ${by.iss}`}>{by.name ?? by.sub}</span> at {fullText(requestedAt)}{' '}
      <span className="faint">
        (<Moment at={requestedAt} isPast />)
      </span>
      : {reason}
    </p>
  );
}
