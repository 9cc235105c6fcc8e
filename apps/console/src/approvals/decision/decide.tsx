import type { DecisionReceipt, Gate } from '@taskrunner/client';
import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { draftName } from '../../form/draft';
import { NotKept } from '../../form/not-kept';
import { useDraft } from '../../form/use-draft';
import type { Me } from '../../frame/me';
import { durationText } from '../../frame/time';
import { shownText } from '../../shown/shown-text';
import { isCareful, switchCareful } from './careful';
import { DecisionEntry } from './decision-entry';
import { GateForm } from './gate-form';
import { ageLimitMs, obstacleTo, type Reading, type Response } from './may-decide';
import { SaveReceipt } from './receipt';
import { isOverride } from './override';
import { useDecision, type DecisionEnds } from './use-decision';
import { NotShown, type Unshown } from '../reading/unshown';
import { verdictIn } from '../verdict';

interface DecideFacts extends DecisionEnds {
  readonly gate: Gate;
  readonly me: Me;
  /** When the page last read the gate, milliseconds since the epoch. */
  readonly readAt: number;
  readonly isRead: boolean;
  readonly unshown: Unshown;
  readonly isGenuine: boolean | null;
  /** The person has just withdrawn in this tab: the form takes the keyboard. */
  readonly isNew: boolean;
  /** The form was taken away while the person was in it: its time is over, or the gate was decided in another way. */
  readonly interrupted: () => void;
}

/** The decision, below what it is about. */
export function Decide(facts: DecideFacts) {
  const { gate, me, readAt, isRead, unshown, isGenuine, isNew, interrupted, counted, reread } = facts;
  const heading = useRef<HTMLHeadingElement>(null);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (isNew) heading.current?.focus();
  }, [isNew]);
  useInterruption(form, interrupted);
  const draft = useDraft(draftName(me.person, gate.gateDigest));
  // The pack suggests it, and the person signs it: an entry would not show hidden characters.
  const [reason, setReason] = useState(draft.before.text ?? shownText(gate.suggestedReason ?? ''));
  const [response, setResponse] = useState<Response | null>(null);
  const [careful, setCareful] = useState(() => isCareful(localStorage));
  const [typed, setTyped] = useState('');
  const done = (receipt: DecisionReceipt): void => {
    draft.forget();
    counted(receipt);
  };
  const decision = useDecision(gate, me, { counted: done, reread });
  const reading: Reading = { gate, isRead, isGenuine, reason, response, typed: careful ? typed : null };
  const [toApprove, toReject] = [obstacleTo('approved', reading), obstacleTo('rejected', reading)];
  const { reasonRequired, formDigest } = gate.request.requirement;
  const verdict = verdictIn(gate);
  const approve = (): void => {
    const answer = response?.kind === 'complete' && formDigest !== null ? { response: response.value } : {};
    decision.mutate({ decision: 'approved', reason, ...answer });
  };
  // The gate is being read again, which then shows the decision.
  if (decision.data !== undefined)
    return (
      <section className="decide" role="status">
        <h2>Your decision counts</h2>
        <p>
          <SaveReceipt gate={gate} receipt={decision.data.receipt} />
        </p>
      </section>
    );
  return (
    <form ref={form} className="decide" aria-label="Decision" onSubmit={(event) => event.preventDefault()}>
      <h2 ref={heading} tabIndex={-1}>
        Your decision
      </h2>
      <Decider gate={gate} me={me} />
      {formDigest === null ? null : (
        <GateForm
          gate={gate}
          formDigest={formDigest}
          report={setResponse}
          entered={draft.before.entries}
          enter={(entries) => draft.keep({ entries })}
        />
      )}
      <DecisionEntry
        decision={decision}
        isOverride={isOverride(gate)}
        readAt={readAt}
        reason={reason}
        write={(text) => {
          setReason(text);
          draft.keep({ text });
        }}
        note={reasonRequired ? 'required' : 'optional'}
        isRequired={reasonRequired}
        main={{
          word: verdict === null ? 'Approve' : 'Override the denial',
          isPrimary: true,
          obstacle: toApprove,
          decide: approve,
        }}
        toReject={toReject}
      >
        {draft.isKept ? null : <NotKept />}
        {careful ? (
          <label className="entry">
            <span className="entry-name">The first 8 characters of the gate digest, after “sha256:”</span>
            <input
              className="field code short"
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
        ) : null}
        <label className="check">
          <input
            type="checkbox"
            checked={careful}
            onChange={({ target: { checked } }) => {
              switchCareful(checked, localStorage);
              setCareful(checked);
            }}
          />
          Ask me for the digest before I decide
        </label>
        <NotShown unshown={unshown} />
        {verdict === null ? null : (
          <p className="tinted" data-tone="bad">
            This overrides the denial of policy <span className="code">{verdict.id}</span> ({verdict.level}).
          </p>
        )}
      </DecisionEntry>
    </form>
  );
}

/** Calls `interrupted` when a form is taken away that has the keyboard, or a question that was asked from it. */
function useInterruption(form: RefObject<HTMLFormElement | null>, interrupted: () => void): void {
  const latest = useRef(interrupted);
  latest.current = interrupted;
  // Before the form leaves the page: afterwards nothing of it has the keyboard.
  useLayoutEffect(
    () => () => {
      const active = document.activeElement;
      if (active === null || form.current === null) return;
      if (form.current.contains(active) || active.closest('[role="dialog"]') !== null) latest.current();
    },
    [form],
  );
}

/** In whose name the decision is made, and how old that person's sign-in may be. */
function Decider({ gate, me }: Pick<DecideFacts, 'gate' | 'me'>) {
  const limit = ageLimitMs(gate.request.requirement.maxAuthAge);
  return (
    <p>
      You decide as <strong>{me.person.name}</strong> <span className="faint code">{me.person.sub}</span>.
      {limit === null ? null : ` This gate asks for a sign-in that is at most ${durationText(limit)} old.`}
    </p>
  );
}
