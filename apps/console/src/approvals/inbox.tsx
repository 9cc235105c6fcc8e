import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useRef } from 'react';
import { bodyOf, type Gate } from '@taskrunner/client';
import { unreachableQuorum } from '@taskrunner/core/gate';
import { FIRST_PAGE, nextPage } from '../api/pages';
import { stepIn, useKeys } from '../frame/keyboard/keys';
import { useMe } from '../frame/me';
import { Moment } from '../frame/moment';
import { Denied, Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { shortRun } from '../frame/short';
import { gateTitle } from './gate-title';
import type { InboxSearch } from './inbox-search';
import { decisionNoun, isOverride } from './decision/override';
import { reasonText } from './decision/reasons';

const PAGE = 50;

/** The open gates of the tenant. */
export function InboxPage() {
  const { client, connection, settings } = useServices();
  const { all = false } = useSearch({ from: '/approvals' });
  const navigate = useNavigate({ from: '/approvals' });
  const rows = useRef<HTMLUListElement>(null);
  const scopes = useMe().data?.scopes;
  const isDenied = scopes?.includes('packs.approve') === false;
  const query = useInfiniteQuery({
    enabled: scopes !== undefined && !isDenied,
    queryKey: ['approvals', 'list', all],
    queryFn: ({ pageParam, signal }) =>
      bodyOf(
        client.api.GET('/api/approvals', { params: { query: { mine: !all, limit: PAGE, ...pageParam } }, signal }),
      ),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: nextPage,
    refetchInterval: connection.every(settings.refresh),
  });
  const gates = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const move = (by: 1 | -1): void => {
    const links = [...(rows.current?.querySelectorAll<HTMLElement>('a[data-row]') ?? [])];
    links[stepIn(links.length, links.indexOf(document.activeElement as HTMLElement), by)]?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  const show = (next: InboxSearch): void => void navigate({ search: next, replace: true });
  return (
    <main className="page">
      <div className="page-head">
        <h1>Approvals</h1>
        {isDenied ? null : (
          <div className="chips" role="group" aria-label="Which requests">
            <button type="button" className="chip" aria-pressed={!all} onClick={() => show({})}>
              For me
            </button>
            <button type="button" className="chip" aria-pressed={all} onClick={() => show({ all: true })}>
              All open
            </button>
          </div>
        )}
      </div>
      {isDenied ? (
        <Denied scope="packs.approve" />
      ) : query.isError && query.data === undefined ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Notice kind="loading" title="Loading requests …" />
      ) : gates.length === 0 && !query.hasNextPage ? (
        <Notice
          kind={all ? 'empty' : 'filtered'}
          title={all ? 'No run waits for an approval' : 'No request waits for you'}
        >
          {all ? null : <p>Runs may wait for other people.</p>}
        </Notice>
      ) : (
        <ul className="inbox" ref={rows}>
          {gates.map((gate) => (
            <Request key={`${gate.runId} ${gate.gateId}`} gate={gate} />
          ))}
        </ul>
      )}
      {query.hasNextPage ? (
        <button
          type="button"
          className="button more"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show older requests
        </button>
      ) : null}
    </main>
  );
}

function Request({ gate }: { readonly gate: Gate }) {
  const { runId, gateId, pack, requester, request, approvals, required, until, canDecide, why } = gate;
  return (
    <li className="inbox-item">
      <div className="inbox-main">
        <Link to="/runs/$runId/gates/$gateId" params={{ runId, gateId }} data-row="" className="inbox-title">
          {gateTitle(gate)}
        </Link>
        <span className="faint">
          {pack.name} {pack.version}, requested by {requester.name}: <span className="code">{gateId}</span> of run{' '}
          <span className="code">{shortRun(runId)}</span>
          {canDecide || why === null ? null : `. ${reasonText(why)}`}
        </span>
      </div>
      <span className="number">
        {approvals} of {required} {decisionNoun('approved', isOverride(gate))}
        {required === 1 ? '' : 's'}
        {unreachableQuorum(gate) === null ? null : (
          <>
            <br />
            <span className="tinted" data-tone="wait">
              nobody can open it
            </span>
          </>
        )}
      </span>
      <span className="inbox-clock">
        <span className="faint">asked</span> <Moment at={request.openedAt} isPast />
        <br />
        <span className="faint">expires</span> <Moment at={until} />
      </span>
    </li>
  );
}
