import type { MeasuredDatabase } from './database-metrics';
import { watchBacklog } from './database-metrics';
import type { JsonLog } from './json-log';
import type { Metrics } from './metrics';

const INTERVAL_MS = 5_000;
const NO_WORKER = { liveWorkers: 0, dueRuns: 0, partitionDays: 14, stuck: {} };

/** What is logged of a database without workers, by looks at these times, milliseconds. */
async function saidAt(...times: readonly number[]): Promise<readonly string[]> {
  const said: string[] = [];
  const log = { say: (_level: string, event: string) => void said.push(event) } as unknown as JsonLog;
  const metrics = { observe: () => undefined } as unknown as Metrics;
  const database = { backlog: async () => NO_WORKER } as unknown as MeasuredDatabase;
  let at = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => at);
  const end = watchBacklog(metrics, log, database, INTERVAL_MS);
  for (at of times) await jest.advanceTimersByTimeAsync(INTERVAL_MS);
  await end();
  return said;
}

describe('an installation without workers', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['performance'] }));
  afterEach(() => jest.useRealTimers().restoreAllMocks());

  it('is reported by the second look', async () => {
    expect(await saidAt()).toEqual([]);
    expect(await saidAt(5_000)).toEqual(['workers.none']);
    expect(await saidAt(5_000, 10_000)).toEqual(['workers.none']);
  });

  it('is not reported by a look that comes late, because its own worker may be as late', async () => {
    expect(await saidAt(9_000)).toEqual([]);
    expect(await saidAt(9_000, 14_000)).toEqual(['workers.none']);
  });
});
