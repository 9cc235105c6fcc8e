import type { Report } from '@taskrunner/core/evidence';
import { Instant, ReportPart } from './report-part';
import { Quoted } from './words';

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

function ShownGate({ gate: { gate, outcome, request, decisions, digest } }: { readonly gate: Gate }) {
  return (
    <div className="report-gate">
      <h3>
        <Quoted>{gate}</Quoted>: {outcome}
      </h3>
      {request === null ? (
        <p className="tinted" data-tone="bad">
          The request is not in the bundle, so it is unknown what was approved.
        </p>
      ) : (
        <p>
          Asked: <Quoted>{request.message}</Quoted>
        </p>
      )}
      {decisions.length === 0 ? <p>Nobody decided.</p> : null}
      <ul className="bullets">
        {decisions.map(({ person, onBehalfOf, decision, decidedAt, reason, proof, counted, record }) => (
          <li key={record}>
            <Quoted>{person.sub}</Quoted> <span className="faint">of {person.iss}</span>
            {onBehalfOf === null ? null : (
              <>
                {' '}
                for <Quoted>{onBehalfOf.sub}</Quoted>
              </>
            )}{' '}
            {decision} at <Instant at={decidedAt} />
            {counted ? '' : ' (it did not count)'}:{' '}
            {reason === null ? 'no reason was given' : <Quoted>{reason}</Quoted>}. Proof of the person: {PROOFS[proof]}.
          </li>
        ))}
      </ul>
      <p className="faint">
        Digest of what was shown: <Quoted>{digest}</Quoted>
      </p>
    </div>
  );
}
