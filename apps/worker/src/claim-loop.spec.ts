import type { ClaimedRun, Claims, DriverHands, Incarnation } from '@taskrunner/core';
import { ClaimLoop, type ClaimLoopOptions } from './claim-loop';
import { Duties } from './duties';
import type { WorkerLog } from './worker-log';

/** A loop that claims these runs once, and notes which were opened; none of them has a record that verifies. */
function loopOver(runs: readonly ClaimedRun[]) {
  const opened: unknown[] = [];
  const due = [runs];
  const claims = {
    sweep: async () => undefined,
    claim: async () => due.shift() ?? [],
    mail: async () => [],
    halt: async () => true,
  } as unknown as Claims;
  const hands = {
    openAdmission(admission: unknown) {
      opened.push(admission);
      return null;
    },
    claims,
    alarm: () => undefined,
  } as unknown as DriverHands;
  const log = { say: () => undefined } as unknown as WorkerLog;
  const options = { concurrency: 100, claimIntervalMs: 5, mailIntervalMs: 5, unenforceableIntervalMs: 5 };
  const all = { ...options, unenforceable: () => [] } as unknown as ClaimLoopOptions;
  return { loop: new ClaimLoop(claims, hands, log, all, () => undefined), opened };
}

describe('claims', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('that fail for as long as configured make the worker unready, until one succeeds', async () => {
    let isDenied = true;
    const claims = {
      sweep: async () => 0,
      claim: async () => (isDenied ? Promise.reject(new Error('permission denied for table runs')) : []),
    } as unknown as Claims;
    const said: string[] = [];
    const log: WorkerLog = { say: (_level, event) => void said.push(event) };
    const duties = new Duties(log, { unreadyAfterMs: 30_000 });
    const options = { concurrency: 1, claimIntervalMs: 500, mailIntervalMs: 500, unenforceableIntervalMs: 10 ** 9 };
    const all = { ...options, unenforceable: () => [] } as unknown as ClaimLoopOptions;
    const loop = new ClaimLoop(claims, {} as DriverHands, log, all, () => undefined, duties);
    loop.start({} as Incarnation);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(duties.trouble()).toBeNull();
    await jest.advanceTimersByTimeAsync(20_000);
    expect(duties.trouble()).toContain('permission denied for table runs');
    isDenied = false;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(duties.trouble()).toBeNull();
    expect(said).toEqual(['claim.failed', 'worker.unready', 'claim.works-again', 'worker.ready']);
  });
});

/** All that waits for nothing outside of this process. */
async function whatIsReady(): Promise<void> {
  for (let i = 0; i < 1_000; i++) await Promise.resolve();
}

describe('the runs of one claim', () => {
  // Its loops wait for ever, and hold nothing.
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  it('begin in eights, the next when those wait', async () => {
    const runs = Array.from({ length: 20 }, (_, i) => ({ runId: `run-${i}`, fence: 1, admission: i }));
    const { loop, opened } = loopOver(runs as unknown as ClaimedRun[]);
    loop.start({} as Incarnation);
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      await whatIsReady();
      seen.push(opened.length);
      await new Promise(setImmediate);
    }
    expect(seen).toEqual([8, 16, 20]);
    expect(opened).toEqual(runs.map(({ admission }) => admission));
  });
});
