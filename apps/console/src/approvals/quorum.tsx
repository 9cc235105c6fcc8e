import type { Decision, Gate } from '@taskrunner/client';
import { Moment } from '../frame/moment';
import { fullText } from '../frame/time';
import { statusOf } from './own-decision';

const WORDS: Readonly<Record<Decision['decision'], string>> = {
  approved: 'approved',
  rejected: 'rejected',
  withdrawn: 'withdrew',
};

/** How many people must agree, and who has decided: names, times and reasons. */
export function Quorum({ gate }: { readonly gate: Gate }) {
  const { approvals, required, decisions, request } = gate;
  const missing = Math.max(0, required - approvals);
  return (
    <section>
      <h2>
        {approvals} of {required} {required === 1 ? 'approval' : 'approvals'}
      </h2>
      {statusOf(gate) === 'open' ? (
        <p>
          {missing === 0
            ? 'Enough people have approved.'
            : `${missing} more ${missing === 1 ? 'person' : 'people'} must approve. One rejection ends the run.`}{' '}
          Who decides holds <span className="code">{request.requirement.grants.join(', ')}</span>
          {request.requirement.selfApproval ? '.' : ', and did not start the run.'}
        </p>
      ) : null}
      <Decisions decisions={decisions} />
    </section>
  );
}

/** Who decided, when, why, and with which answer to the form. */
export function Decisions({ decisions }: Pick<Gate, 'decisions'>) {
  if (decisions.length === 0) return <p className="faint">Nobody has decided.</p>;
  return (
    <ol className="decisions">
      {decisions.map((decision) => (
        <DecisionItem key={decision.decisionId} decision={decision} />
      ))}
    </ol>
  );
}

function DecisionItem({ decision }: { readonly decision: Decision }) {
  const { person, reason, response, decidedAt, withdrawn, onBehalfOf, actors, proof } = decision;
  const through = (actors ?? []).map(({ sub }) => sub);
  return (
    <li data-decision={decision.decision} data-withdrawn={withdrawn}>
      <p>
        <strong>{person.name ?? person.sub}</strong> {WORDS[decision.decision]}
        {withdrawn ? <span className="faint"> (withdrawn later)</span> : null}
        {onBehalfOf === null ? null : <span className="faint"> on behalf of {onBehalfOf.sub}</span>}
        {through.length === 0 ? null : <span className="faint"> through {through.join(', ')}</span>}
      </p>
      {reason === null ? null : <p className="decision-reason">{reason}</p>}
      {response === null || response === undefined ? null : (
        <p className="decision-reason">
          Answer: <span className="code">{JSON.stringify(response)}</span>
        </p>
      )}
      <p className="faint">
        {fullText(decidedAt)} (<Moment at={decidedAt} isPast />
        ), proof: {proof}
      </p>
    </li>
  );
}
