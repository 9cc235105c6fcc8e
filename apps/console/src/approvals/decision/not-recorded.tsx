import { useMemo, type ReactNode } from 'react';
import { NotSent } from '../../api/not-sent';
import { Moment } from '../../frame/moment';

interface NotRecordedFacts {
  readonly error: Error | null;
  /** When the page last read the gate, milliseconds since the epoch. */
  readonly readAt: number;
  /** The decision that was sent, as a noun. */
  readonly noun: string;
}

/**
 * That a decision which got no answer, or was not sent, is not recorded, as soon as the gate has been read again and its form is still there. Null: it is not
 * known, or the error is another.
 */
export function useNotRecorded({ error, readAt, noun }: NotRecordedFacts): ReactNode {
  const failedAt = useMemo(() => (error === null ? null : Date.now()), [error]);
  if (!NotSent.is(error) || failedAt === null || readAt <= failedAt) return null;
  return (
    <p>
      {error.why === 'unanswered' ? 'No answer came.' : 'It was not sent, and the connection is back.'} The gate was
      read again <Moment at={new Date(readAt).toISOString()} isPast />. Your {noun} is not recorded. To decide, press
      again.
    </p>
  );
}
