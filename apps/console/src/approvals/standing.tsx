import type { Decision, Gate } from '@taskrunner/client';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Me } from '../frame/me';
import { Moment } from '../frame/moment';
import { Refusal } from '../frame/refusal';
import { useServices } from '../frame/services';
import { durationText } from '../frame/time';
import { draftName, Drafts } from './draft';
import { ageLimitMs } from './may-decide';
import { isCounted, ownDecision, statusOf } from './own-decision';
import { SaveReceipt } from './receipt';
import { reasonText } from './reasons';
import { RejectQuestion } from './reject-question';
import { useDecision, type DecisionEnds } from './use-decision';

export const STATUSES: Readonly<Record<string, string>> = {
  open: 'open',
  approved: 'approved',
  rejected: 'rejected',
  expired: 'expired',
  closed: 'closed without a decision',
};

interface StandingFacts extends DecisionEnds {
  readonly gate: Gate;
  readonly me: Me;
  /** The person has just decided in this tab: the result takes the keyboard. */
  readonly isNew: boolean;
}

/** How the gate stands for a person who cannot decide now: what became of their decision, or why they cannot; and the way back. */
export function Standing({ gate, me, isNew, ...ends }: StandingFacts) {
  const own = ownDecision(gate, me.person);
  const status = statusOf(gate);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isNew) heading.current?.focus();
  }, [isNew]);
  const title =
    status !== 'open'
      ? `The gate is ${STATUSES[status] ?? status}`
      : isCounted(own)
        ? 'Your approval counts'
        : 'You cannot decide';
  return (
    <section className="why" aria-live="polite">
      <h2 ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {own === null || own.decision === 'withdrawn' ? null : <Own gate={gate} own={own} />}
      {status === 'open' && !isCounted(own) ? <Why gate={gate} me={me} /> : null}
      <Unsent gate={gate} me={me} />
      {status === 'open' && isCounted(own) ? <Back gate={gate} {...ends} /> : null}
    </section>
  );
}

const WORDS: Readonly<Record<Decision['decision'], string>> = {
  approved: 'approval',
  rejected: 'rejection',
  withdrawn: 'withdrawal',
};

/** The decision of the person, and its receipt. */
function Own({ gate, own }: { readonly gate: Gate; readonly own: Decision }) {
  if (own.withdrawn) return null;
  return (
    <>
      <p>
        ✓ Your {WORDS[own.decision]} counts. You decided <Moment at={own.decidedAt} />.
      </p>
      <p>
        <SaveReceipt gate={gate} receipt={own.receipt} />
      </p>
      <p className="faint">It proves that you decided, even if the record is lost.</p>
    </>
  );
}

/** Why the person cannot decide, and what they can do about it. */
function Why({ gate, me }: Pick<StandingFacts, 'gate' | 'me'>) {
  const { session } = useServices();
  const { grants, maxAuthAge } = gate.request.requirement;
  if (gate.why === null) return null;
  const held: readonly string[] = [...me.scopes, ...me.grants];
  const missing = grants.filter((grant) => !held.includes(grant));
  const limit = ageLimitMs(maxAuthAge);
  return (
    <>
      <p>{reasonText(gate.why)}</p>
      {gate.why === 'GATE_GRANT_MISSING' ? (
        <p>
          Missing: <span className="code">{missing.join(', ')}</span>
        </p>
      ) : null}
      {gate.why === 'GATE_AUTH_TOO_OLD' ? (
        <>
          {limit === null ? null : <p>It may be at most {durationText(limit)} old.</p>}
          <p>
            <button type="button" className="button primary" onClick={() => void session.signIn(true)}>
              Sign in again
            </button>
          </p>
        </>
      ) : null}
      <p className="faint code">{gate.why}</p>
    </>
  );
}

/** What the person had entered when the gate was decided or its time was over. */
function Unsent({ gate, me }: Pick<StandingFacts, 'gate' | 'me'>) {
  const name = draftName(me.person, gate.gateDigest);
  const { reason } = useMemo(() => new Drafts(sessionStorage).read(name), [name]);
  if (reason.trim() === '') return null;
  return (
    <div>
      <p>What you entered in this tab was not sent:</p>
      <p className="decision-reason code">{reason}</p>
    </div>
  );
}

/** What a person who has approved can still do while the gate is open. */
function Back({ gate, ...ends }: { readonly gate: Gate } & DecisionEnds) {
  const decision = useDecision(gate, ends);
  const [reason, setReason] = useState('');
  const [isRejecting, askToReject] = useState(false);
  const needsReason = gate.request.requirement.reasonRequired && reason.trim() === '';
  return (
    <>
      <p>You can withdraw it while the gate is open, or reject the request after all.</p>
      <label className="entry">
        <span className="entry-name">
          Reason<span className="faint"> (of the withdrawal or rejection)</span>
        </span>
        <textarea
          className="field"
          rows={2}
          maxLength={4_000}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
      </label>
      <p className="buttons">
        <button
          type="button"
          className="button"
          disabled={decision.isPending}
          onClick={() => decision.mutate({ decision: 'withdrawn', reason })}
        >
          Withdraw my approval
        </button>
        <button
          type="button"
          className="button danger"
          disabled={decision.isPending || needsReason}
          onClick={() => askToReject(true)}
        >
          Reject …
        </button>
      </p>
      {needsReason ? <p className="faint">A rejection at this gate needs a reason.</p> : null}
      {isRejecting ? (
        <RejectQuestion
          reason={reason}
          isPending={decision.isPending}
          error={decision.error}
          close={() => askToReject(false)}
          reject={() => decision.mutate({ decision: 'rejected', reason })}
        />
      ) : (
        <Refusal error={decision.error} />
      )}
    </>
  );
}
