import type { LogLine } from '@taskrunner/client';

/**
 * The lines of a log that a browser holds: at most `limit`, in the order of their numbers. What does not fit is dropped from the end that the reader
 * is farther from, and is read again from the server when the reader comes back to it.
 */
export interface LogWindow {
  readonly lines: readonly LogLine[];
  /** Lines up to this number are before the window. */
  readonly after: number;
  /** Lines up to this number have been looked at. */
  readonly to: number;
  /** True: there is nothing between the window and the end of the log, and new lines are added to it. */
  readonly isAtEnd: boolean;
  readonly limit: number;
}

/** A window that begins after a line, or with the tail of a log (then `after` is 0 until it is known). */
export function emptyWindow(after: number, limit: number, isAtEnd: boolean): LogWindow {
  return { lines: [], after, to: after, isAtEnd, limit };
}

/**
 * Adds lines that were looked at up to `to` behind the window. A line that is there already, after a reconnection, is not added again. Where the
 * window is full, its first lines are dropped for a reader who follows; for others the new ones are, and the window is no longer at the end.
 */
export function append(window: LogWindow, lines: readonly LogLine[], to: number, isFollowing: boolean): LogWindow {
  const fresh = lines.filter(({ sequence }) => sequence > window.to);
  const end = Math.max(window.to, to, fresh.at(-1)?.sequence ?? 0);
  if (fresh.length === 0) return end === window.to ? window : { ...window, to: end };
  const all = [...window.lines, ...fresh];
  if (all.length <= window.limit) return { ...window, lines: all, to: end };
  if (isFollowing) {
    const kept = all.slice(-window.limit);
    return { ...window, lines: kept, to: end, after: (kept[0]?.sequence ?? 1) - 1 };
  }
  const kept = all.slice(0, window.limit);
  return { ...window, lines: kept, to: kept.at(-1)?.sequence ?? window.to, isAtEnd: false };
}

/** Adds lines behind the window for a reader who scrolls to them: its first lines make room. */
export function extend(window: LogWindow, lines: readonly LogLine[], to: number, isAtEnd: boolean): LogWindow {
  return { ...append(window, lines, to, true), isAtEnd };
}

/** Adds lines, looked at from `from` on, before the window: its last lines make room. */
export function prepend(window: LogWindow, lines: readonly LogLine[], from: number): LogWindow {
  const fresh = lines.filter(({ sequence }) => sequence <= window.after);
  const after = Math.min(window.after, Math.max(0, from - 1));
  const all = [...fresh, ...window.lines];
  if (all.length <= window.limit) return { ...window, lines: all, after };
  const kept = all.slice(0, window.limit);
  return { ...window, lines: kept, after, to: kept.at(-1)?.sequence ?? window.to, isAtEnd: false };
}

/** A row of a log: a line, or lines that have numbers but are not stored. */
export type LogRow =
  | { readonly kind: 'line'; readonly line: LogLine }
  | { readonly kind: 'gap'; readonly first: number; readonly last: number };

/** The rows of a window. Gaps are shown only if the log is not filtered, because most numbers are absent from a filtered log. */
export function rowsOf({ lines, after, to }: LogWindow, isWhole: boolean): readonly LogRow[] {
  const rows: LogRow[] = [];
  let at = after;
  for (const line of lines) {
    if (isWhole && line.sequence > at + 1) rows.push({ kind: 'gap', first: at + 1, last: line.sequence - 1 });
    rows.push({ kind: 'line', line });
    at = line.sequence;
  }
  if (isWhole && to > at) rows.push({ kind: 'gap', first: at + 1, last: to });
  return rows;
}
