import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef } from 'react';
import type { LineRange } from './log-filter';
import { LogRowView } from './log-rows';
import type { LogRow } from './log-window';

const ROW = 20;
/** A reader this near to the end has seen it, pixels. */
const NEAR = 4;
/** Rows before an edge at which the next lines are read. */
const AHEAD = 60;

interface FrameFacts {
  readonly label: string;
  readonly rows: readonly LogRow[];
  readonly range: LineRange | null;
  readonly mark: string;
  readonly isRaw: boolean;
  readonly isFollowing: boolean;
  readonly pick: (line: number, extend: boolean) => void;
  readonly pickStep: (step: string) => void;
  /** The reader comes near to the first or last row. */
  readonly earlier?: () => void;
  readonly later?: () => void;
  /** The reader scrolled away from the end, or has seen it. */
  readonly unfollow?: () => void;
  readonly seesEnd?: () => void;
}

/** The rows of a log. Only those that can be seen are in the page, and the row at the top stays where it is when others come or go before it. */
export function LogFrame(facts: FrameFacts) {
  const { label, rows, range, isFollowing, earlier, later, unfollow, seesEnd, ...look } = facts;
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 20,
  });
  const place = useRef(0);
  const shown = useRef(rows);
  useLayoutEffect(() => {
    const [element, before] = [frame.current, shown.current];
    shown.current = rows;
    if (element === null || isFollowing || before === rows) return;
    const top = Math.floor(element.scrollTop / ROW);
    const anchor = before[top];
    if (anchor === undefined) return;
    const now = rows.findIndex((row) => lastLineOf(row) >= firstLineOf(anchor));
    if (now >= 0 && now !== top) element.scrollTop += (now - top) * ROW;
  }, [isFollowing, rows]);
  const last = rows.length - 1;
  useEffect(() => {
    if (isFollowing && last >= 0) virtual.scrollToIndex(last, { align: 'end' });
  }, [isFollowing, last, rows, virtual]);
  const target = range === null ? -1 : rows.findIndex((row) => lastLineOf(row) >= range.first);
  const isHere = target >= 0;
  useEffect(() => {
    if (isHere && !isFollowing) virtual.scrollToIndex(target, { align: 'center' });
    // Once, when the line is here; later it has another place among the rows.
    // oxlint-disable-next-line
  }, [isHere, range?.first]);
  const seen = virtual.getVirtualItems();
  const [top, bottom] = [seen[0]?.index ?? 0, seen.at(-1)?.index ?? 0];
  useEffect(() => {
    if (rows.length === 0 || isFollowing) return;
    if (top < AHEAD) earlier?.();
    if (bottom > last - AHEAD) later?.();
    // The functions are those of the latest rows.
    // oxlint-disable-next-line
  }, [top, bottom, rows, isFollowing]);
  return (
    <div
      className="log-frame"
      ref={frame}
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label={label}
      data-raw={look.isRaw}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        const isAtEnd = scrollHeight - scrollTop - clientHeight <= NEAR;
        if (isAtEnd) seesEnd?.();
        else if (scrollTop < place.current) unfollow?.();
        place.current = scrollTop;
      }}
      onWheel={({ deltaY }) => {
        // Before the first line of it has scrolled: the next lines would move the reader to the end again.
        if (deltaY < 0) unfollow?.();
      }}
    >
      <div className="rows" style={{ height: virtual.getTotalSize() }}>
        {seen.map(({ index, start }) => {
          const row = rows[index];
          return row === undefined ? null : (
            <LogRowView key={`${row.kind} ${firstLineOf(row)}`} row={row} top={start} range={range} {...look} />
          );
        })}
      </div>
    </div>
  );
}

function firstLineOf(row: LogRow | undefined): number {
  if (row === undefined) return 0;
  return row.kind === 'line' ? row.line.sequence : row.first;
}

function lastLineOf(row: LogRow): number {
  return row.kind === 'line' ? row.line.sequence : row.last;
}
