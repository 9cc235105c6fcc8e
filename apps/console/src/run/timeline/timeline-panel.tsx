import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { bodyOf, type Run, type Timings } from '@taskrunner/client';
import { stepIn, useKeys } from '../../frame/keyboard/keys';
import { Mark, wordOf } from '../../frame/mark';
import { Failed, Notice } from '../../frame/notice';
import { useServices } from '../../frame/services';
import { durationText } from '../../frame/time';
import { isOver } from '../run-view';
import { hasPauses, timeScale, type TimeScale } from './time-scale';
import { barsOf, busySpans, comparedText, durationsOf, nameWithin, nested, waitSpans, type NestedRow } from './timings';

/** The most that one page of the API has. */
const PAGE = 10_000;
const ROW = 26;

/** What the bars mean. */
const LEGEND = [
  { text: 'waits for a slot', kind: 'queued', end: '' },
  { text: 'waits for people', kind: 'people', end: '' },
  { text: 'runs', kind: 'run', end: '' },
  { text: 'succeeded', kind: 'run', end: 'succeeded' },
  { text: 'failed', kind: 'run', end: 'failed' },
] as const;

interface TimelineFacts {
  readonly run: Run;
  readonly selected: string | null;
  readonly select: (step: string) => void;
}

/** When each step was queued, ran and ended. Only the rows that can be seen are in the page. */
export function TimelinePanel({ run, selected, select }: TimelineFacts) {
  const { client } = useServices();
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null]);
  const [isFolding, setFolding] = useState(true);
  const cursor = cursors.at(-1) ?? null;
  const query = useQuery({
    queryKey: ['of-run', run.runId, 'timings', cursor],
    queryFn: async ({ signal }) => {
      const answer = await bodyOf(
        client.api.GET('/api/runs/{runId}/timings', {
          params: { path: { runId: run.runId }, query: { limit: PAGE, ...(cursor === null ? {} : { cursor }) } },
          signal,
        }),
      );
      // The types of openapi-fetch make lists of the rows, which are tuples.
      const timings = answer as unknown as Timings;
      return { ...timings, readAt: Date.now() - Date.parse(timings.origin) };
    },
    placeholderData: keepPreviousData,
  });
  const { data } = query;
  const finishedAt = isOver(run.status) ? run.finishedAt : null;
  const now =
    finishedAt !== null && data !== undefined ? Date.parse(finishedAt) - Date.parse(data.origin) : (data?.readAt ?? 0);
  const spans = useMemo(() => busySpans(data?.items ?? [], now), [data, now]);
  const rows = useMemo(() => nested(data?.items ?? []), [data]);
  const waits = useMemo(() => waitSpans(data?.items ?? [], now), [data, now]);
  const scale = useMemo(() => timeScale(spans, isFolding, waits), [spans, isFolding, waits]);
  if (data === undefined)
    return query.isError ? (
      <Failed error={query.error} retry={() => void query.refetch()} />
    ) : (
      <Notice kind="loading" title="Loading the times …" />
    );
  if (data.items.length === 0) return <Notice kind="empty" title="No step has begun yet" />;
  const first = (cursors.length - 1) * PAGE + 1;
  const { nextCursor } = data;
  return (
    <div className="step-panel">
      <div className="log-bar">
        {LEGEND.map(({ text, kind, end }) => (
          <span key={text} className="legend">
            <span className="bar-sample" data-kind={kind} data-end={end} aria-hidden="true" /> {text}
          </span>
        ))}
        {scale.folded.length === 0 ? null : (
          <span className="legend">
            <span className="bar-sample time-fold-sample" aria-hidden="true" /> idle time, drawn short
          </span>
        )}
        <span className="bar-space" />
        {hasPauses(spans) ? (
          <label className="check">
            <input type="checkbox" checked={isFolding} onChange={({ target: { checked } }) => setFolding(checked)} />
            Fold idle time
          </label>
        ) : null}
      </div>
      <Rows {...{ rows, first, now, scale, selected, select }} />
      {nextCursor === null && cursors.length === 1 ? null : (
        <nav className="pages" aria-label="Pages of the timeline">
          <span className="faint number" role="status">
            {first.toLocaleString('en')} to {(first + data.items.length - 1).toLocaleString('en')} of{' '}
            {run.steps.total.toLocaleString('en')} steps
          </span>
          <span className="bar-space" />
          <button
            type="button"
            className="button"
            disabled={cursors.length === 1}
            onClick={() => setCursors(cursors.slice(0, -1))}
          >
            Previous
          </button>
          <button
            type="button"
            className="button"
            disabled={nextCursor === null || query.isPlaceholderData}
            onClick={() => setCursors([...cursors, nextCursor])}
          >
            Next
          </button>
        </nav>
      )}
    </div>
  );
}

interface RowsFacts {
  readonly rows: readonly NestedRow[];
  readonly first: number;
  readonly now: number;
  readonly scale: TimeScale;
  readonly selected: string | null;
  readonly select: (step: string) => void;
}

function Rows({ rows, first, now, scale, selected, select }: RowsFacts) {
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const at = rows.findIndex(({ row: [id] }) => id === selected);
  const move = (by: 1 | -1): void => {
    const next = stepIn(rows.length, at, by);
    const row = rows[next];
    if (row === undefined) return;
    virtual.scrollToIndex(next);
    select(row.row[0]);
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  return (
    <div className="rows-frame" ref={frame} tabIndex={0} role="region" aria-label="Timeline">
      <div role="table" aria-label="Timeline" aria-rowcount={rows.length + 1}>
        <div role="rowgroup">
          <div role="row" className="time-row time-head">
            {['Step', 'Waited', 'Ran', 'Time'].map((name) => (
              <span key={name} role="columnheader">
                {name === 'Time' ? `${comparedText(scale.to - scale.from)} in all` : name}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" className="rows" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <Row
                key={row.row[0]}
                nestedRow={row}
                number={first + index + 1}
                top={start}
                {...{ now, scale, select }}
                isSelected={row.row[0] === selected}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface RowFacts extends Pick<RowsFacts, 'now' | 'scale' | 'select'> {
  readonly nestedRow: NestedRow;
  readonly number: number;
  readonly top: number;
  readonly isSelected: boolean;
}

const DEEPEST = 3;

function Row({ nestedRow: { row, depth }, number, top, now, scale, isSelected, select }: RowFacts) {
  const [id, parent, , status] = row;
  const name = depth === 0 ? id : nameWithin(id, parent);
  const { queued, ran } = durationsOf(row, now);
  return (
    <div
      role="row"
      aria-rowindex={number}
      aria-selected={isSelected}
      className="time-row"
      data-depth={Math.min(DEEPEST, depth)}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => select(id)}
    >
      <span role="cell" className="step-name">
        <Mark status={status} bare />
        <button type="button" className="link-button code" title={id} onClick={() => select(id)}>
          <span className="unseen">{id.slice(0, id.length - name.length)}</span>
          {name}
        </button>
      </span>
      <span role="cell" className="number faint">
        {queued === null ? '' : comparedText(queued)}
      </span>
      <span role="cell" className="number">
        {ran === null ? '' : comparedText(ran)}
      </span>
      <span role="cell" className="time-track">
        <span className="unseen">{wordOf(status)}</span>
        {scale.folded.map(({ from, to }) => (
          <span
            key={from}
            className="time-fold"
            style={placed(scale, from, to)}
            title={`${durationText(to - from)} idle`}
          />
        ))}
        {barsOf(row, now).map(({ kind, from, to, end }, index) => (
          <span
            key={index}
            className="time-bar"
            data-kind={kind}
            data-end={end ?? (kind === 'run' ? status : '')}
            style={placed(scale, from, to)}
          />
        ))}
      </span>
    </div>
  );
}

/** What begins at the end of the track is still in sight: a bar is never narrower than 3 px. */
function placed({ place }: TimeScale, from: number, to: number): React.CSSProperties {
  const left = place(from);
  return { left: `min(${left * 100}%, 100% - 3px)`, width: `${(place(to) - left) * 100}%` };
}
