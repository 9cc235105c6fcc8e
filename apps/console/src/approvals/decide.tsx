import type { DecisionReceipt, Gate } from '@taskrunner/client';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Me } from '../frame/me';
import { Refusal } from '../frame/refusal';
import { durationText } from '../frame/time';
import { isCareful, switchCareful } from './careful';
import { draftName, Drafts } from './draft';
import { GateForm } from './gate-form';
import { ageLimitMs, obstacleTo, type Reading, type Response } from './may-decide';
import { RejectQuestion } from './reject-question';
import { SaveReceipt } from './receipt';
import { useDecision, type DecisionEnds } from './use-decision';
import { verdictIn } from './verdict';

interface DecideFacts extends DecisionEnds {
  readonly gate: Gate;
  readonly me: Me;
  readonly isRead: boolean;
  readonly isGenuine: boolean | null;
  /** The person has just withdrawn in this tab: the form takes the keyboard. */
  readonly isNew: boolean;
}

/** The decision, below what it is about. */
export function Decide({ gate, me, isRead, isGenuine, isNew, counted, reread }: DecideFacts) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isNew) heading.current?.focus();
  }, [isNew]);
  const drafts = useMemo(() => new Drafts(sessionStorage), []);
  const name = draftName(me.person, gate.gateDigest);
  const [draft] = useState(() => drafts.read(name));
  const [reason, setReason] = useState(draft.reason);
  const [response, setResponse] = useState<Response | null>(null);
  const [careful, setCareful] = useState(() => isCareful(localStorage));
  const [typed, setTyped] = useState('');
  const [isRejecting, askToReject] = useState(false);
  const done = (receipt: DecisionReceipt): void => {
    drafts.forget(name);
    counted(receipt);
  };
  const decision = useDecision(gate, { counted: done, reread });
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
    <form className="decide" aria-label="Decision" onSubmit={(event) => event.preventDefault()}>
      <h2 ref={heading} tabIndex={-1}>
        Your decision
      </h2>
      <Decider gate={gate} me={me} />
      {formDigest === null ? null : (
        <GateForm
          gate={gate}
          formDigest={formDigest}
          report={setResponse}
          entered={draft.entries}
          enter={(entries) => drafts.keep(name, { entries })}
        />
      )}
      <label className="entry">
        <span className="entry-name">
          Reason<span className="faint">{reasonRequired ? ' (required)' : ' (optional)'}</span>
        </span>
        <textarea
          className="field"
          rows={3}
          maxLength={4_000}
          required={reasonRequired}
          value={reason}
          onChange={({ target: { value } }) => {
            setReason(value);
            drafts.keep(name, { reason: value });
          }}
        />
      </label>
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
      {verdict === null ? null : (
        <p className="tinted" data-tone="bad">
          An approval overrides the denial of policy <span className="code">{verdict.id}</span> ({verdict.level}).
        </p>
      )}
      <p className="buttons">
        <button
          type="button"
          className="button primary"
          disabled={toApprove !== null || decision.isPending}
          onClick={approve}
        >
          {verdict === null ? 'Approve' : 'Approve and override'}
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
      {toApprove === null ? null : (
        <p className="faint" role="status">
          {toApprove}
        </p>
      )}
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
    </form>
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
