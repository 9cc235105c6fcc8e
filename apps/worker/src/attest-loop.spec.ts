import type { AttestHands, OutboxItem, RunId, TenantId } from '@taskrunner/core';
import { AttestLoop } from './attest-loop';

const item: OutboxItem = {
  ...{ id: '1', tenant: 'acme' as TenantId, runId: 'run_1' as RunId },
  ...{ kind: 'attest', body: {}, tries: 1 },
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
  const loop = new AttestLoop({ outbox, runReader, retryMs: 1 } as unknown as AttestHands, log, 1_000);

  loop.start();
  await jest.advanceTimersByTimeAsync(100_000);
  expect(outbox.hold).toHaveBeenCalledTimes(3);
  expect(outbox.hold).toHaveBeenCalledWith(item, 120_000);
  end(null);
  await jest.advanceTimersByTimeAsync(100_000);
  expect(outbox.postpone).toHaveBeenCalledTimes(1);
  expect(outbox.hold).toHaveBeenCalledTimes(3);
  await loop.stop();
});
