import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { DriverDependencies, FanOut } from '@taskrunner/core/operations';
import { AssignmentLoop } from './assignment-loop';

const workerSession = { id: 'w', leaseMs: 8_000 };
const HELD = {
  tenant: 'acme' as TenantId,
  runId: 'run_1' as RunId,
  name: 'a',
  fence: 1,
  stops: [],
  seen: 0,
  over: false,
};

/** A loop over simulated assignments: the result of a claim, and the assignments that the worker holds. */
function world() {
  const played = { asked: 0, released: 0, claim: async (): Promise<null> => null, held: [] as (typeof HELD)[] };
  const assignments = {
    claim: () => played.claim(),
    assignmentStatuses: async () => {
      played.asked += 1;
      return played.held;
    },
    release: async () => {
      played.released += 1;
      played.held = [];
    },
    others: async () => 0,
  };
  const fanOut = { assignments, slots: { free: 1, onReleased: () => undefined } } as unknown as FanOut;
  const dependencies = { storeHealth: { isAway: false }, fanOut } as unknown as DriverDependencies & { fanOut: FanOut };
  const loop = new AssignmentLoop(
    dependencies,
    { say: () => undefined },
    {
      ...{ claimIntervalMs: 100, assignmentStatusIntervalMs: 200, idleStatusIntervalMs: 5_000 },
      decline: async () => undefined,
    },
  );
  return { played, loop };
}

describe('a worker that holds no assignment', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const end = async (loop: AssignmentLoop): Promise<void> => {
    const drained = loop.drain({ graceMs: 0, stopMs: 0 });
    await jest.advanceTimersByTimeAsync(60_000);
    await drained;
  };

  it('seldom asks what it holds', async () => {
    const { played, loop } = world();
    loop.start(workerSession);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(played.asked).toBeGreaterThanOrEqual(4);
    expect(played.asked).toBeLessThanOrEqual(6);
    await end(loop);
  });

  it('asks soon when the answer to a claim is lost, and gives back what it does not know of', async () => {
    const { played, loop } = world();
    loop.start(workerSession);
    await jest.advanceTimersByTimeAsync(6_000);
    const { asked } = played;
    played.claim = async () => {
      played.claim = async () => null;
      played.held = [HELD];
      throw new Error('the answer is lost');
    };
    await jest.advanceTimersByTimeAsync(1_000);
    expect([played.asked > asked, played.released, played.held]).toEqual([true, 1, []]);
    await end(loop);
  });
});
