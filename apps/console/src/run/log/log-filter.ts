import type { LogLevel } from '@taskrunner/client';
import type { RunSearch } from '../run-view';

/** Which lines of a log are shown. Absent: all. */
export interface LogFilter {
  readonly step?: string;
  /** Only together with a step. */
  readonly attempt?: number;
  /** This level and more urgent ones. */
  readonly level?: LogLevel;
}

/** The filter that an address asks for. */
export function logFilterOf({ step, attempt, level }: RunSearch): LogFilter {
  return {
    ...(step === undefined ? {} : { step }),
    ...(step === undefined || attempt === undefined ? {} : { attempt }),
    ...(level === undefined ? {} : { level }),
  };
}

export function isAnyLine(filter: LogFilter): boolean {
  return Object.keys(filter).length === 0;
}

/** Lines that an address marks, from the first to the last. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** The lines of `#L120` or `#L120-L140`; null if it names none. */
export function readLineRange(hash: string): LineRange | null {
  const found = /^#?L(\d{1,12})(?:-L(\d{1,12}))?$/.exec(hash);
  if (found === null) return null;
  const [one, other] = [Number(found[1]), Number(found[2] ?? found[1])];
  const first = Math.min(one, other);
  return first < 1 ? null : { first, last: Math.max(one, other) };
}

/** The fragment of an address that marks these lines, without `#`. */
export function lineHash({ first, last }: LineRange): string {
  return first === last ? `L${first}` : `L${first}-L${last}`;
}

/** The lines that are marked after one more was picked: with `extend`, all from the first one to it. */
export function withLine(range: LineRange | null, line: number, extend: boolean): LineRange {
  if (!extend || range === null) return { first: line, last: line };
  return { first: Math.min(range.first, line), last: Math.max(range.first, line) };
}
