import { useMemo } from 'react';
import { NotSent } from '../../api/not-sent';
import { Moment } from '../../frame/moment';

interface NotRecordedFacts {
  readonly error: Error | null;
  /** When the page last read the gate, milliseconds since the epoch. */
  readonly readAt: number;
  /** The decision that was sent, as a noun. */
  readonly noun: string;
}

/** Says that a decision which got no answer is not recorded, as soon as the gate has been read again and its form is still there. */
export function NotRecorded({ error, readAt, noun }: NotRecordedFacts) {
  const failedAt = useMemo(() => (error === null ? null : Date.now()), [error]);
  const isUnanswered = NotSent.is(error) && error.why === 'unanswered';
  return (
    <div role="status">
      {isUnanswered && failedAt !== null && readAt > failedAt ? (
        <p className="tinted" data-tone="bad">
          The gate was read again <Moment at={new Date(readAt).toISOString()} isPast />. Your {noun} is not recorded. To
          decide, press again.
        </p>
      ) : null}
    </div>
  );
}
