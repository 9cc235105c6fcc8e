import type { Decision, Gate } from '@taskrunner/client';
import { gateDecisionWord, unreachableQuorum, waysOut } from '@taskrunner/core/gate';
import { Moment } from '../frame/moment';
import { fullText } from '../frame/time';
import { decisionNoun, isOverride } from './decision/override';
import { statusOf } from './decision/own-decision';

/** Id of the notice that nobody can open the gate. */
export const UNREACHABLE = 'unreachable';

interface QuorumFacts {
  readonly gate: Gate;
  /** When the gate was read, if it could not be read again since; null: it is current. */
  readonly lastReadAt: Date | null;
}

/** How many people must agree, and who has decided: names, times and reasons. */
export function Quorum({ gate, lastReadAt }: QuorumFacts) {
  const { approvals, required, decisions, request } = gate;
  const missing = Math.max(0, required - approvals);
  return (
    <section>
      <h2>
        {approvals} of {required} {nounOf(gate)}
      </h2>
      {statusOf(gate) === 'open' ? (
        <p>
          {missing === 0
            ? 'Enough people have approved.'
            : `${missing} more ${missing === 1 ? 'person' : 'people'} must ${isOverride(gate) ? 'override the denial' : 'approve'}. One rejection ends the run.`}{' '}
          To decide, a person needs <span className="code">{request.requirement.grants.join(', ')}</span>
          {request.requirement.selfApproval ? '.' : ' and must not have started the run.'}
        </p>
      ) : null}
      <Unreachable gate={gate} />
      {lastReadAt === null ? null : (
        <p className="tinted" data-tone="wait" role="status">
          This list is of {fullText(lastReadAt.toISOString())}, before the connection was lost. Decisions may have
          arrived since.
        </p>
      )}
      <Decisions decisions={decisions} isOverride={isOverride(gate)} wasReadBefore={lastReadAt !== null} />
    </section>
  );
}

function nounOf(gate: Gate): string {
  return `${decisionNoun('approved', isOverride(gate))}${gate.required === 1 ? '' : 's'}`;
}

interface DecisionsFacts extends Pick<Gate, 'decisions'> {
  /** A policy had denied, so that an approval is an override. */
  readonly isOverride: boolean;
  /** The server has not been reached since they were read. */
  readonly wasReadBefore?: boolean;
}

/** That nobody can open the gate, who can change that, and what ends the run otherwise. */
function Unreachable({ gate }: { readonly gate: Gate }) {
  const gap = unreachableQuorum(gate);
  if (gap === null) return null;
  const { left, missing } = gap;
  return (
    <div className="unreachable" role="note">
      <p id={UNREACHABLE} tabIndex={-1}>
        <strong>Nobody can open this gate.</strong>{' '}
        {left === 0
          ? 'None of the people whom this server knows can still approve'
          : `Only ${left} of the people whom this server knows can still approve`}
        , and {missing} more {missing === 1 ? 'is' : 'are'} missing.
      </p>
      <ul className="bullets">
        {waysOut({
          grants: gate.request.requirement.grants,
          requester: gate.requester.name,
          until: fullText(gate.until),
        }).map((way) => (
          <li key={way}>{way}</li>
        ))}
      </ul>
    </div>
  );
}

/** Who decided, when, why, and with which answer to the form. */
export function Decisions({ decisions, isOverride: override, wasReadBefore = false }: DecisionsFacts) {
  if (decisions.length === 0)
    return <p className="faint">{wasReadBefore ? 'Nobody had decided then.' : 'Nobody has decided.'}</p>;
  return (
    <ol className="decisions">
      {decisions.map((decision) => (
        <DecisionItem key={decision.decisionId} decision={decision} isOverride={override} />
      ))}
    </ol>
  );
}

function DecisionItem({
  decision,
  isOverride: override,
}: {
  readonly decision: Decision;
  readonly isOverride: boolean;
}) {
  const { person, reason, response, decidedAt, withdrawn, onBehalfOf, actors, proof } = decision;
  const through = (actors ?? []).map(({ sub }) => sub);
  return (
    <li data-decision={decision.decision} data-withdrawn={withdrawn}>
      <p>
        <strong>{person.name ?? person.sub}</strong> {gateDecisionWord(decision.decision, override)}
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
