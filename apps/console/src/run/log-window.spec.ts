import type { LogLine } from '../api/views';
import { append, beginningAt, emptyWindow, lastOf } from './log-window';

const line = (sequence: number): LogLine => ({
  sequence,
  timestamp: '2026-11-29T12:00:00.000Z',
  eventType: 'step.log',
  message: `line ${sequence}`,
});
const lines = (from: number, to: number): LogLine[] =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index));

it('holds so many lines and no more, and says where it begins', () => {
  const first = append(emptyWindow(0, 100), lines(1, 80));
  expect([first.lines.length, first.after, lastOf(first)]).toEqual([80, 0, 80]);
  const second = append(first, lines(81, 150));
  expect([second.lines.length, second.after, lastOf(second)]).toEqual([100, 50, 150]);
  expect(second.lines[0]?.sequence).toBe(51);
});

it('adds no line twice, as after a reconnection', () => {
  const window = append(emptyWindow(10, 100), lines(11, 20));
  expect(append(window, lines(15, 22)).lines.map(({ sequence }) => sequence)).toEqual([
    ...Array.from({ length: 12 }, (_, index) => 11 + index),
  ]);
  expect(append(window, lines(12, 18))).toBe(window);
});

it('begins before the line of an address', () => {
  expect(beginningAt(500, 1_000, 100)).toBe(450);
  expect(beginningAt(20, 1_000, 100)).toBe(0);
  // An address may name a line that the log does not have.
  expect(beginningAt(5_000, 10, 100)).toBe(9);
});
