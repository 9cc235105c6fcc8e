import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { hasCode, isAbsent } from '../api/problem';
import type { DecisionReceipt, Gate } from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';
import { unreachableQuorum } from '@taskrunner/core/gate';
import type { Plan } from '@taskrunner/core/plan';
import { useMe, type Me } from '../frame/me';
import { Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { ToPart } from '../frame/to-part';
import { Decide } from './decision/decide';
import { Difference } from './difference';
import { GateHead } from './gate-head';
import { gateTitle, headingOf } from './gate-title';
import { isGenuine } from './genuine';
import { OverriddenBefore } from './overridden-before';
import { Quorum, UNREACHABLE } from './quorum';
import { ShownValues } from './reading/shown-values';
import { ReadPart, ReadSection, useUnshown } from './reading/unshown';
import { isCounted, ownDecision, statusOf } from './decision/own-decision';
import { OWN_STATUS, OwnStatus } from './decision/own-status';
import { endWords, isOverride } from './decision/override';
import { StepsBehind, usePlanOfGate } from './steps-behind';
import { ungatedAt } from './ungated-at';
import { verdictIn } from './verdict';

/** A heading with more characters is set smaller. */
const LONG = 120;

/** One request for an approval, and nothing else. */
export function GatePage() {
  const { runId, gateId } = useParams({ from: '/runs/$runId/gates/$gateId' });
  const { client, connection, settings } = useServices();
  const query = useQuery({
    queryKey: ['gate', runId, gateId],
    queryFn: ({ signal }) => client.gate(runId, gateId, { signal }),
    refetchInterval: (read) => read.state.data?.status === 'open' && connection.every(settings.refresh)(read),
  });
  const gate = query.data;
  const isLost = useSyncExternalStore(connection.subscribe, connection.current).kind === 'lost';
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
        <Request
          key={`${runId} ${gateId}`}
          gate={gate}
          readAt={query.dataUpdatedAt}
          isStale={isLost || query.isRefetchError}
          reread={() => void query.refetch()}
        />
      ) : isAbsent(query.error) ? (
        <AbsentGate isRunAbsent={hasCode(query.error, 'RUN_NOT_FOUND')} />
      ) : query.isError ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Notice kind="loading" title="Loading the request …" />
      )}
    </main>
  );
}

/** Nothing to decide, and why: the run, or the request of its gate, is not there. */
function AbsentGate({ isRunAbsent }: { readonly isRunAbsent: boolean }) {
  const me = useMe();
  if (isRunAbsent)
    return (
      <Notice kind="empty" title="There is no such run in your tenant">
        <p>
          {me.data === undefined ? '' : `You are signed in to ${me.data.tenant}. `}Check the link, or sign in to the
          tenant of the run.
        </p>
      </Notice>
    );
  return (
    <Notice kind="empty" title="This gate asks nobody">
      <p>The run has not reached it, its policy decided without people, or the pack has no gate of this name.</p>
    </Notice>
  );
}

interface RequestFacts {
  readonly gate: Gate;
  /** When the page last read the gate, milliseconds since the epoch. */
  readonly readAt: number;
  /** The gate cannot be read now. */
  readonly isStale: boolean;
  readonly reread: () => void;
}

function Request({ gate, readAt, isStale, reread }: RequestFacts) {
  const { request, show } = gate;
  const title = gateTitle(gate);
  const [heading, rest] = headingOf(title);
  const plan = usePlanOfGate(gate);
  const isRequestGenuine = useIsGenuine(gate);
  const genuine = isRequestGenuine === true ? plan.isGenuine : isRequestGenuine;
  const [end, setEnd] = useState<HTMLElement | null>(null);
  // The end of a page whose steps are still loading is not the end of the request.
  const isRead = useHasBeenSeen(plan.isGenuine === null ? null : end, gate.gateDigest);
  const unshown = useUnshown(gate.gateDigest);
  const me = useMe();
  const [receipt, counted] = useState<DecisionReceipt | null>(null);
  const [isInterrupted, interrupt] = useState(false);
  const isNew = receipt !== null || isInterrupted;
  useAt(gate.status === 'open' ? gate.until : null, reread);
  return (
    <>
      <h1 className="request-message" data-long={heading.length > LONG}>
        {heading}
      </h1>
      <NothingToDecide gate={gate} me={me.data} />
      {unreachableQuorum(gate) === null ? null : (
        <p className="tinted" data-tone="wait">
          Nobody can open this gate, because too few people can still approve. <ToPart to={UNREACHABLE}>See why</ToPart>
        </p>
      )}
      <GateHead gate={gate} />
      {rest === '' ? null : (
        <ReadPart name="Message">
          <p className="request-message request-rest">{rest}</p>
        </ReadPart>
      )}
      {title === request.message ? null : <p className="request-message">{request.message}</p>}
      <Policy gate={gate} />
      <OverriddenBefore gate={gate} />
      <ReadSection name="What you decide on">
        {show === null || JSON.stringify(show) === '{}' ? (
          <p className="faint">The gate shows no values.</p>
        ) : (
          <ShownValues value={show as Json} label="Shown values" />
        )}
      </ReadSection>
      <StepsBehind gate={gate} plan={plan} />
      <Consequences gate={gate} />
      <ReadSection name="Digest">
        <p className="code digest">{gate.gateDigest}</p>
        <p role="status" className="tinted" data-tone={genuine === false ? 'bad' : 'good'}>
          {genuine === null
            ? 'Comparing …'
            : genuine
              ? '✓ This browser computed the same digest from the request above.'
              : '✕ The request above has another digest. Do not decide. Inform the operator.'}
        </p>
        <p className="faint">
          The digest covers the message, the values, what the policy said, what follows, who may decide, both times, and
          the hash of the plan with its steps. It does not cover the name of the requester and what stands below, which
          is what the server says now.
        </p>
        <p className="faint code digest">plan {gate.planHash}</p>
      </ReadSection>
      <ReadSection name="Compared with the plan approved last">
        <Difference
          planDiff={gate.planDiff}
          plan={plan.isGenuine === true ? ((plan.query.data?.plan ?? null) as Plan | null) : null}
        />
      </ReadSection>
      <Ungated gate={gate} />
      <span ref={setEnd} className="request-end" />
      <Quorum gate={gate} lastReadAt={isStale ? new Date(readAt) : null} />
      {me.data === undefined ? (
        me.isError ? (
          <Failed error={me.error} retry={() => void me.refetch()} />
        ) : (
          <Notice kind="loading" title="Loading who you are …" />
        )
      ) : gate.status === 'open' && gate.canDecide ? (
        <Decide
          key={gate.gateDigest}
          {...{ gate, me: me.data, readAt, isRead, unshown, isGenuine: genuine, isNew, counted, reread }}
          interrupted={() => interrupt(true)}
        />
      ) : (
        <OwnStatus {...{ gate, me: me.data, readAt, isNew, counted, reread }} />
      )}
    </>
  );
}

/** Before a person reads the request: that there is nothing for them to decide, and where the page says why. */
function NothingToDecide({ gate, me }: { readonly gate: Gate; readonly me: Me | undefined }) {
  const status = statusOf(gate);
  if (me === undefined || (status === 'open' && gate.canDecide)) return null;
  const [said, more] =
    status !== 'open'
      ? [`Nobody can decide here any more. ${endWords(gate)}.`, 'How it ended']
      : isCounted(ownDecision(gate, me.person))
        ? [
            `${isOverride(gate) ? 'You have overridden the denial' : 'You have approved'}. You can withdraw or reject.`,
            'Your decision',
          ]
        : ['You cannot decide on this request.', 'See why'];
  return (
    <p className="tinted" data-tone="wait">
      {said} <ToPart to={OWN_STATUS}>{more}</ToPart>
    </p>
  );
}

function Policy({ gate }: { readonly gate: Gate }) {
  const verdict = verdictIn(gate);
  if (verdict === null) return null;
  const { id, level, engine, isUndecided, reasons } = verdict;
  return (
    <ReadSection
      name="Policy"
      className="verdict"
      title={
        <>
          Policy <span className="code">{id}</span> {isUndecided ? 'did not decide, which denies this' : 'denies this'}
        </>
      }
    >
      <p>
        An approval overrides the denial. Level {level}, engine {engine}.
      </p>
      {reasons.length === 0 ? (
        <p className="faint">It gives no reason.</p>
      ) : (
        <ul className="plain reasons">
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
    </ReadSection>
  );
}

/** What an approval leads to, and what the steps behind the gate can read. */
function Consequences({ gate }: { readonly gate: Gate }) {
  const { request } = gate;
  const { opens, secrets, notApplied, requirement } = request;
  const reads = Object.keys(request.reads);
  return (
    <ReadSection name="What follows">
      {opens.length === 0 ? (
        <p>No step with effects waits for this gate.</p>
      ) : (
        <Named text="Steps with effects that this gate opens" names={opens} />
      )}
      <Named text="Secrets that they use" names={secrets.map(({ name }) => name)} />
      <Named text="Results that they can read, which are fixed" names={reads} />
      <Named text="Gates that did not apply" names={notApplied} />
      <Named text="Programs that may act for you" names={(requirement.actors ?? []).map(({ sub }) => sub)} />
    </ReadSection>
  );
}

/** What of the plan acts without anybody's approval. The server says it beside the request. */
function Ungated({ gate }: { readonly gate: Gate }) {
  const { free, byPolicy } = ungatedAt(gate);
  return (
    <>
      {free.length === 0 ? null : (
        <div className="tinted" data-tone="wait">
          <Named text="Steps with effects that need no approval" names={free} />
        </div>
      )}
      <Named text="Steps that would need no approval if the policy had not denied" names={byPolicy} />
    </>
  );
}

function Named({ text, names }: { readonly text: string; readonly names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <p>
      {text}: <span className="code">{names.join(', ')}</span>
    </p>
  );
}

/** True if the digests of what is shown are those of the gate; null: not known yet. */
function useIsGenuine(gate: Gate): boolean | null {
  const { gateDigest } = gate;
  const [known, setKnown] = useState<{ readonly of: string; readonly isGenuine: boolean } | null>(null);
  useEffect(() => {
    let isStale = false;
    void isGenuine(gate).then((is) => {
      if (!isStale) setKnown({ of: gateDigest, isGenuine: is });
    });
    return () => {
      isStale = true;
    };
  }, [gate, gateDigest]);
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

/** Browsers count milliseconds until an event in 31 bits. */
const LONGEST_MS = 2 ** 31 - 1;
/** The server asks its own clock, which may be a little later. */
const AFTER_MS = 250;

/** Does something at a time; null: never. */
function useAt(instant: string | null, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const inMs = instant === null ? -1 : Date.parse(instant) - Date.now() + AFTER_MS;
    if (inMs < 0 || inMs > LONGEST_MS) return undefined;
    const timer = setTimeout(() => latest.current(), inMs);
    return () => clearTimeout(timer);
  }, [instant]);
}
