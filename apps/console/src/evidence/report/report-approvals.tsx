import { countedApprovals, decisionNote, decisionWord, outcomeWord, type Report } from '@taskrunner/core/evidence';
import { Fragment } from 'react';
import { ShownValues } from '../../approvals/reading/shown-values';
import { Instant, ReportPart } from './report-part';
import { Quoted, QuotedLines } from '../words';

type Contents = NonNullable<Report['contents']>;
type Gate = Contents['gates'][number];

const PROOFS = {
  service: 'the webservice asserts it',
  token: 'a token of the issuer',
  key: 'a key of the person',
} as const;

/** Who decided what, when and why. */
export function Approvals({ contents: { gates, gatesNotApplied, policies } }: { readonly contents: Contents }) {
  return (
    <ReportPart title="Who approved it">
      {gates.length === 0 ? <p>Nobody was asked for an approval.</p> : null}
      {gates.map((gate) => (
        <ShownGate key={gate.digest} gate={gate} />
      ))}
      {gatesNotApplied.length === 0 ? null : (
        <p>{gatesNotApplied.length} gates did not apply, because the steps that they guard did not run.</p>
      )}
      {policies.map(({ gate, policy, result, reasons, at }) => (
        <p key={`${gate} ${policy} ${at}`}>
          Policy <Quoted>{policy}</Quoted> at <Quoted>{gate}</Quoted>: {result}
          {reasons.length === 0 ? null : (
            <>
              {' '}
              (<Quoted>{reasons.join('; ')}</Quoted>)
            </>
          )}
        </p>
      ))}
    </ReportPart>
  );
}

function ShownGate({ gate: shown }: { readonly gate: Gate }) {
  const { gate, request, decisions, digest, show, showIsWithheld } = shown;
  return (
    <div className="report-gate">
      <h3>
        <Quoted>{gate}</Quoted>: {outcomeWord(shown)}
      </h3>
      {request === null ? (
        <p className="tinted" data-tone="bad">
          The request is not in the bundle, so it is unknown what was approved.
        </p>
      ) : (
        <p>
          Asked: <QuotedLines>{request.message}</QuotedLines>
        </p>
      )}
      {showIsWithheld ? <p>What was shown is withheld, because it contained a secret.</p> : null}
      {show === null || JSON.stringify(show) === '{}' ? null : (
        <>
          <p>Shown to who decided:</p>
          <ShownValues value={show} label={`Values shown at ${gate}`} />
        </>
      )}
      {decisions.length === 0 ? <p>Nobody decided.</p> : null}
      <ul className="bullets">
        {decisions.map((one) => (
          <ShownDecision key={one.record} decision={one} gate={shown} />
        ))}
      </ul>
      <Counted gate={shown} />
      <p className="faint">
        Digest of what was shown: <Quoted>{digest}</Quoted>
      </p>
    </div>
  );
}

/** Whose approvals count: not those that were withdrawn or came too late. */
function Counted({ gate }: { readonly gate: Gate }) {
  const counted = countedApprovals(gate);
  if (counted === null) return null;
  const { people, number } = counted;
  return (
    <p>
      Counted:{' '}
      {people.length === 0
        ? 'nobody'
        : people.map(({ iss, sub }, at) => (
            <Fragment key={JSON.stringify([iss, sub])}>
              {at === 0 ? '' : ', '}
              <Quoted>{sub}</Quoted>
            </Fragment>
          ))}{' '}
      ({number})
    </p>
  );
}

function ShownDecision({
  decision: shown,
  gate,
}: {
  readonly decision: Gate['decisions'][number];
  readonly gate: Gate;
}) {
  const { person, onBehalfOf, decision, decidedAt, reason, response, proof, withdrawn } = shown;
  return (
    <li data-withdrawn={withdrawn}>
      <Quoted>{person.sub}</Quoted> <span className="faint">of {person.iss}</span>
      {onBehalfOf === null ? null : (
        <>
          {' '}
          for <Quoted>{onBehalfOf.sub}</Quoted>
        </>
      )}{' '}
      {decisionWord(decision, gate)} at <Instant at={decidedAt} />
      {decisionNote(shown)}: {reason === null ? 'no reason was given' : <Quoted>{reason}</Quoted>}.{' '}
      {response === null ? null : (
        <>
          Answer: <Quoted>{JSON.stringify(response)}</Quoted>.{' '}
        </>
      )}
      Proof of the person: {PROOFS[proof]}.
    </li>
  );
}
