import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { AttestDependencies } from '@taskrunner/core/operations';
import type { OutboxItem } from '@taskrunner/core/ports';
import { AttestLoop } from './attest-loop';
import { UPKEEP_AFTER_MS } from './upkeep-start';

const item: OutboxItem = {
  ...{ id: '1', tenant: 'acme' as TenantId, runId: 'run_1' as RunId },
  ...{ kind: 'attest', tries: 1 },
};

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('a seal that takes long keeps its item, and none once it has ended', async () => {
  let end: (records: null) => void = () => undefined;
  const outbox = {
    take: jest.fn(),
    hold: jest.fn(() => Promise.resolve()),
    postpone: jest.fn(() => Promise.resolve()),
  };
  outbox.take.mockResolvedValueOnce([item]).mockResolvedValue([]);
  const runReader = { records: () => new Promise<null>((resolve) => (end = resolve)) };
  const log = { say: () => undefined };
  const loop = new AttestLoop({ outbox, runReader, retryMs: 1 } as unknown as AttestDependencies, log, {
    ...{ intervalMs: 1_000, atOnce: 4 },
  });

  loop.start();
  await jest.advanceTimersByTimeAsync(100_000);
  expect(outbox.hold).toHaveBeenCalledTimes(33);
  expect(outbox.hold).toHaveBeenCalledWith(item, 30_000);
  end(null);
  await jest.advanceTimersByTimeAsync(100_000);
  expect(outbox.postpone).toHaveBeenCalledTimes(1);
  expect(outbox.hold).toHaveBeenCalledTimes(33);
  await loop.stop();
});

it('a seal that fails gives its item back, later with each try', async () => {
  const outbox = { take: jest.fn(), hold: jest.fn(() => Promise.resolve()) };
  outbox.take.mockResolvedValueOnce([0, 1, 2, 9].map((tries) => ({ ...item, id: `of try ${tries}`, tries })));
  outbox.take.mockResolvedValue([]);
  const runReader = { records: () => new Promise((_, reject) => setTimeout(() => reject(new Error('no')), 4_000)) };
  const said: string[] = [];
  const log = { say: (_level: string, event: string) => said.push(event) };
  const dependencies = { outbox, runReader, retryMs: 1 } as unknown as AttestDependencies;
  const loop = new AttestLoop(dependencies, log, { intervalMs: 1_000, atOnce: 4 });

  loop.start();
  await jest.advanceTimersByTimeAsync(UPKEEP_AFTER_MS + 3_500);
  expect(outbox.hold.mock.calls).toHaveLength(4);
  outbox.hold.mockClear();
  await jest.advanceTimersByTimeAsync(100_000);
  expect(outbox.hold.mock.calls).toEqual([
    [expect.objectContaining({ id: 'of try 0' }), 2_000],
    [expect.objectContaining({ id: 'of try 1' }), 4_000],
    [expect.objectContaining({ id: 'of try 2' }), 8_000],
    [expect.objectContaining({ id: 'of try 9' }), 30_000],
  ]);
  expect(said.filter((event) => event === 'attest.failed')).toHaveLength(4);
  await loop.stop();
});

it('seals several runs at once, and takes more when there is room for half of them', async () => {
  const ends: (() => void)[] = [];
  let due = 9;
  const outbox = {
    take: jest.fn((_kind: string, limit: number) => {
      const items = Array.from({ length: Math.min(limit, due) }, () => item);
      due -= items.length;
      return Promise.resolve(items);
    }),
    hold: () => Promise.resolve(),
    postpone: () => Promise.resolve(),
  };
  const records = () => new Promise<null>((resolve) => ends.push(() => resolve(null)));
  const dependencies = { outbox, runReader: { records }, retryMs: 1 } as unknown as AttestDependencies;
  const loop = new AttestLoop(dependencies, { say: () => undefined }, { intervalMs: 1_000, atOnce: 4 });
  const limits = () => outbox.take.mock.calls.map(([, limit]) => limit);

  loop.start();
  await jest.advanceTimersByTimeAsync(UPKEEP_AFTER_MS + 10);
  expect([limits(), ends.length]).toEqual([[4], 4]);
  ends.shift()?.();
  await jest.advanceTimersByTimeAsync(10);
  expect([limits(), ends.length]).toEqual([[4], 3]);
  ends.shift()?.();
  await jest.advanceTimersByTimeAsync(10);
  expect([limits(), ends.length]).toEqual([[4, 2], 4]);

  let stopped = false;
  const stopping = loop.stop().then(() => (stopped = true));
  ends.splice(0, 3).forEach((end) => end());
  await jest.advanceTimersByTimeAsync(10);
  expect(stopped).toBe(false);
  ends.splice(0).forEach((end) => end());
  await stopping;
  expect(due).toBe(3);
});

it('does not begin to seal while many runs end, and does at once after a single one', async () => {
  const outbox = { take: jest.fn(() => Promise.resolve([])) };
  const dependencies = { outbox, retryMs: 1 } as unknown as AttestDependencies;
  const loop = new AttestLoop(dependencies, { say: () => undefined }, { intervalMs: 100_000, atOnce: 4 });
  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  const takes = () => outbox.take.mock.calls.length;
  loop.start();
  await pass(UPKEEP_AFTER_MS + 10);
  expect(takes()).toBe(1);
  loop.wake();
  await pass(1);
  expect(takes()).toBe(2);
  for (let burst = 0; burst < 3; burst++) {
    for (let run = 0; run < 5; run++) loop.wake();
    await pass(9);
    expect(takes()).toBe(2);
  }
  await pass(60);
  expect(takes()).toBeGreaterThan(2);
  await loop.stop();
});

it('begins to seal a sequence of runs a quarter of a second after its first one, or when it is over', async () => {
  let due = 0;
  const taken: number[] = [];
  const take = jest.fn(() => {
    if (due > 0) taken.push(due);
    return Promise.resolve(Array.from({ length: due }, () => item).splice((due = 0)));
  });
  const outbox = { take, postpone: () => Promise.resolve(), hold: () => Promise.resolve() };
  const runReader = { records: () => Promise.resolve(null) };
  const dependencies = { outbox, runReader, retryMs: 1 } as unknown as AttestDependencies;
  const loop = new AttestLoop(dependencies, { say: () => undefined }, { intervalMs: 100_000, atOnce: 100 });
  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  loop.start();
  await pass(UPKEEP_AFTER_MS + 10);
  // The first is sealed at once, because nothing shows yet that others follow.
  for (let run = 0; run < 30; run++) {
    due++;
    loop.wake();
    await pass(20);
  }
  expect([taken[0], taken.length]).toEqual([1, 3]);
  expect(taken[1]).toBeGreaterThan(10);
  await pass(60);
  expect([taken.length, taken.reduce((sum, one) => sum + one, 0)]).toEqual([4, 30]);
  await loop.stop();
});

it('a worker that stops leaves large runs whose turn has not come to others', async () => {
  let fail: (error: Error) => void = () => undefined;
  const reasons: string[] = [];
  const outbox = {
    take: jest.fn(),
    hold: () => Promise.resolve(),
    postpone: (_item: OutboxItem, _delay: number, _status: string, reason: string) =>
      Promise.resolve(reasons.push(reason)),
  };
  outbox.take.mockResolvedValueOnce([item, item]).mockResolvedValue([]);
  const large = { journalBytes: 1e9, environment: '{}', files: [], artifacts: [], summary: { lastLine: 0 } };
  const pages = jest.fn(() => new Promise((_, reject) => (fail = reject)));
  const dependencies = {
    ...{ outbox, retryMs: 1, attestor: { isKeyFile: true } },
    ...{ claims: { pages }, runReader: { records: () => Promise.resolve(large) } },
  } as unknown as AttestDependencies;
  const loop = new AttestLoop(dependencies, { say: () => undefined }, { intervalMs: 1_000, atOnce: 4 });

  loop.start();
  await jest.advanceTimersByTimeAsync(UPKEEP_AFTER_MS + 10);
  const stopping = loop.stop();
  fail(new Error('the first one fails'));
  await stopping;
  expect(reasons).toEqual(['the first one fails', 'the worker stops']);
  expect(pages).toHaveBeenCalledTimes(1);
});

it('asks again at once if a run ends while it asks, and ends at once if it is stopped then', async () => {
  const asked: ((items: readonly OutboxItem[]) => void)[] = [];
  const outbox = { take: () => new Promise<readonly OutboxItem[]>((resolve) => asked.push(resolve)) };
  const dependencies = { outbox, retryMs: 1 } as unknown as AttestDependencies;
  const loop = new AttestLoop(dependencies, { say: () => undefined }, { intervalMs: 100_000, atOnce: 4 });
  loop.start();
  await jest.advanceTimersByTimeAsync(1_000);
  loop.wake();
  asked.shift()?.([]);
  await jest.advanceTimersByTimeAsync(1);
  expect(asked).toHaveLength(1);
  const stopped = loop.stop();
  asked.shift()?.([]);
  await jest.advanceTimersByTimeAsync(1);
  await stopped;
});
