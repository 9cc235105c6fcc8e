import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useRef } from 'react';
import { bodyOf, type Run } from '@taskrunner/client';
import { FIRST_PAGE, isFirstPage, nextPage } from '../api/pages';
import { stepIn, useKeys } from '../frame/keyboard/keys';
import { Mark } from '../frame/mark';
import { useHolds } from '../frame/me';
import { Elapsed, Moment } from '../frame/moment';
import { Denied, Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { shortRun } from '../frame/short';
import { Progress } from './progress';
import { isFiltered, runQuery, type RunFilter } from './run-filter';
import { RunFilters } from './run-filters';
import { Waits } from './waits';

const PAGE = 50;
/** Pages that are held and kept up to date. Older ones take the place of the newest. */
const MOST_PAGES = 5;
/** The beginning of a span of time, such as the last hour, moves on in steps of ten minutes. */
const STEP_MS = 600_000;
/** How much less often a list without active runs is read: for a feed that cannot be read. */
const QUIET = 6;
/** Runs whose steps progress without an event of the feed. */
const ACTIVE: ReadonlySet<string> = new Set(['queued', 'running', 'cancelling']);

/** The runs of the tenant, newest first. */
export function RunsPage() {
  const { client, connection, settings } = useServices();
  const queries = useQueryClient();
  const filter = useSearch({ from: '/runs' });
  const navigate = useNavigate({ from: '/runs' });
  const mayRead = useHolds('packs.read') ?? true;
  const asked = runQuery(filter, Math.floor(Date.now() / STEP_MS) * STEP_MS);
  const query = useInfiniteQuery({
    queryKey: ['runs', asked],
    queryFn: ({ pageParam, signal }) =>
      bodyOf(client.api.GET('/api/runs', { params: { query: { ...asked, limit: PAGE, ...pageParam } }, signal })),
    enabled: mayRead,
    initialPageParam: FIRST_PAGE,
    getNextPageParam: nextPage,
    getPreviousPageParam: () => undefined,
    maxPages: MOST_PAGES,
    placeholderData: keepPreviousData,
    // The feed of the tenant tells of new and ended runs; the progress of steps has no events.
    refetchInterval: (read) => {
      const isActive = read.state.data?.pages.some(({ items }) => items.some(({ status }) => ACTIVE.has(status)));
      return connection.every(settings.refresh * (isActive === true ? 1 : QUIET))(read);
    },
  });
  const isCut = query.data !== undefined && !isFirstPage(query.data.pageParams[0]);
  const runs = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const rows = useRef<HTMLTableSectionElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const move = (by: 1 | -1): void => {
    const links = [...(rows.current?.querySelectorAll<HTMLElement>('a[data-row]') ?? [])];
    const at = links.findIndex((link) => link.closest('tr')?.contains(document.activeElement) === true);
    links[stepIn(links.length, at, by)]?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1), '/': () => search.current?.focus() });
  const change = (next: RunFilter): void => void navigate({ search: next, replace: true });
  return (
    <main className="page">
      <div className="page-head">
        <h1>Runs</h1>
        <RunFilters filter={filter} change={change} search={search} />
      </div>
      {isCut ? (
        <button
          type="button"
          className="button"
          onClick={() => void queries.resetQueries({ queryKey: ['runs', asked] })}
        >
          Show the newest runs
        </button>
      ) : null}
      {!mayRead ? (
        <Denied scope="packs.read" />
      ) : query.isError && query.data === undefined ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Notice kind="loading" title="Loading runs …" />
      ) : runs.length === 0 ? (
        <NoRuns filter={filter} isWhole={!query.hasNextPage} clear={() => change({})} />
      ) : (
        <div className="table-frame">
          <table className="table runs">
            <caption className="unseen">Runs, newest first</caption>
            <thead>
              <tr>
                <th scope="col">Status</th>
                <th scope="col">Pack</th>
                <th scope="col">Run</th>
                <th scope="col">Steps</th>
                <th scope="col">Waits for</th>
                <th scope="col">Requested by</th>
                <th scope="col">Created</th>
                <th scope="col" className="right">
                  Duration
                </th>
              </tr>
            </thead>
            <tbody ref={rows}>
              {runs.map((run) => (
                <RunRow key={run.runId} run={run} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {query.hasNextPage ? (
        <button
          type="button"
          className="button more"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {runs.length === 0 ? 'Search older runs' : 'Show older runs'}
        </button>
      ) : null}
    </main>
  );
}

function RunRow({ run }: { readonly run: Run }) {
  return (
    <tr>
      <td data-label="Status">
        <Mark status={run.status} />
      </td>
      <td data-label="Pack" className="main-cell">
        <Link to="/runs/$runId" params={{ runId: run.runId }} data-row="">
          {run.pack.name || shortRun(run.runId)}
        </Link>{' '}
        <span className="faint">{run.pack.version}</span>
      </td>
      <td data-label="Run" className="code" title={run.runId}>
        {shortRun(run.runId)}
      </td>
      <td data-label="Steps">
        <Progress steps={run.steps} />
      </td>
      <td data-label="Waits for">
        <Waits run={run} />
      </td>
      <td data-label="Requested by">{run.requester.name}</td>
      <td data-label="Created">
        <Moment at={run.createdAt} isPast />
      </td>
      <td data-label="Duration" className="right number">
        <Elapsed from={run.startedAt} to={run.finishedAt} />
      </td>
    </tr>
  );
}

interface NoRunsFacts {
  readonly filter: RunFilter;
  /** All runs were searched. */
  readonly isWhole: boolean;
  readonly clear: () => void;
}

function NoRuns({ filter, isWhole, clear }: NoRunsFacts) {
  if (isFiltered(filter))
    return (
      <Notice
        kind="filtered"
        title={isWhole ? 'No run matches the filter' : 'None of the newest runs matches the filter'}
      >
        <button type="button" className="button" onClick={clear}>
          Show all runs
        </button>
      </Notice>
    );
  return (
    <Notice kind="empty" title="There are no runs yet">
      <p>
        Start one with <code>npx taskrunner run PACK</code>. It appears here.
      </p>
    </Notice>
  );
}
