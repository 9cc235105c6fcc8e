import type { ReactNode } from 'react';
import { Question } from '../../frame/question';

interface RejectFacts {
  readonly reason: string;
  readonly isPending: boolean;
  readonly error: Error | null;
  readonly close: () => void;
  readonly reject: () => void;
  /** That the rejection which was sent is not recorded. */
  readonly notRecorded: ReactNode;
}

/** Asks once more before a rejection, which ends the run. */
export function RejectQuestion({ reason, isPending, error, close, reject, notRecorded }: RejectFacts) {
  return (
    <Question
      title="Reject this request?"
      answer="Reject it"
      dismiss="Do not reject"
      tone="danger"
      close={close}
      isPending={isPending}
      error={error}
      act={reject}
      outcome={notRecorded}
    >
      <p>One rejection ends the run. It cannot be withdrawn.</p>
      {reason.trim() === '' ? (
        <p className="faint">You give no reason.</p>
      ) : (
        <p>
          Your reason: <span className="decision-reason">{reason}</span>
        </p>
      )}
    </Question>
  );
}
