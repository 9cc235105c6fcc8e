import { durationText, elapsedMs, relativeText } from './time';

const now = Date.parse('2026-11-29T12:00:00.000Z');
const ago = (ms: number): string => new Date(now - ms).toISOString();

it.each([
  [0, '0 ms'],
  [840, '840 ms'],
  [12_900, '12 s'],
  [200_000, '3 min 20 s'],
  [180_000, '3 min'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
])('%d ms are %s', (ms, text) => expect(durationText(ms)).toBe(text));

it.each([
  [1_000, 'just now'],
  [-2_000, 'in a moment'],
  [42_000, '42 s ago'],
  [5 * 60_000, '5 min ago'],
  [-2 * 3_600_000, 'in 2 h'],
  [-116 * 60_000, 'in 1 h 56 min'],
  [-299_000, 'in 4 min 59 s'],
  [-47 * 3_600_000, 'in 1 d 23 h'],
  [3 * 86_400_000, '3 d ago'],
])('%d ms before now are %s', (ms, text) => expect(relativeText(ago(ms), now)).toBe(text));

it('never says of what has happened that it will, although the clock of the server is ahead', () => {
  expect(relativeText(ago(-39_000), now)).toBe('in 39 s');
  expect(relativeText(ago(-39_000), now, true)).toBe('just now');
  expect(relativeText(ago(42_000), now, true)).toBe('42 s ago');
});

it('counts from the beginning to the end, or to now', () => {
  expect(elapsedMs(null, null, now)).toBeNull();
  expect(elapsedMs(ago(5_000), null, now)).toBe(5_000);
  expect(elapsedMs(ago(5_000), ago(2_000), now)).toBe(3_000);
  // The clock of the server may be ahead of the browser's.
  expect(elapsedMs(ago(-5_000), null, now)).toBe(0);
});
