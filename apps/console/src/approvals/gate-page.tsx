import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ApiProblem } from '../api/problem';
import type { Gate, Json } from '../api/views';
import { Moment } from '../frame/moment';
import { Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { fullText } from '../frame/time';
import { Value } from '../run/value';
import { digestOf } from './canonical';
import { Decide } from './decide';
import { Difference } from './difference';
import { reasonText } from './reasons';

/** One request for an approval, and nothing else. */
export function GatePage() {
  const { runId, gateId } = useParams({ from: '/runs/$runId/gates/$gateId' });
  const { api, settings } = useServices();
  const query = useQuery({
    queryKey: ['gate', runId, gateId],
    queryFn: ({ signal }) => api.get<Gate>(`runs/${runId}/gates/${encodeURIComponent(gateId)}`, {}, signal),
    refetchInterval: ({ state }) => (state.data?.status === 'open' ? settings.refresh : false),
  });
  const gate = query.data;
  const isAbsent = ApiProblem.is(query.error) && query.error.status === 404;
  return (
    <main className="page request">
      <p className="trail">
        <Link to="/approvals" search={{}}>
          Approvals
        </Link>
        <span aria-hidden="true">›</span>
        <Link to="/runs/$runId" params={{ runId }}>
          Run
        </Link>
      </p>
      {gate !== undefined ? (
        <Request gate={gate} reread={() => void query.refetch()} />
      ) : isAbsent ? (
        <Notice kind="empty" title="This gate does not ask anybody">
          <p>The run has not reached it, or its policy decided without people.</p>
        </Notice>
      ) : query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Notice kind="loading" title="Loading the request …" />
      )}
    </main>
  );
}

function Request({ gate, reread }: { readonly gate: Gate; readonly reread: () => void }) {
  const { request, show, policy, ungatedEffects } = gate;
  const isGenuine = useIsGenuine(gate);
  const [end, setEnd] = useState<HTMLElement | null>(null);
  const isRead = useHasBeenSeen(end, gate.gateDigest);
  return (
    <>
      <h1 className="request-message">{request.message}</h1>
      <dl className="run-facts">
        <Fact name="Status">{gate.status}</Fact>
        <Fact name="Gate">
          <span className="code">{gate.gateId}</span>
        </Fact>
        <Fact name="Approvals">
          <span className="number">
            {gate.approvals} of {gate.required}
          </span>
        </Fact>
        <Fact name="Asked">
          <Moment at={request.openedAt} />
        </Fact>
        <Fact name="Decision due">
          <Moment at={gate.until} />
        </Fact>
        <Fact name="Execution due">
          <Moment at={request.executeBy} />
        </Fact>
      </dl>
      {policy === null ? null : (
        <section>
          <h2>The policy {policy.id} denies this. An approval overrides it.</h2>
          <ul className="plain reasons">
            {policy.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h2>What you decide on</h2>
        {show === null ? (
          <p className="faint">The gate shows no values.</p>
        ) : (
          <Value value={show} label="Shown values" />
        )}
      </section>
      <section>
        <h2>Compared with the plan approved last</h2>
        <Difference planDiff={gate.planDiff} />
      </section>
      <section>
        <h2>What follows</h2>
        <p>
          {request.opens.length === 0 ? (
            'No step with effects waits for this gate.'
          ) : (
            <>
              Steps with effects that this gate opens: <span className="code">{request.opens.join(', ')}</span>
            </>
          )}
        </p>
        {request.secrets.length === 0 ? null : (
          <p>
            Secrets that they use: <span className="code">{request.secrets.map(({ name }) => name).join(', ')}</span>
          </p>
        )}
        {ungatedEffects === null || ungatedEffects.length === 0 ? null : (
          <p className="tinted" data-tone="wait">
            Steps with effects that need no approval: <span className="code">{ungatedEffects.join(', ')}</span>
          </p>
        )}
      </section>
      <section>
        <h2>Digest</h2>
        <p className="code digest">{gate.gateDigest}</p>
        <p role="status" className="tinted" data-tone={isGenuine === false ? 'bad' : 'good'}>
          {isGenuine === null
            ? 'Comparing …'
            : isGenuine
              ? '✓ This browser computed the same digest from what is shown above.'
              : '✕ What is shown above has another digest. Do not decide. Inform the operator.'}
        </p>
        <p className="faint code digest">plan {gate.planHash}</p>
        <span ref={setEnd} />
      </section>
      <Decisions gate={gate} />
      {gate.status === 'open' && gate.canDecide ? (
        <Decide key={gate.gateDigest} gate={gate} isRead={isRead} isGenuine={isGenuine} decided={reread} />
      ) : (
        <section className="why" role="status">
          <h2>{gate.status === 'open' ? 'You cannot decide' : `The gate is ${gate.status}`}</h2>
          {gate.status === 'open' && gate.why !== null ? <p>{reasonText(gate.why)}</p> : null}
        </section>
      )}
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Decisions({ gate }: { readonly gate: Gate }) {
  if (gate.decisions.length === 0) return null;
  return (
    <section>
      <h2>Decisions</h2>
      <ul className="plain">
        {gate.decisions.map(({ decisionId, decision, person, reason, decidedAt }) => (
          <li key={decisionId}>
            <strong>{person.name ?? person.sub}</strong> {decision}{' '}
            <span title={fullText(decidedAt)}>
              <Moment at={decidedAt} />
            </span>
            {reason === null ? null : <>: {reason}</>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** True if the digests of what is shown are those of the gate; null: not known yet. */
function useIsGenuine({ request, show, gateDigest }: Gate): boolean | null {
  const [known, setKnown] = useState<{ readonly of: string; readonly isGenuine: boolean } | null>(null);
  useEffect(() => {
    let isStale = false;
    const all = request as unknown as { readonly [name: string]: Json };
    void Promise.all([digestOf(all), digestOf(show)]).then(([whole, shown]) => {
      if (!isStale) setKnown({ of: gateDigest, isGenuine: whole === gateDigest && shown === all['showDigest'] });
    });
    return () => {
      isStale = true;
    };
  }, [request, show, gateDigest]);
  return known?.of === gateDigest ? known.isGenuine : null;
}

/** True once an element has been on the screen; again false for another subject. */
function useHasBeenSeen(element: HTMLElement | null, subject: string): boolean {
  const [seen, setSeen] = useState<string | null>(null);
  useEffect(() => {
    if (element === null) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(subject);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [element, subject]);
  return seen === subject;
}
