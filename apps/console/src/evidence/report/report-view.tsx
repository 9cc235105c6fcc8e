import type { ReactNode } from 'react';
import {
  cancellationOf,
  outcomeWord,
  statedOutcome,
  unapprovedSteps,
  type Report,
  type UnapprovedSteps,
} from '@taskrunner/core/evidence';
import type { Json } from '@taskrunner/core/foundation';
import { endCause } from '@taskrunner/core/run';
import { sizeText } from '../../frame/short';
import { durationText } from '../../frame/time';
import { Value } from '../../run/value';
import type { Findings } from '../protocol';
import { Approvals } from './report-approvals';
import { Fact, Instant, IsVerified, ReportPart } from './report-part';
import { Rows } from './report-rows';
import { Quoted } from '../words';

/** Most names in one sentence. */
const MOST_NAMES = 50;

type Contents = NonNullable<Report['contents']>;

/** What happened in a run, for readers who do not know the product. */
export function ReportView({ findings }: { readonly findings: Findings }) {
  const { contents, unreadable } = findings.report;
  const isVerified = findings.verification?.ok === true;
  if (contents === null)
    return (
      <ReportPart title="The run">
        <p>
          The documents of the bundle cannot be read: <Quoted>{unreadable ?? 'unknown'}</Quoted>.
        </p>
      </ReportPart>
    );
  return (
    <IsVerified value={isVerified}>
      <Run contents={contents} />
      <Approvals contents={contents} />
      <Steps contents={contents} />
      <Outcomes contents={contents} />
      <Connections contents={contents} />
    </IsVerified>
  );
}

function Run({ contents: { run, plan } }: { readonly contents: Contents }) {
  const { pack, initiators, acceptedAt, startedAt, end } = run;
  const cancelled = cancellationOf(run);
  const took = startedAt === null || end === null ? Number.NaN : Date.parse(end.at) - Date.parse(startedAt);
  return (
    <ReportPart title="What was run">
      <dl className="paper-facts">
        <Fact name="Pack">
          <Quoted>{`${pack.name}:${pack.version}`}</Quoted>, content <Quoted>{pack.contentDigest}</Quoted>
        </Fact>
        <Fact name="Published by">
          {pack.signers.length === 0
            ? 'nobody signed the pack'
            : pack.signers.map((one, at) => (
                <span key={one}>
                  {at === 0 ? '' : ', '}
                  <Quoted>{one}</Quoted>
                </span>
              ))}
        </Fact>
        <Fact name="Plan">
          <Quoted>{plan.hash}</Quoted>, {plan.steps.length === 1 ? '1 step' : `${plan.steps.length} steps`}
        </Fact>
        <Fact name="Run">
          <Quoted>{run.id}</Quoted> of tenant <Quoted>{run.tenant}</Quoted>
        </Fact>
        <Fact name="Started by">
          {initiators.map((actor, at) => (
            <span key={at}>
              {at === 0 ? '' : ', '}
              <Quoted>{actor.sub}</Quoted>
              {actor.kind === 'client' ? ' (a program)' : ''} <span className="faint">of {actor.iss}</span>
            </span>
          ))}
        </Fact>
        <Fact name="Time">
          accepted <Instant at={acceptedAt} />, began <Instant at={startedAt} />, ended <Instant at={end?.at ?? null} />
          {Number.isNaN(took) ? '' : `, after ${durationText(took)}`}
        </Fact>
        <Fact name="Result">
          {end === null ? (
            'The journal does not record an end.'
          ) : (
            <>
              {end.result}
              {cancelled === null ? null : (
                <>
                  {' '}
                  by <Quoted>{cancelled.by.sub}</Quoted>
                  {cancelled.force ? ', forced' : ''}: <Quoted>{cancelled.reason}</Quoted>
                </>
              )}
              {end.code === null || cancelled !== null ? null : (
                <>
                  {' '}
                  with <Quoted>{end.code}</Quoted>
                  {end.step === null ? null : (
                    <>
                      {' '}
                      at step <Quoted>{end.step}</Quoted>
                    </>
                  )}
                </>
              )}
            </>
          )}
        </Fact>
      </dl>
    </ReportPart>
  );
}

function Steps({ contents }: { readonly contents: Contents }) {
  const { steps, effects, gates: asked, run, resolutions } = contents;
  const gates = new Map(effects.map(({ step, behind }) => [step, behind]));
  const opened = new Map(asked.map(({ gate, request }) => [gate, request?.openedAt ?? null]));
  const ends = new Map(asked.map((gate) => [gate.gate, outcomeWord(gate)]));
  return (
    <ReportPart title="What the steps did">
      <Rows
        caption="Steps"
        columns={['Step', 'Outcome', 'Changes things outside', 'Began', 'Ended']}
        rows={steps}
        none="No step ended."
        cells={({ id, status, outcome, effects: kind, startedAt, endedAt, code, message, reusedFrom }) => [
          <Quoted key="id">{id}</Quoted>,
          <>
            {status}
            {outcome === 'unknown' ? ', outcome unknown' : ''}
            {reusedFrom === null ? '' : ', reused from an earlier run'}
            {code === null ? null : (
              <>
                {' '}
                <Quoted>{code}</Quoted>
                {endCause(code, run.end?.code ?? null)}
              </>
            )}
            {message === null || message === '' ? null : (
              <>
                {' '}
                <Quoted>{message}</Quoted>
              </>
            )}
          </>,
          kind === null || kind === 'pure' ? 'no' : behindText(gates.get(id), ends),
          <Began key="began" at={startedAt ?? opened.get(id) ?? null} status={status} />,
          <Instant key="ended" at={endedAt} />,
        ]}
      />
      {resolutions.slice(0, MOST_NAMES).map(({ step, execution, person, outcome, decidedAt, reason }) => (
        <p key={`${step} ${execution}`}>
          The outcome of <Quoted>{step}</Quoted> was unknown. <Quoted>{person.sub}</Quoted>{' '}
          <span className="faint">of {person.iss}</span> {statedOutcome(outcome)} at <Instant at={decidedAt} />:{' '}
          <Quoted>{reason}</Quoted>.
        </p>
      ))}
      {resolutions.length > MOST_NAMES ? (
        <p>{resolutions.length - MOST_NAMES} more outcomes were stated by people.</p>
      ) : null}
      {unapprovedSteps(contents).map((unapproved) => (
        <Unapproved key={unapproved.text} {...unapproved} />
      ))}
    </ReportPart>
  );
}

/** Steps that may act without an approval gate, as the report says it. */
function Unapproved({ text, steps }: UnapprovedSteps) {
  if (steps.length === 0) return null;
  return (
    <p>
      {text}:{' '}
      {steps.slice(0, MOST_NAMES).map(({ step, gates }, at) => (
        <span key={step}>
          {at === 0 ? '' : ', '}
          <Quoted>{step}</Quoted>
          {gates.length === 0 ? null : (
            <>
              {' '}
              behind <Quoted>{gates.join(', ')}</Quoted>
            </>
          )}
        </span>
      ))}
      {steps.length > MOST_NAMES ? ` and ${steps.length - MOST_NAMES} more` : ''}.
    </p>
  );
}

/** Containers and steps that were skipped do not begin. */
function Began({ at, status }: { readonly at: string | null; readonly status: string }) {
  return at === null && status !== 'skipped' ? <span className="faint">–</span> : <Instant at={at} />;
}

function behindText(
  behind: readonly { readonly gate: string; readonly outcome: string }[] | undefined,
  ends: ReadonlyMap<string, string>,
): ReactNode {
  if (behind === undefined) return 'possibly; it did not begin';
  if (behind.length === 0) return 'yes, behind no gate';
  return (
    <>
      yes, behind{' '}
      {behind.map(({ gate, outcome }) => (
        <span key={gate}>
          <Quoted>{gate}</Quoted> ({ends.get(gate) ?? outcome}){' '}
        </span>
      ))}
    </>
  );
}

/** A message has lines, which JSON would hide. */
function Message({ value }: { readonly value: Json }) {
  if (typeof value !== 'string') return <Value value={value} label="Message of the run" />;
  return (
    <pre className="value code" tabIndex={0} role="region" aria-label="Message of the run">
      {value}
    </pre>
  );
}

function Outcomes({ contents: { run, artifacts } }: { readonly contents: Contents }) {
  const { outputs = null, message = null, messageError = null } = run.end ?? {};
  return (
    <ReportPart title="What came out">
      {messageError === null ? null : (
        <p>
          The message of the pack has a fault: <Quoted>{messageError.code}</Quoted>,{' '}
          <Quoted>{messageError.message}</Quoted>
        </p>
      )}
      {message === null ? null : <p>Message of the run{message.isHeld ? ':' : ' is not in the bundle.'}</p>}
      {message?.isHeld === true ? <Message value={message.value} /> : null}
      {outputs === null ? (
        <p>The run has no outputs.</p>
      ) : (
        <>
          <p>
            Outputs, digest <Quoted>{outputs.digest}</Quoted>
            {outputs.isHeld ? ':' : ': not in the bundle, or composed of the results of its steps.'}
          </p>
          {outputs.isHeld ? <Value value={outputs.value} label="Outputs of the run" /> : null}
        </>
      )}
      <Rows
        caption="Artifacts"
        columns={['Artifact', 'Step', 'Size', 'SHA-256', 'Where']}
        rows={artifacts}
        none="The run produced no artifacts."
        cells={({ name, step, size, digest, bytes }) => [
          <Quoted key="name">{name}</Quoted>,
          <Quoted key="step">{step}</Quoted>,
          sizeText(size),
          <Quoted key="digest">{digest}</Quoted>,
          bytes,
        ]}
      />
    </ReportPart>
  );
}

function Connections({ contents: { egress } }: { readonly contents: Contents }) {
  const { allowed, denied, refused, unread } = egress;
  return (
    <ReportPart title="Which connections were refused">
      <p>
        {allowed} connections were allowed, {denied} were refused.
        {unread > 0 ? ` Only the number of ${unread} refused connections is known.` : ''}
      </p>
      {refused.length === 0 ? null : (
        <Rows
          caption="Refused connections"
          columns={['Step', 'Refused', 'Why']}
          rows={refused}
          none=""
          cells={({ step, host, port, code }) => [
            <Quoted key="step">{step}</Quoted>,
            host === null ? (
              'a request that cannot be read'
            ) : (
              <Quoted key="host">{port === null ? host : `${host}:${port}`}</Quoted>
            ),
            <Quoted key="code">{code}</Quoted>,
          ]}
        />
      )}
    </ReportPart>
  );
}
