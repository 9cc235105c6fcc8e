import type { Decision, DecisionReceipt, Gate } from '@taskrunner/client';
import { useEffect, useMemo, useRef, useState } from 'react';
import { draftName, Drafts } from '../../form/draft';
import { useDraft } from '../../form/use-draft';
import type { Me } from '../../frame/me';
import { Moment } from '../../frame/moment';
import { useServices } from '../../frame/services';
import { durationText } from '../../frame/time';
import { DecisionEntry } from './decision-entry';
import { ageLimitMs } from './may-decide';
import { isCounted, ownDecision, statusOf } from './own-decision';
import { SaveReceipt } from './receipt';
import { reasonText } from './reasons';
import { useDecision, type DecisionEnds } from './use-decision';

export const STATUSES: Readonly<Record<string, string>> = {
  open: 'open',
  approved: 'approved',
  rejected: 'rejected',
  expired: 'expired',
  closed: 'closed without a decision',
};

/** What the end of a gate at which nobody decided means. */
const ENDS: Readonly<Record<string, string>> = {
  expired: 'The time to decide is over. Nobody can decide any more, and the run ends with GATE_EXPIRED.',
  closed: 'The run ended before enough people had decided.',
};

interface OwnStatusFacts extends DecisionEnds {
  readonly gate: Gate;
  readonly me: Me;
  /** The person has just decided in this tab, or was interrupted in the form: what became of it takes the keyboard. */
  readonly isNew: boolean;
}

/** How the gate stands for a person who cannot decide now: what became of their decision, or why they cannot; and the way back. */
export function OwnStatus({ gate, me, isNew, ...ends }: OwnStatusFacts) {
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
      {ENDS[status] === undefined ? null : <p>{ENDS[status]}</p>}
      {status === 'open' && !isCounted(own) ? <Why gate={gate} me={me} /> : null}
      <Unsent gate={gate} me={me} />
      {status === 'open' && isCounted(own) ? <Back gate={gate} me={me} {...ends} /> : null}
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
function Why({ gate, me }: Pick<OwnStatusFacts, 'gate' | 'me'>) {
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
function Unsent({ gate, me }: Pick<OwnStatusFacts, 'gate' | 'me'>) {
  const name = draftName(me.person, gate.gateDigest);
  const { text } = useMemo(() => new Drafts(sessionStorage).read(name), [name]);
  if (text === null || text.trim() === '') return null;
  return (
    <div>
      <p>What you entered in this tab was not sent:</p>
      <p className="decision-reason code">{text}</p>
    </div>
  );
}

/** What a person who has approved can still do while the gate is open. */
function Back({ gate, me, counted, reread }: Pick<OwnStatusFacts, 'gate' | 'me'> & DecisionEnds) {
  // Not the reason of the approval.
  const draft = useDraft(draftName(me.person, `${gate.gateDigest} withdrawn`));
  const [reason, setReason] = useState(draft.before.text ?? '');
  const done = (receipt: DecisionReceipt): void => {
    draft.forget();
    counted(receipt);
  };
  const decision = useDecision(gate, { counted: done, reread });
  const isMissing = gate.request.requirement.reasonRequired && reason.trim() === '';
  return (
    <>
      <p>You can withdraw it while the gate is open, or reject the request after all.</p>
      <DecisionEntry
        decision={decision}
        reason={reason}
        write={(text) => {
          setReason(text);
          draft.keep({ text });
        }}
        note="of the withdrawal or rejection"
        isRequired={false}
        main={{
          word: 'Withdraw my approval',
          isPrimary: false,
          obstacle: null,
          decide: () => decision.mutate({ decision: 'withdrawn', reason }),
        }}
        toReject={isMissing ? 'A rejection at this gate needs a reason.' : null}
      />
    </>
  );
}
