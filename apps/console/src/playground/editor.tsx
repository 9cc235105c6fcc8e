import { useId, useRef, type UIEvent } from 'react';
import type { Fault } from '@taskrunner/core/foundation';

/** Height of a line of the editor, pixels: as in playground.css. */
const LINE = 20;
const PADDING = 10;

interface EditorFacts {
  readonly label: string;
  readonly text: string;
  readonly faults: readonly Fault[];
  readonly rows: number;
  readonly change: (text: string) => void;
}

/** A text with the numbers of its lines, and its faults beside and below them. */
export function Editor({ label, text, faults, rows, change }: EditorFacts) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const ink = useRef<HTMLDivElement>(null);
  const lines = text.split('\n');
  const byLine = new Map<number, Fault>();
  for (const fault of faults) if (fault.line !== null && !byLine.has(fault.line)) byLine.set(fault.line, fault);

  const scroll = ({ currentTarget: { scrollTop, scrollLeft } }: UIEvent<HTMLTextAreaElement>): void => {
    if (gutter.current !== null) gutter.current.scrollTop = scrollTop;
    if (ink.current !== null) ink.current.style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`;
  };
  const show = ({ line, column }: Fault): void => {
    if (line === null || area.current === null) return;
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + (column ?? 1) - 1;
    area.current.focus();
    area.current.setSelectionRange(start, start);
    area.current.scrollTop = Math.max(0, (line - 4) * LINE);
  };

  return (
    <div className="editor">
      <label htmlFor={id}>{label}</label>
      <div className="editor-frame">
        <div className="editor-gutter number" ref={gutter} aria-hidden="true">
          {lines.map((_, at) => (
            <div key={at} data-bad={byLine.has(at + 1)}>
              {at + 1}
            </div>
          ))}
        </div>
        <div className="editor-text">
          <div className="editor-ink" ref={ink} aria-hidden="true">
            {[...byLine].map(([line, fault]) => (
              <div
                key={line}
                className="editor-fault"
                style={{ top: PADDING + (line - 1) * LINE, paddingLeft: `${(lines[line - 1] ?? '').length + 3}ch` }}
              >
                {fault.message}
              </div>
            ))}
          </div>
          <textarea
            id={id}
            ref={area}
            className="code"
            rows={rows}
            wrap="off"
            spellCheck={false}
            autoCapitalize="off"
            value={text}
            aria-invalid={faults.length > 0}
            aria-describedby={`${id}-faults`}
            onScroll={scroll}
            onChange={({ target }) => change(target.value)}
          />
        </div>
      </div>
      <ul id={`${id}-faults`} className="editor-faults" aria-live="polite">
        {faults.slice(0, MOST_FAULTS).map((fault, at) => (
          <li key={at}>
            <button type="button" className="link-button" onClick={() => show(fault)}>
              {fault.line === null ? fault.path || 'whole text' : `${fault.line}:${fault.column ?? 1}`}
            </button>{' '}
            <span className="failure-code">{fault.code}</span> {fault.message}{' '}
            <span className="faint">{fault.remediation}</span>
          </li>
        ))}
        {faults.length > MOST_FAULTS ? <li>{faults.length - MOST_FAULTS} more faults</li> : null}
      </ul>
    </div>
  );
}

/** Most faults that are listed. */
const MOST_FAULTS = 100;
