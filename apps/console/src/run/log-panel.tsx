import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useReducer, useRef, useState } from 'react';
import type { LogLine, Run } from '../api/views';
import { useKeys } from '../frame/keys';
import { Failed, Notice } from '../frame/notice';
import { useServices } from '../frame/services';
import { useIsSeen } from './live-run';
import { readLog } from './log-stream';
import { append, beginningAt, emptyWindow, lastOf, type LogWindow } from './log-window';
import type { RunSearch } from './run-view';

const ROW = 20;
/** A reader this near to the end follows, pixels. */
const NEAR = 4;

interface LogFacts {
  readonly run: Run;
  readonly search: RunSearch;
  readonly change: (search: RunSearch) => void;
}

type Change = { readonly begin: number; readonly limit: number } | { readonly lines: readonly LogLine[] };

function reduce(window: LogWindow, change: Change): LogWindow {
  return 'lines' in change ? append(window, change.lines) : emptyWindow(change.begin, change.limit);
}

/** The log of a run, or of one step: a window of lines that follows the end until the reader scrolls away from it. */
export function LogPanel({ run, search, change }: LogFacts) {
  const { api, settings } = useServices();
  const isSeen = useIsSeen();
  const { runId } = run;
  const { step = null, line = null } = search;
  // Null: with the last lines.
  const [from, setFrom] = useState(() => (line === null ? null : beginningAt(line, run.lastLine, settings.logLines)));
  const [window, update] = useReducer(reduce, emptyWindow(from ?? 0, settings.logLines));
  const [isFollowing, setFollowing] = useState(line === null);
  const [isConnected, setConnected] = useState(true);
  const [failure, setFailure] = useState<unknown>(null);
  const [readTo, setReadTo] = useState(0);
  const frame = useRef<HTMLDivElement>(null);
  const place = useRef<{ readonly key: string; readonly after: number | null }>({ key: '', after: null });
  useEffect(() => {
    const key = `${runId} ${step ?? ''} ${from ?? ''}`;
    if (place.current.key !== key) {
      place.current = { key, after: from };
      update({ begin: from ?? 0, limit: settings.logLines });
    }
    if (!isSeen) return undefined;
    const stopping = new AbortController();
    setFailure(null);
    readLog(api, {
      runId,
      step,
      from: place.current.after === null ? { tail: settings.logLines } : { after: place.current.after },
      follow: true,
      signal: stopping.signal,
      onTail: (after) => {
        place.current = { key, after };
        update({ begin: after, limit: settings.logLines });
      },
      onLines: (lines) => {
        place.current = { key, after: lines.at(-1)?.sequence ?? place.current.after };
        update({ lines });
      },
      onConnection: setConnected,
    }).catch(setFailure);
    return () => stopping.abort();
  }, [api, runId, step, from, isSeen, settings.logLines]);
  const { lines } = window;
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 20,
  });
  const last = lastOf(window);
  useEffect(() => {
    if (!isFollowing || lines.length === 0) return;
    rows.scrollToIndex(lines.length - 1, { align: 'end' });
    setReadTo(last);
  }, [isFollowing, lines.length, last, rows]);
  const targetIndex = line === null ? -1 : lines.findIndex(({ sequence }) => sequence === line);
  useEffect(() => {
    if (targetIndex >= 0) rows.scrollToIndex(targetIndex, { align: 'center' });
    // Once, when the line is here.
    // oxlint-disable-next-line
  }, [targetIndex >= 0, line]);
  const follow = (): void => {
    const { line: _, ...rest } = search;
    if (line !== null) change(rest);
    setFollowing(true);
  };
  useKeys({ f: () => (isFollowing ? setFollowing(false) : follow()) });
  const fresh = lines.filter(({ sequence }) => sequence > readTo).length;
  return (
    <div className="log-panel">
      <div className="log-bar">
        {step === null ? <span className="faint">All steps</span> : <StepFilter search={search} change={change} />}
        <span className="faint number">
          {lines.length === 0 ? 'no lines' : `lines ${lines[0]?.sequence ?? 0} to ${last}`} of{' '}
          {Math.max(run.lastLine, last)}
        </span>
        {isConnected ? null : (
          <span className="tinted" data-tone="wait">
            connection lost, trying again …
          </span>
        )}
        <span className="bar-space" />
        {window.after > 0 ? (
          <button
            type="button"
            className="button"
            onClick={() => setFrom(Math.max(0, window.after - settings.logLines))}
          >
            Earlier lines
          </button>
        ) : null}
        <button
          type="button"
          className="button"
          aria-pressed={isFollowing}
          onClick={() => (isFollowing ? setFollowing(false) : follow())}
        >
          {isFollowing ? 'Following' : fresh > 0 && line === null ? `Follow, ${fresh} new` : 'Follow'}
        </button>
      </div>
      {failure !== null ? (
        <Failed error={failure} />
      ) : lines.length === 0 ? (
        <Notice
          kind="empty"
          title={step === null ? 'The run has written no lines' : 'The step has written no lines here'}
        />
      ) : (
        <div
          className="log-frame"
          ref={frame}
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label="Log"
          onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
            const isAtEnd = scrollHeight - scrollTop - clientHeight <= NEAR;
            if (isAtEnd) setReadTo(last);
            else if (isFollowing && scrollHeight > clientHeight) setFollowing(false);
          }}
          onWheel={({ deltaY }) => {
            if (deltaY < 0) setFollowing(false);
          }}
        >
          <div className="rows" style={{ height: rows.getTotalSize() }}>
            {rows.getVirtualItems().map(({ index, start }) => {
              const one = lines[index];
              return one === undefined ? null : (
                <Line
                  key={one.sequence}
                  line={one}
                  top={start}
                  isTarget={one.sequence === line}
                  pick={() => change({ ...search, line: one.sequence })}
                />
              );
            })}
          </div>
        </div>
      )}
    </div>
  );
}

function StepFilter({ search, change }: Pick<LogFacts, 'search' | 'change'>) {
  const { step: _, ...all } = search;
  return (
    <span className="waits">
      <span className="code">{search.step}</span>
      <button type="button" className="link-button" onClick={() => change(all)}>
        Show all steps
      </button>
    </span>
  );
}

interface LineFacts {
  readonly line: LogLine;
  readonly top: number;
  readonly isTarget: boolean;
  readonly pick: () => void;
}

function Line({ line, top, isTarget, pick }: LineFacts) {
  return (
    <div className="line" data-level={line.level} data-target={isTarget} style={{ transform: `translateY(${top}px)` }}>
      <button type="button" className="line-number number" onClick={pick} aria-label={`Line ${line.sequence}`}>
        {line.sequence}
      </button>
      <time className="line-time" dateTime={line.timestamp}>
        {line.timestamp.slice(11, 23)}
      </time>
      <span className="line-step">{line.stepId}</span>
      <span className="line-text">{line.message}</span>
    </div>
  );
}
