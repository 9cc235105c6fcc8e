import { barsOf, busySpans, comparedText, durationsOf, nameWithin, nested, type TimingRow } from './timings';

const step = (
  queued: number | null,
  started: number | null,
  ended: number | null,
  attempts: TimingRow[7] = [],
): TimingRow => ['scan', '', 'run', 'running', queued, started, ended, attempts];

it('keeps the time in the queue and the time of each execution apart', () => {
  const retried = step(10, 30, 100, [
    [1, 1, 30, 50, 'failed'],
    [2, 2, 80, 100, 'succeeded'],
  ]);
  expect(barsOf(retried, 500).map(({ kind, from, to, end }) => [kind, from, to, end])).toEqual([
    ['queued', 10, 30, null],
    ['between', 30, 100, null],
    ['run', 30, 50, 'failed'],
    ['run', 80, 100, 'succeeded'],
  ]);
  expect(durationsOf(retried, 500)).toEqual({ queued: 20, ran: 70 });
});

it('lets what has not ended last until now', () => {
  expect(barsOf(step(10, null, null), 500)).toEqual([{ kind: 'queued', from: 10, to: 500, end: null }]);
  expect(barsOf(step(10, 30, null, [[1, 1, 30, null, null]]), 500).at(-1)).toMatchObject({ from: 30, to: 500 });
  // It was skipped without having begun.
  expect(barsOf(step(10, null, 40), 500)).toEqual([]);
  expect(durationsOf(step(null, null, 40), 500)).toEqual({ queued: null, ran: null });
});

it('names a row within the one that encloses it', () => {
  expect([nameWithin('fan[3]', 'fan'), nameWithin('fan[3]::act', 'fan[3]'), nameWithin('left', 'both')]).toEqual([
    '[3]',
    'act',
    'left',
  ]);
});

it('takes the wait of a gate for a pause, in which people were waited for', () => {
  const gate: TimingRow = ['ok', '', 'gate', 'succeeded', 5, 10, 90_000, []];
  expect(barsOf(gate, 100_000).at(-1)).toEqual({ kind: 'people', from: 10, to: 90_000, end: null });
  expect(durationsOf(gate, 100_000)).toEqual({ queued: 89_995, ran: null });
  expect(durationsOf(['ok', '', 'gate', 'waiting', 5, 10, null, []], 500)).toEqual({ queued: 495, ran: null });
  const map: TimingRow = ['fan', '', 'map', 'running', 5, 10, null, []];
  expect(busySpans([gate, map, step(1, 2, 3)], 500)).toEqual([
    { from: 10, to: 10 },
    { from: 90_000, to: 90_000 },
    { from: 2, to: 3 },
  ]);
  // One that still waits reaches until now.
  expect(busySpans([['ok', '', 'gate', 'waiting', 5, 10, null, []]], 500).at(-1)).toEqual({ from: 500, to: 500 });
});

it('puts each row behind the one that encloses it', () => {
  const row = (id: string, parent: string): TimingRow => [id, parent, 'run', 'succeeded', 0, 0, 1, []];
  const rows = [
    row('fan', ''),
    row('after', ''),
    row('fan[0]', 'fan'),
    row('fan[1]', 'fan'),
    row('fan[0]::a', 'fan[0]'),
  ];
  expect(nested(rows).map(({ row: [id], depth }) => `${depth} ${id}`)).toEqual([
    '0 fan',
    '1 fan[0]',
    '2 fan[0]::a',
    '1 fan[1]',
    '0 after',
  ]);
  // The map is on the page before.
  expect(nested(rows.slice(2)).map(({ depth }) => depth)).toEqual([0, 1, 0]);
});

it('tells durations of seconds apart', () => {
  expect([514, 1_440, 12_900].map(comparedText)).toEqual(['514 ms', '1.4 s', '12 s']);
});
