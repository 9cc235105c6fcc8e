import type { ClaimedRun, Claims, DriverHands, Incarnation } from '@taskrunner/core';
import { healthOf } from '@taskrunner/core/testing';
import { ClaimLoop, type ClaimLoopOptions } from './claim-loop';
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
    storeHealth: healthOf({ probe: async () => undefined }),
    alarm: () => undefined,
  } as unknown as DriverHands;
  const log = { say: () => undefined } as unknown as WorkerLog;
  const options = { concurrency: 100, claimIntervalMs: 5, mailIntervalMs: 5, unenforceableIntervalMs: 5 };
  const all = { ...options, unenforceable: () => [] } as unknown as ClaimLoopOptions;
  return { loop: new ClaimLoop(claims, hands, log, all, () => undefined), opened };
}

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
