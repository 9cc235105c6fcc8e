import type { LogLine } from '@taskrunner/client';
import { append, emptyWindow, extend, prepend, rowsOf, type LogWindow } from './log-window';

const line = (sequence: number): LogLine => ({
  runId: 'run_1',
  sequence,
  timestamp: '2026-11-29T12:00:00.000Z',
  eventType: 'step.log',
  message: `line ${sequence}`,
});
const lines = (from: number, to: number): LogLine[] =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index));
const span = ({ lines: held, after, to, isAtEnd }: LogWindow) => [
  held[0]?.sequence,
  held.at(-1)?.sequence,
  after,
  to,
  isAtEnd,
];

it('holds so many lines and no more: for a reader who follows the last, for others those that they read', () => {
  const first = append(emptyWindow(0, 100, true), lines(1, 80), 80, true);
  expect(span(first)).toEqual([1, 80, 0, 80, true]);
  expect(span(append(first, lines(81, 150), 150, true))).toEqual([51, 150, 50, 150, true]);
  const kept = append(first, lines(81, 150), 150, false);
  expect(span(kept)).toEqual([1, 100, 0, 100, false]);
});

it('adds no line twice, as after a reconnection', () => {
  const window = append(emptyWindow(10, 100, true), lines(11, 20), 20, true);
  expect(append(window, lines(15, 22), 22, true).lines.map(({ sequence }) => sequence)).toEqual(
    lines(11, 22).map(({ sequence }) => sequence),
  );
  expect(append(window, lines(12, 18), 18, true)).toBe(window);
});

it('moves to either side, and drops what is farther away', () => {
  const middle = extend(emptyWindow(500, 100, false), lines(501, 580), 580, false);
  const later = extend(middle, lines(581, 640), 640, true);
  expect(span(later)).toEqual([541, 640, 540, 640, true]);
  const earlier = prepend(later, lines(501, 540), 501);
  expect(span(earlier)).toEqual([501, 600, 500, 600, false]);
  expect(span(prepend(earlier, [], 1))).toEqual([501, 600, 0, 600, false]);
});

it('tells lines that are not stored', () => {
  const window = append(emptyWindow(0, 100, true), [line(3), line(4), line(9)], 12, true);
  const shown = rowsOf(window, true).map((row) => (row.kind === 'line' ? row.line.sequence : [row.first, row.last]));
  expect(shown).toEqual([[1, 2], 3, 4, [5, 8], 9, [10, 12]]);
  expect(rowsOf(window, false)).toHaveLength(3);
});
