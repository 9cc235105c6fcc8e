import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, useState } from 'react';
import { bodyOf, type Run, type Step } from '@taskrunner/client';
import { stepIn, useKeys } from '../../frame/keyboard/keys';
import { wordOf } from '../../frame/mark';
import { Failed, Notice } from '../../frame/notice';
import { useServices } from '../../frame/services';
import { Progress } from '../../runs/progress';
import { mapOf, type RunSearch } from '../run-view';
import { useStepCounts } from './step-counts';
import { FIRST_PLACE, groupsOf, readStepPage, type StepPlace } from './step-pages';
import { isContainer, StepRow } from './step-row';
import { StatusFilter, Trail } from './step-tools';

/** Steps of a page. Only one page is held, whatever the run has. */
const PAGE = 500;
const ROW = 36;

interface TableFacts {
  readonly run: Run;
  readonly search: RunSearch;
  readonly change: (search: RunSearch) => void;
}

/** The steps that a run has reached; of a map or loop, its items with failures first. */
export function StepTable({ run, search, change }: TableFacts) {
  const { parent = '', status } = search;
  const counts = useStepCounts(run, parent);
  // Of the run as a whole, the steps inside of maps count, too: a failure is found without opening them.
  const shown = parent === '' ? run.steps : counts.data;
  return (
    <div className="step-panel">
      {parent === '' ? null : <Trail search={search} change={change} />}
      {shown === undefined ? null : <StatusFilter counts={shown} search={search} change={change} />}
      {parent === '' || counts.data === undefined ? null : <Progress steps={counts.data} />}
      {counts.isError && counts.data === undefined ? (
        <Failed error={counts.error} retry={() => void counts.refetch()} />
      ) : counts.data === undefined ? (
        <Notice kind="loading" title="Loading steps …" />
      ) : (
        <Pages
          key={`${parent} ${status ?? ''}`}
          {...{ run, search, change }}
          counts={parent === '' && status !== undefined ? run.steps : counts.data}
        />
      )}
    </div>
  );
}

function Pages({ run, search, change, counts }: TableFacts & { readonly counts: Run['steps'] }) {
  const { client } = useServices();
  const { parent = '', status } = search;
  // The places of the pages up to this one, so that there is a way back.
  const [places, setPlaces] = useState<readonly StepPlace[]>([FIRST_PLACE]);
  const place = places.at(-1) ?? FIRST_PLACE;
  const isItems = mapOf(parent);
  const query = useQuery({
    queryKey: ['of-run', run.runId, 'steps', parent, status ?? '', place],
    queryFn: ({ signal }) =>
      readStepPage(
        {
          read: (one, cursor, limit) =>
            bodyOf(
              client.api.GET('/api/runs/{runId}/steps', {
                params: {
                  path: { runId: run.runId },
                  query: {
                    ...(parent === '' && status !== undefined ? {} : { parent }),
                    ...(one === null ? {} : { status: one }),
                    ...(cursor === null ? {} : { cursor }),
                    limit,
                  },
                },
                signal,
              }),
            ),
          groups: groupsOf(status, isItems),
          counts,
        },
        place,
        PAGE,
      ),
    placeholderData: keepPreviousData,
  });
  const { data } = query;
  if (data === undefined)
    return query.isError ? (
      <Failed error={query.error} retry={() => void query.refetch()} />
    ) : (
      <Notice kind="loading" title="Loading steps …" />
    );
  if (data.items.length === 0 && places.length === 1)
    return (
      <Notice
        kind={status === undefined ? 'empty' : 'filtered'}
        title={status === undefined ? 'No step has begun yet' : `No step is ${wordOf(status).toLowerCase()}`}
      />
    );
  const first = (places.length - 1) * PAGE + 1;
  const total = status === undefined ? counts.total : counts[status];
  const { next } = data;
  return (
    <>
      <Rows steps={data.items} first={first} total={total} search={search} change={change} />
      {next === null && places.length === 1 ? null : (
        <nav className="pages" aria-label="Pages of steps">
          <span className="faint number" role="status">
            {first.toLocaleString('en')} to {(first + data.items.length - 1).toLocaleString('en')} of{' '}
            {total.toLocaleString('en')}
            {isItems && status === undefined ? ', failures first' : ''}
          </span>
          <span className="bar-space" />
          <button
            type="button"
            className="button"
            disabled={places.length === 1}
            onClick={() => setPlaces(places.slice(0, -1))}
          >
            Previous
          </button>
          <button
            type="button"
            className="button"
            disabled={next === null || query.isPlaceholderData}
            onClick={() => next !== null && setPlaces([...places, next])}
          >
            Next
          </button>
        </nav>
      )}
    </>
  );
}

interface RowsFacts extends Pick<TableFacts, 'search' | 'change'> {
  readonly steps: readonly Step[];
  /** The number of the first row among all. */
  readonly first: number;
  readonly total: number;
}

/** The rows of one page. Only those that can be seen are in the page. */
function Rows({ steps, first, total, search, change }: RowsFacts) {
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: steps.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const at = steps.findIndex(({ id }) => id === search.step);
  const select = (index: number): void => {
    const step = steps[index];
    if (step === undefined) return;
    rows.scrollToIndex(index);
    change({ ...search, step: step.id });
  };
  const enter = (step: Step | undefined): void => {
    if (step === undefined || !isContainer(step)) return;
    const { status: _, ...rest } = search;
    change({ ...rest, parent: step.id });
  };
  useKeys({
    j: () => select(stepIn(steps.length, at, 1)),
    k: () => select(stepIn(steps.length, at, -1)),
    Enter: () => enter(steps[at]),
  });
  return (
    <div className="rows-frame" ref={frame} tabIndex={0} role="region" aria-label="Steps">
      <div role="table" aria-label="Steps" aria-rowcount={total + 1}>
        <div role="rowgroup">
          <div role="row" className="step-row step-head">
            {['Status', 'Step', 'Kind', 'Attempts', 'Duration'].map((name) => (
              <span key={name} role="columnheader">
                {name}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" className="rows" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const step = steps[index];
            return step === undefined ? null : (
              <StepRow
                key={step.id}
                step={step}
                row={first + index + 1}
                top={start}
                isSelected={step.id === search.step}
                select={() => change({ ...search, step: step.id })}
                enter={isContainer(step) ? () => enter(step) : null}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
