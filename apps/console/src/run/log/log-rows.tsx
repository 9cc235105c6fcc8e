import type { LogLine } from '@taskrunner/client';
import { partsOf, plainText } from './log-text';
import type { LineRange } from './log-filter';
import type { LogRow } from './log-window';

interface RowFacts {
  readonly row: LogRow;
  readonly top: number;
  readonly range: LineRange | null;
  /** The text that is searched; empty: none. */
  readonly mark: string;
  readonly isRaw: boolean;
  /** A click on a number; `extend`: with Shift. */
  readonly pick: (line: number, extend: boolean) => void;
  readonly pickStep: (step: string) => void;
}

/** One row of a log at its place. */
export function LogRowView({ row, ...facts }: RowFacts) {
  if (row.kind === 'line') return <Line line={row.line} {...facts} />;
  const { first, last } = row;
  return (
    <div className="line line-gap" style={{ transform: `translateY(${facts.top}px)` }}>
      <span className="line-number" aria-hidden="true">
        …
      </span>
      <span>{first === last ? `Line ${first} is not stored` : `Lines ${first} to ${last} are not stored`}</span>
    </div>
  );
}

function Line({ line, top, range, mark, isRaw, pick, pickStep }: Omit<RowFacts, 'row'> & { readonly line: LogLine }) {
  const { sequence, stepId = '', message = '' } = line;
  const isTarget = range !== null && sequence >= range.first && sequence <= range.last;
  return (
    <div
      className="line"
      data-level={line.level}
      data-line={sequence}
      data-target={isTarget}
      style={{ transform: `translateY(${top}px)` }}
    >
      <button
        type="button"
        className="line-number number"
        onClick={({ shiftKey }) => pick(sequence, shiftKey)}
        aria-label={`Line ${sequence}`}
      >
        {sequence}
      </button>
      {isRaw ? null : (
        <>
          <time className="line-time" dateTime={line.timestamp}>
            {line.timestamp.slice(11, 23)}
          </time>
          <button
            type="button"
            className="line-step"
            title={line.attempt === undefined ? stepId : `${stepId}, attempt ${line.attempt}`}
            onClick={() => pickStep(stepId)}
          >
            {stepId}
          </button>
          <LevelWord level={line.level} />
        </>
      )}
      <span className="line-text">
        {partsOf(isRaw ? message : plainText(message), mark).map(({ text, isHit }, index) =>
          isHit ? <mark key={index}>{text}</mark> : text,
        )}
      </span>
    </div>
  );
}

/** Levels that need attention have a word, not only a colour. */
function LevelWord({ level }: { readonly level: string | undefined }) {
  const isUrgent = level === 'warn' || level === 'error';
  return <span className="line-level">{isUrgent ? level : ''}</span>;
}
