import { useInfiniteQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { STEP_STATUSES, type Page, type Run, type Step, type StepStatus } from '../api/views';
import { stepIn, useKeys } from '../frame/keys';
import { Mark, wordOf } from '../frame/mark';
import { Elapsed } from '../frame/moment';
import { Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import type { RunSearch } from './run-view';

const PAGE = 200;
const ROW = 36;
/** Steps that contain others. */
const CONTAINERS: ReadonlySet<string> = new Set(['map', 'item', 'loop', 'pack', 'group', 'parallel', 'conditional']);

interface TableFacts {
  readonly run: Run;
  readonly tag: string;
  readonly search: RunSearch;
  readonly change: (search: RunSearch) => void;
}

/** The steps that a run has reached, in pages; of a map or loop, its items. Only the rows that can be seen are built. */
export function StepTable({ run, tag, search, change }: TableFacts) {
  const { api } = useServices();
  const { parent = '', status } = search;
  const frame = useRef<HTMLDivElement>(null);
  const query = useInfiniteQuery({
    queryKey: ['steps', run.runId, parent, status ?? '', tag],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<Step>>(
        `runs/${run.runId}/steps`,
        { ...(status === undefined ? { parent } : { status }), limit: PAGE, cursor: pageParam },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: (before) => before,
  });
  const steps = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const rows = useVirtualizer({
    count: steps.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const seen = rows.getVirtualItems();
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const isAtEnd = (seen.at(-1)?.index ?? 0) >= steps.length - 1;
  useEffect(() => {
    if (isAtEnd && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [isAtEnd, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const at = steps.findIndex(({ id }) => id === search.step);
  const select = (index: number): void => {
    const step = steps[index];
    if (step === undefined) return;
    rows.scrollToIndex(index);
    change({ ...search, step: step.id });
  };
  const enter = (step: Step | undefined): void => {
    if (step === undefined || !CONTAINERS.has(step.kind)) return;
    const { status: _, ...rest } = search;
    change({ ...rest, parent: step.id });
  };
  useKeys({
    j: () => select(stepIn(steps.length, at, 1)),
    k: () => select(stepIn(steps.length, at, -1)),
    Enter: () => enter(steps[at]),
  });
  return (
    <div className="step-panel">
      <StatusFilter run={run} search={search} change={change} />
      {parent === '' || status !== undefined ? null : <Trail search={search} change={change} />}
      {query.isError && query.data === undefined ? (
        <Failed error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Notice kind="loading" title="Loading steps …" />
      ) : steps.length === 0 ? (
        <Notice
          kind={status === undefined ? 'empty' : 'filtered'}
          title={status === undefined ? 'No step has begun yet' : `No step is ${wordOf(status).toLowerCase()}`}
        />
      ) : (
        <div className="rows-frame" ref={frame} tabIndex={0} role="region" aria-label="Steps">
          <div role="table" aria-label="Steps" aria-rowcount={hasNextPage ? -1 : steps.length + 1}>
            <div role="row" className="step-row step-head">
              {['Status', 'Step', 'Kind', 'Attempts', 'Duration'].map((name) => (
                <span key={name} role="columnheader">
                  {name}
                </span>
              ))}
            </div>
            <div role="rowgroup" className="rows" style={{ height: rows.getTotalSize() }}>
              {seen.map(({ index, start }) => {
                const step = steps[index];
                return step === undefined ? null : (
                  <StepRow
                    key={step.id}
                    step={step}
                    index={index}
                    top={start}
                    isSelected={step.id === search.step}
                    select={() => change({ ...search, step: step.id })}
                    enter={CONTAINERS.has(step.kind) ? () => enter(step) : null}
                  />
                );
              })}
            </div>
          </div>
        </div>
      )}
    </div>
  );
}

interface RowFacts {
  readonly step: Step;
  readonly index: number;
  readonly top: number;
  readonly isSelected: boolean;
  readonly select: () => void;
  readonly enter: (() => void) | null;
}

function StepRow({ step, index, top, isSelected, select, enter }: RowFacts) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className="step-row"
      style={{ transform: `translateY(${top}px)` }}
      onClick={select}
    >
      <span role="cell">
        <Mark status={step.status} />
      </span>
      <span role="cell" className="step-name">
        <button type="button" className="link-button code" onClick={select}>
          {step.id}
        </button>
        {step.label === null ? null : <span className="faint">{step.label}</span>}
      </span>
      <span role="cell" className="faint">
        {step.kind}
        {enter === null ? null : (
          <button
            type="button"
            className="link-button"
            onClick={(event) => {
              event.stopPropagation();
              enter();
            }}
          >
            {step.children === null ? 'steps' : `${step.children} ${step.children === 1 ? 'item' : 'items'}`}
          </button>
        )}
      </span>
      <span role="cell" className="number">
        {step.attempts === 0 ? '' : step.attempts}
      </span>
      <span role="cell" className="number">
        <Elapsed from={step.startedAt} to={step.finishedAt} />
      </span>
    </div>
  );
}

function StatusFilter({ run, search, change }: Pick<TableFacts, 'run' | 'search' | 'change'>) {
  const shown = STEP_STATUSES.filter((status) => run.steps[status] > 0 && status !== 'pending');
  const set = (status: StepStatus | null): void => {
    const { status: _, ...rest } = search;
    change(status === null ? rest : { ...rest, status });
  };
  return (
    <div className="chips" role="group" aria-label="Filter by status">
      <button type="button" className="chip" aria-pressed={search.status === undefined} onClick={() => set(null)}>
        All <span className="number">{run.steps.total}</span>
      </button>
      {shown.map((status) => (
        <button
          key={status}
          type="button"
          className="chip"
          aria-pressed={search.status === status}
          onClick={() => set(status)}
        >
          <Mark status={status} /> <span className="number">{run.steps[status]}</span>
        </button>
      ))}
    </div>
  );
}

/** The way back out of a map. */
function Trail({ search, change }: Pick<TableFacts, 'search' | 'change'>) {
  const { parent: _, ...top } = search;
  return (
    <nav className="trail" aria-label="Place in the run">
      <button type="button" className="link-button" onClick={() => change(top)}>
        All steps
      </button>
      <span aria-hidden="true">›</span>
      <span className="code">{search.parent}</span>
    </nav>
  );
}
