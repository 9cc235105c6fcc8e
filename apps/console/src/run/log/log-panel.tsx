import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { Run } from '@taskrunner/client';
import { useKeys } from '../../frame/keyboard/keys';
import { Failed, Notice } from '../../frame/notice';
import { useServices } from '../../frame/services';
import { useIsSeen } from '../../frame/seen';
import { isOver, type RunSearch } from '../run-view';
import { LogBook } from './log-book';
import { DownloadLog } from './log-download';
import { isAnyLine, lineHash, logFilterOf, readLineRange, withLine, type LogFilter } from './log-filter';
import { LogFrame } from './log-frame';
import { LogHits } from './log-search';
import { AttemptFilter, LevelFilter, SearchField, StepFilter } from './log-tools';
import { rowsOf } from './log-window';

interface LogFacts {
  readonly run: Run;
  readonly search: RunSearch;
  readonly change: (search: RunSearch) => void;
}

/** The log of a run, or of a step: a window of lines that follows the end until the reader scrolls away from it, or the hits of a search. */
export function LogPanel({ run, search, change }: LogFacts) {
  const [isRaw, setRaw] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const { step, attempt, level, q = '' } = search;
  const filter = useMemo(() => logFilterOf({ ...of(step, attempt, level) }), [step, attempt, level]);
  const hash = useLocation({ select: (location) => location.hash });
  const range = readLineRange(hash);
  const navigate = useNavigate({ from: '/runs/$runId' });
  const mark = (next: ReturnType<typeof readLineRange>, found: RunSearch = search): void =>
    void navigate({ search: found, replace: true, ...(next === null ? {} : { hash: lineHash(next) }) });
  const pickStep = (one: string): void => change({ ...search, step: one });
  useKeys({ '/': () => field.current?.focus(), r: () => setRaw((is) => !is) });
  const tools = (
    <div className="log-bar">
      <SearchField key={q} text={q} field={field} find={(text) => change(withText(search, text))} />
      <StepFilter search={search} change={change} />
      {step === undefined ? null : <AttemptFilter run={run} step={step} search={search} change={change} />}
      <LevelFilter search={search} change={change} />
      <span className="bar-space" />
      <label className="check">
        <input type="checkbox" checked={isRaw} onChange={({ target: { checked } }) => setRaw(checked)} />
        Raw
      </label>
      <DownloadLog run={run} filter={filter} />
    </div>
  );
  // The hits stay while a line among them is marked; a line that is opened from them is shown with those around it.
  const isSearching = q !== '' && range === null;
  return (
    <div className="log-panel">
      {tools}
      {isSearching ? (
        <LogHits
          run={run}
          filter={filter}
          text={q}
          isRaw={isRaw}
          open={(line) => mark({ first: line, last: line })}
          pickStep={pickStep}
        />
      ) : (
        <Lines
          key={JSON.stringify(filter)}
          {...{ run, filter, range, isRaw, pickStep }}
          mark={q}
          toHits={q === '' ? null : () => mark(null)}
          pick={(line, extend) => mark(withLine(range, line, extend))}
          unmark={() => mark(null, withText(search, ''))}
        />
      )}
    </div>
  );
}

function of(step: string | undefined, attempt: number | undefined, level: RunSearch['level']): RunSearch {
  return {
    ...(step === undefined ? {} : { step }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(level === undefined ? {} : { level }),
  };
}

function withText({ q: _, ...rest }: RunSearch, text: string): RunSearch {
  return text === '' ? rest : { ...rest, q: text };
}

interface LinesFacts {
  readonly run: Run;
  readonly filter: LogFilter;
  readonly range: ReturnType<typeof readLineRange>;
  readonly mark: string;
  readonly isRaw: boolean;
  readonly pick: (line: number, extend: boolean) => void;
  readonly pickStep: (step: string) => void;
  /** Back to the hits of the search; null: there is none. */
  readonly toHits: (() => void) | null;
  readonly unmark: () => void;
}

function Lines({ run, filter, range, mark, isRaw, pick, pickStep, toHits, unmark }: LinesFacts) {
  const { client, settings } = useServices();
  const isSeen = useIsSeen();
  const { runId } = run;
  const book = useMemo(
    () => new LogBook({ client, runId, filter, limit: settings.logLines }),
    [client, runId, filter, settings.logLines],
  );
  const opened = useRef(0);
  useEffect(() => {
    const line = range?.first ?? 0;
    const { window } = book.current();
    // A line that is here already, because the reader has picked it, is not read again.
    const isHere = window.lines.some(({ sequence }) => sequence === line);
    if (line === 0) {
      if (!book.current().isRead && opened.current === 0) book.openEnd();
    } else if (!isHere) void book.openAt(line);
    else book.unfollow();
    opened.current = line;
  }, [book, range?.first]);
  useEffect(() => book.setSeen(isSeen), [book, isSeen]);
  useEffect(() => () => book.close(), [book]);
  const state = useSyncExternalStore(book.subscribe, book.current);
  const { window, isFollowing } = state;
  const isWhole = isAnyLine(filter);
  const rows = useMemo(() => rowsOf(window, isWhole), [window, isWhole]);
  const follow = (): void => {
    if (range !== null) unmark();
    book.follow();
  };
  const toggle = (): void => (isFollowing ? book.unfollow() : follow());
  useKeys({ f: toggle });
  const end = Math.max(run.lastLine, window.to);
  return (
    <>
      <div className="log-bar">
        {toHits === null ? null : (
          <button type="button" className="button" onClick={toHits}>
            Back to the hits
          </button>
        )}
        <span className="faint number">
          {window.lines.length === 0
            ? 'no lines'
            : `lines ${numberText(window.lines[0]?.sequence ?? 0)} to ${numberText(window.lines.at(-1)?.sequence ?? 0)}`}{' '}
          of {numberText(end)}
        </span>
        {state.isConnected ? null : (
          <span className="tinted" data-tone="wait" role="status">
            Connection lost, trying again …
          </span>
        )}
        <span className="bar-space" />
        <button
          type="button"
          className="button"
          aria-pressed={isOver(run.status) ? undefined : isFollowing}
          onClick={isOver(run.status) ? follow : toggle}
        >
          {isOver(run.status)
            ? 'Go to the end'
            : isFollowing
              ? 'Following'
              : followText(newLines(state.readTo, end, isWhole, window.lines))}
        </button>
      </div>
      {state.failure !== null ? (
        <Failed error={state.failure} />
      ) : !state.isRead ? (
        <Notice kind="loading" title="Reading the log …" />
      ) : rows.length === 0 ? (
        <Notice
          kind={isWhole ? 'empty' : 'filtered'}
          title={isWhole ? noLines(run.status) : 'No line matches the filter here'}
        >
          {window.after > 0 ? (
            <button type="button" className="button" onClick={() => void book.earlier()}>
              Look at earlier lines
            </button>
          ) : null}
        </Notice>
      ) : (
        <LogFrame
          label="Log"
          {...{ rows, range, mark, isRaw, isFollowing, pick, pickStep }}
          earlier={() => void book.earlier()}
          later={() => void book.later()}
          unfollow={() => book.unfollow()}
          seesEnd={() => book.seesEnd()}
        />
      )}
    </>
  );
}

/** How many lines have come since the reader saw the end. Null: not known. */
function newLines(
  readTo: number,
  end: number,
  isWhole: boolean,
  lines: readonly { readonly sequence: number }[],
): number | null {
  if (isWhole) return Math.max(0, end - readTo);
  return lines.filter(({ sequence }) => sequence > readTo).length;
}

function followText(count: number | null): string {
  return count === null || count === 0 ? 'Follow' : `Follow, ${numberText(count)} new`;
}

function noLines(status: string): string {
  return isOver(status) ? 'The run has written no lines' : 'The run has written no lines yet';
}

function numberText(value: number): string {
  return value.toLocaleString('en');
}
