import { useState, type ReactNode } from 'react';
import { Refusal } from '../../frame/refusal';
import { useNotRecorded } from './not-recorded';
import { decisionNoun } from './override';
import { RejectQuestion } from './reject-question';
import type { useDecision } from './use-decision';

interface DecisionFacts {
  readonly decision: ReturnType<typeof useDecision>;
  /** The gate asks for an override of a denial. */
  readonly isOverride: boolean;
  /** When the page last read the gate, milliseconds since the epoch. */
  readonly readAt: number;
  readonly reason: string;
  readonly write: (reason: string) => void;
  /** Stands behind the word *Reason*: `required`. */
  readonly note: string;
  readonly isRequired: boolean;
  /** The other decision than a rejection. */
  readonly main: {
    readonly word: string;
    readonly isPrimary: boolean;
    /** Why it is not possible now; null: it is. */
    readonly obstacle: string | null;
    readonly decide: () => void;
  };
  /** Why a rejection is not possible now; null: it is. */
  readonly toReject: string | null;
  /** What stands between the reason and the buttons. */
  readonly children?: ReactNode;
}

/** The reason and the buttons of a decision, the question before a rejection, and why the server refused. */
export function DecisionEntry(facts: DecisionFacts) {
  const { decision, isOverride, readAt, reason, write, note, isRequired, main, toReject, children } = facts;
  const [isRejecting, askToReject] = useState(false);
  const obstacle = main.obstacle ?? toReject;
  const sent = decision.variables?.decision;
  const isOfRejection = sent === 'rejected';
  const noun = decisionNoun(sent ?? 'approved', isOverride);
  const notRecorded = useNotRecorded({ error: decision.error, readAt, noun });
  return (
    <>
      <label className="entry">
        <span className="entry-name">
          Reason<span className="faint"> ({note})</span>
        </span>
        <textarea
          className="field"
          rows={3}
          maxLength={4_000}
          required={isRequired}
          value={reason}
          onChange={({ target }) => write(target.value)}
        />
      </label>
      {children}
      <p className="buttons">
        <button
          type="button"
          className={main.isPrimary ? 'button primary' : 'button'}
          disabled={main.obstacle !== null || decision.isPending}
          onClick={main.decide}
        >
          {main.word}
        </button>
        <button
          type="button"
          className="button danger"
          disabled={toReject !== null || decision.isPending}
          onClick={() => askToReject(true)}
        >
          Reject …
        </button>
      </p>
      {decision.isPending ? (
        <p className="faint" role="status">
          Your {noun} is being sent …
        </p>
      ) : null}
      {obstacle === null ? null : (
        <p className="faint" role="status">
          {obstacle}
        </p>
      )}
      {isRejecting ? (
        <RejectQuestion
          reason={reason}
          isPending={decision.isPending}
          // Whether another decision arrived is no answer to this question.
          error={isOfRejection ? decision.error : null}
          close={() => askToReject(false)}
          reject={() => decision.mutate({ decision: 'rejected', reason })}
          notRecorded={isOfRejection ? notRecorded : null}
        />
      ) : null}
      {isRejecting && isOfRejection ? null : <Refusal error={decision.error} outcome={notRecorded} />}
    </>
  );
}
