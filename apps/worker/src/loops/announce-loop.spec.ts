import type { DeliverWebhookDependencies } from '@taskrunner/core/operations';
import { AnnounceLoop } from './announce-loop';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('ends at once if it is stopped while it asks for what is due', async () => {
  const asked: (() => void)[] = [];
  const announcements = {
    addressToEndpoints: () => Promise.resolve(),
    take: () => new Promise<readonly never[]>((resolve) => asked.push(() => resolve([]))),
  };
  const dependencies = { announcements, endpoints: [] } as unknown as DeliverWebhookDependencies;
  const loop = new AnnounceLoop(dependencies, { say: () => undefined }, { intervalMs: 100_000, leaseMs: 1_000 });
  loop.start();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(1);
  const stopped = loop.stop();
  asked.shift()?.();
  await jest.advanceTimersByTimeAsync(1);
  await stopped;
});
