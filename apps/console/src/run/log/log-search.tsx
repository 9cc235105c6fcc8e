import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Run } from '@taskrunner/client';
import { FIRST_PAGE, nextPage } from '../../api/pages';
import { Failed, Notice } from '../../frame/notice';
import { useServices } from '../../frame/services';
import type { LogFilter } from './log-filter';
import { LogFrame } from './log-frame';
import type { LogRow } from './log-window';

const HITS = 200;

interface SearchFacts {
  readonly run: Run;
  readonly filter: LogFilter;
  readonly text: string;
  readonly isRaw: boolean;
  /** Shows a line among those around it. */
  readonly open: (line: number) => void;
  readonly pickStep: (step: string) => void;
}

/** The lines of a log that contain a text. The server searches them, and says how many there are in which lines. */
export function LogHits({ run, filter, text, isRaw, open, pickStep }: SearchFacts) {
  const { client, settings } = useServices();
  const query = useInfiniteQuery({
    queryKey: ['hits', run.runId, filter, text],
    queryFn: ({ pageParam, signal }) =>
      client.logPage(run.runId, { ...filter, q: text, limit: HITS, ...pageParam }, { signal }),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: nextPage,
    staleTime: Infinity,
  });
  const pages = query.data?.pages;
  const rows = useMemo(
    () => pages?.flatMap(({ items }) => items.map((line): LogRow => ({ kind: 'line', line }))) ?? [],
    [pages],
  );
  const last = pages?.at(-1);
  if (last === undefined)
    return query.isError ? (
      <Failed error={query.error} retry={() => void query.refetch()} />
    ) : (
      <Notice kind="loading" title="Searching …" />
    );
  const isFull = rows.length >= settings.logLines;
  const canReadOn = query.hasNextPage && !query.isFetching && !isFull;
  return (
    <>
      <p className="log-bar" role="status">
        <strong className="number">{hitsText(last.total ?? 0)}</strong>
        <span className="faint number">
          in lines {pages?.[0]?.searchedFrom.toLocaleString('en')} to {last.searchedTo.toLocaleString('en')} of{' '}
          {last.lastLine.toLocaleString('en')}
          {last.missingLines > 0 ? `, of which ${last.missingLines.toLocaleString('en')} are not stored` : ''}
        </span>
        {last.searchedTo < last.lastLine ? (
          <button
            type="button"
            className="button"
            disabled={query.isFetching}
            onClick={() => void (query.hasNextPage ? query.fetchNextPage() : query.refetch())}
          >
            {query.hasNextPage ? 'Search on' : 'Search new lines'}
          </button>
        ) : null}
        {isFull ? (
          <span className="faint">The first {settings.logLines.toLocaleString('en')} hits are shown.</span>
        ) : null}
      </p>
      {rows.length === 0 ? (
        <Notice kind="filtered" title="No line contains the text" />
      ) : (
        <LogFrame
          label="Lines that contain the text"
          rows={rows}
          range={null}
          mark={text}
          isRaw={isRaw}
          isFollowing={false}
          pick={open}
          pickStep={pickStep}
          // Hits that were counted are read on; a search of further lines is for the reader to begin.
          later={() => canReadOn && rows.length < (last.total ?? 0) && void query.fetchNextPage()}
        />
      )}
    </>
  );
}

function hitsText(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'hit' : 'hits'}`;
}
