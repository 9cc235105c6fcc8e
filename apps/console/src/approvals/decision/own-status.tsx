import type { Decision, DecisionReceipt, Gate } from '@taskrunner/client';
import { useEffect, useMemo, useRef, useState } from 'react';
import { draftName, Drafts } from '../../form/draft';
import { useDraft } from '../../form/use-draft';
import type { Me } from '../../frame/me';
import { Moment } from '../../frame/moment';
import { useServices } from '../../frame/services';
import { durationText } from '../../frame/time';
import { DecisionEntry } from './decision-entry';
import { Attempts, type Attempt } from './attempt';
import { fateOf, fateText, type Fate } from './fate';
import { ageLimitMs } from './may-decide';
import { decisionNoun, endWords, isOverride } from './override';
import { isCounted, ownDecision, ownDecisions, statusOf } from './own-decision';
import { SaveReceipt } from './receipt';
import { reasonText } from './reasons';
import { useDecision, type DecisionEnds } from './use-decision';

/** What the end of a gate at which nobody decided means. */
const ENDS: Readonly<Record<string, string>> = {
  expired: 'The time to decide is over. Nobody can decide any more, and the run ends with GATE_EXPIRED.',
  closed: 'The run ended before enough people had decided.',
};

/** Id of the heading, to which the head of the page leads. */
export const OWN_STATUS = 'own-status';

interface OwnStatusFacts extends DecisionEnds {
  readonly gate: Gate;
  readonly me: Me;
  /** When the page last read the gate, milliseconds since the epoch. */
  readonly readAt: number;
  /** The person has just decided in this tab, or was interrupted in the form: what became of it takes the keyboard. */
  readonly isNew: boolean;
}

/** How the gate stands for a person who cannot decide now: what became of their decision, or why they cannot; and the way back. */
export function OwnStatus({ gate, me, readAt, isNew, ...ends }: OwnStatusFacts) {
  const own = ownDecision(gate, me.person);
  const status = statusOf(gate);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isNew) heading.current?.focus();
  }, [isNew]);
  const { drafts, attempt, fate } = useFate(gate, me);
  const override = isOverride(gate);
  const title =
    attempt !== null && fate?.kind === 'refused'
      ? `Your ${decisionNoun(attempt.decision, override)} was refused`
      : status !== 'open'
        ? endWords(gate)
        : isCounted(own)
          ? `Your ${decisionNoun('approved', override)} counts`
          : gate.why === 'GATE_ALREADY_COUNTED'
            ? 'You have approved'
            : 'You cannot decide';
  return (
    <section className="why" aria-live="polite">
      <h2 ref={heading} id={OWN_STATUS} tabIndex={-1}>
        {title}
      </h2>
      {attempt === null || fate === null ? null : <FateNote attempt={attempt} fate={fate} override={override} />}
      {own === null || own.decision === 'withdrawn' ? null : (
        <Own gate={gate} own={own} isRefused={fate?.kind === 'refused'} />
      )}
      {ENDS[status] === undefined ? null : <p>{ENDS[status]}</p>}
      {status === 'open' && !isCounted(own) ? <Why gate={gate} me={me} /> : null}
      <Unsent texts={unsentTexts(gate, me, drafts)} reported={fate === null ? null : (attempt?.reason ?? null)} />
      {status === 'open' && isCounted(own) ? <Back gate={gate} me={me} readAt={readAt} {...ends} /> : null}
    </section>
  );
}

/** What became of the decision that was sent from this tab; null: nothing is to be said. */
function useFate(gate: Gate, me: Me) {
  const drafts = useMemo(() => new Drafts(sessionStorage), []);
  const attempt = new Attempts(drafts).read(me.person, gate.gateDigest);
  const own = ownDecisions(gate, me.person);
  const hasForm = statusOf(gate) === 'open' && isCounted(own.at(-1) ?? null);
  const fate = attempt === null ? null : fateOf(attempt, own, hasForm);
  const arrived = fate?.kind === 'arrived' ? (attempt?.reason ?? '') : null;
  const { gateDigest } = gate;
  useEffect(() => {
    // A later form does not begin with a reason that is recorded.
    for (const name of draftNames(me, gateDigest))
      if (arrived !== null && drafts.read(name).text?.trim() === arrived) drafts.forget(name);
  }, [arrived, drafts, me, gateDigest]);
  return { drafts, attempt, fate };
}

interface FateFacts {
  readonly attempt: Attempt;
  readonly fate: Fate;
  readonly override: boolean;
}

/** What became of a decision, and the reason that was sent with it. */
function FateNote({ attempt, fate, override }: FateFacts) {
  return (
    <div>
      <p className="tinted" data-tone={fate.kind === 'arrived' ? 'good' : 'bad'}>
        {fateText(fate, attempt, override)}
      </p>
      {attempt.reason === '' ? null : <p className="decision-reason code">{attempt.reason}</p>}
    </div>
  );
}

interface OwnFacts {
  readonly gate: Gate;
  readonly own: Decision;
  /** A later decision of the person was refused: the sign of success would be taken for its own. */
  readonly isRefused: boolean;
}

/** The decision of the person, and its receipt. */
function Own({ gate, own, isRefused }: OwnFacts) {
  if (own.withdrawn) return null;
  return (
    <>
      <p>
        {isRefused ? '' : '✓ '}Your {decisionNoun(own.decision, isOverride(gate))} counts. You decided{' '}
        <Moment at={own.decidedAt} />.
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

/** The drafts of the two forms at a gate: of a decision, and of a withdrawal, which does not begin with the reason of the approval. */
function draftNames({ person }: Pick<Me, 'person'>, gateDigest: string): readonly [string, string] {
  return [draftName(person, gateDigest), draftName(person, `${gateDigest} withdrawn`)];
}

/** What the person had entered in forms that are gone. */
function unsentTexts(gate: Gate, me: Me, drafts: Drafts): readonly string[] {
  const [decision, withdrawal] = draftNames(me, gate.gateDigest);
  const names = statusOf(gate) === 'open' ? [decision] : [decision, withdrawal];
  return names.map((name) => drafts.read(name).text ?? '');
}

/** What the person had entered when the gate was decided or its time was over. `reported`: a reason that was sent, which is said above. */
function Unsent({ texts, reported }: { readonly texts: readonly string[]; readonly reported: string | null }) {
  const unsent = texts.filter((text) => text.trim() !== '' && text.trim() !== reported);
  if (unsent.length === 0) return null;
  return (
    <div>
      <p>What you entered in this tab was not sent:</p>
      {unsent.map((text) => (
        <p key={text} className="decision-reason code">
          {text}
        </p>
      ))}
    </div>
  );
}

/** What a person who has approved can still do while the gate is open. */
function Back({ gate, me, readAt, counted, reread }: Pick<OwnStatusFacts, 'gate' | 'me' | 'readAt'> & DecisionEnds) {
  const draft = useDraft(draftNames(me, gate.gateDigest)[1]);
  const [reason, setReason] = useState(draft.before.text ?? '');
  const done = (receipt: DecisionReceipt): void => {
    draft.forget();
    counted(receipt);
  };
  const decision = useDecision(gate, me, { counted: done, reread });
  const isMissing = gate.request.requirement.reasonRequired && reason.trim() === '';
  return (
    <>
      <p>You can withdraw it while the gate is open, or reject the request after all.</p>
      <DecisionEntry
        decision={decision}
        isOverride={isOverride(gate)}
        readAt={readAt}
        reason={reason}
        write={(text) => {
          setReason(text);
          draft.keep({ text });
        }}
        note="of the withdrawal or rejection"
        isRequired={false}
        main={{
          word: `Withdraw my ${decisionNoun('approved', isOverride(gate))}`,
          isPrimary: false,
          obstacle: null,
          decide: () => decision.mutate({ decision: 'withdrawn', reason }),
        }}
        toReject={isMissing ? 'A rejection at this gate needs a reason.' : null}
      />
    </>
  );
}
