import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { RUN_STATUSES, type Page, type Run } from '../api/views';
import { stepIn, useKeys } from '../frame/keys';
import { Mark, wordOf } from '../frame/mark';
import { Elapsed, Moment } from '../frame/moment';
import { Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { shortRun } from '../frame/short';
import { Progress } from './progress';
import { isFiltered, type RunFilter } from './run-filter';
import { Waits } from './waits';

const PAGE = 50;

/** The runs of the tenant, newest first. */
export function RunsPage() {
  const { api, settings } = useServices();
  const filter = useSearch({ from: '/runs' });
  const navigate = useNavigate({ from: '/runs' });
  const query = useInfiniteQuery({
    queryKey: ['runs', filter],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Run>>('runs', { ...filter, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: settings.refresh,
  });
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
        <Filters filter={filter} change={change} search={search} />
      </div>
      {query.isError && query.data === undefined ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Notice kind="loading" title="Loading runs …" />
      ) : runs.length === 0 ? (
        <NoRuns filter={filter} clear={() => change({})} />
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
          Show older runs
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
          {run.pack.name}
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
        <Moment at={run.createdAt} />
      </td>
      <td data-label="Duration" className="right number">
        <Elapsed from={run.startedAt} to={run.finishedAt} />
      </td>
    </tr>
  );
}

interface FiltersFacts {
  readonly filter: RunFilter;
  readonly change: (filter: RunFilter) => void;
  readonly search: React.RefObject<HTMLInputElement | null>;
}

function Filters({ filter, change, search }: FiltersFacts) {
  const [text, setText] = useState(filter.q ?? '');
  useEffect(() => setText(filter.q ?? ''), [filter.q]);
  const find = (value: string): void => {
    const { q: _, ...rest } = filter;
    change(value.trim() === '' ? rest : { ...rest, q: value.trim() });
  };
  return (
    <form
      className="filters"
      role="search"
      aria-label="Runs"
      onSubmit={(event) => {
        event.preventDefault();
        find(text);
      }}
    >
      <input
        ref={search}
        type="search"
        className="field search"
        aria-label="Search runs"
        placeholder="pack, label, requester, run …"
        value={text}
        onChange={({ target: { value } }) => {
          setText(value);
          if (value === '') find('');
        }}
      />
      <label>
        <span className="label">Status</span>
        <select
          className="field"
          value={filter.status ?? ''}
          onChange={({ target: { value } }) => {
            const { status: _, ...rest } = filter;
            const status = RUN_STATUSES.find((one) => one === value);
            change(status === undefined ? rest : { ...rest, status });
          }}
        >
          <option value="">any</option>
          {RUN_STATUSES.map((status) => (
            <option key={status} value={status}>
              {wordOf(status)}
            </option>
          ))}
        </select>
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={filter.requester === 'me'}
          onChange={({ target: { checked } }) => {
            const { requester: _, ...rest } = filter;
            change(checked ? { ...rest, requester: 'me' } : rest);
          }}
        />
        Requested by me
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={filter.stuck === 'any'}
          onChange={({ target: { checked } }) => {
            const { stuck: _, ...rest } = filter;
            change(checked ? { ...rest, stuck: 'any' } : rest);
          }}
        />
        Needs a person
      </label>
    </form>
  );
}

function NoRuns({ filter, clear }: { readonly filter: RunFilter; readonly clear: () => void }) {
  if (isFiltered(filter))
    return (
      <Notice kind="filtered" title="No run matches the filter">
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
