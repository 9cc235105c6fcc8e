import type { LogLine } from '../api/views';

/**
 * The lines of a log that a browser holds: at most `limit`, in the order of their numbers. What is dropped from its beginning is counted, and can
 * be read again from the server.
 */
export interface LogWindow {
  readonly lines: readonly LogLine[];
  /** Number of the line after which the window begins. */
  readonly after: number;
  readonly limit: number;
}

export function emptyWindow(after: number, limit: number): LogWindow {
  return { lines: [], after, limit };
}

/** Adds lines at the end. A line that is there already, after a reconnection, is not added again. */
export function append(window: LogWindow, lines: readonly LogLine[]): LogWindow {
  const last = lastOf(window);
  const fresh = lines.filter(({ sequence }) => sequence > last);
  if (fresh.length === 0) return window;
  const all = [...window.lines, ...fresh];
  if (all.length <= window.limit) return { ...window, lines: all };
  const kept = all.slice(-window.limit);
  return { ...window, lines: kept, after: (kept[0]?.sequence ?? 1) - 1 };
}

/** Number of the last line; where the window begins if it has none. */
export function lastOf({ lines, after }: LogWindow): number {
  return lines.at(-1)?.sequence ?? after;
}

/** Where a window begins that shows a line of a log, with some lines before it. */
export function beginningAt(line: number, lastLine: number, limit: number): number {
  return Math.max(0, Math.min(line - Math.floor(limit / 2), lastLine - 1));
}
