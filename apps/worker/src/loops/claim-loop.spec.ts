import type { Driven, DriverDependencies } from '@taskrunner/core/operations';
import type { ClaimedRun, Claims, RunName, WorkerSession } from '@taskrunner/core/ports';
import { healthOf } from '@taskrunner/core/testing';
import { ClaimLoop } from './claim-loop';
import type { ClaimLoopOptions } from './claim-loop-options';
import { Duties } from './duties';
import type { WorkerLog } from '../reporting/worker-log';

/** A loop that claims these runs once and records which were opened. None of them has a record that verifies. */
function loopOver(runs: readonly ClaimedRun[]) {
  const opened: unknown[] = [];
  const due = [runs];
  const claims = {
    sweep: async () => undefined,
    claim: async () => due.shift() ?? [],
    inboxPositions: async () => [],
    halt: async () => true,
  } as unknown as Claims;
  const dependencies = {
    openAdmission(admission: unknown) {
      opened.push(admission);
      return null;
    },
    claims,
    storeHealth: healthOf({ probe: async () => undefined }),
    alarm: () => undefined,
  } as unknown as DriverDependencies;
  const log = { say: () => undefined } as unknown as WorkerLog;
  const options = { concurrency: 100, claimIntervalMs: 5, inboxIntervalMs: 5, refuseIntervalMs: 5 };
  const all = { ...options, sealed: { isolations: [], waitMs: 0 } } as unknown as ClaimLoopOptions;
  return { loop: new ClaimLoop(claims, dependencies, log, all, () => undefined), opened };
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
    const options = { concurrency: 1, claimIntervalMs: 500, inboxIntervalMs: 500, refuseIntervalMs: 10 ** 9 };
    const all = { ...options, sealed: { isolations: [], waitMs: 0 } } as unknown as ClaimLoopOptions;
    const loop = new ClaimLoop(claims, present(), log, all, () => undefined, duties);
    loop.start({} as WorkerSession);
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
describe('a hint that names a run', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const named = { tenant: 'acme', runId: 'run-1' } as unknown as RunName;

  /** What the loop asks the database for; `others`: the runs of its claims, one after the other. */
  function asked(isFree: boolean, others: readonly (readonly ClaimedRun[])[] = []) {
    const questions: string[] = [];
    const left = [...others];
    const run = { runId: 'run-1', tenant: 'acme', fence: 1, files: [] } as unknown as ClaimedRun;
    const claims = {
      sweep: async () => 0,
      claim: async () => (questions.push('all'), left.shift() ?? []),
      claimNamed: async (_session: WorkerSession, { runId }: RunName) => (
        questions.push(runId),
        isFree ? { ...run, runId } : null
      ),
      inboxPositions: async () => [],
    } as unknown as Claims;
    const openAdmission = () => new Promise(() => undefined);
    const dependencies = { ...present(), claims, openAdmission } as unknown as DriverDependencies;
    const options = { concurrency: 5, claimIntervalMs: 10_000, inboxIntervalMs: 500, refuseIntervalMs: 10 ** 9 };
    const all = { ...options, sealed: { isolations: [], waitMs: 0 } } as unknown as ClaimLoopOptions;
    const loop = new ClaimLoop(claims, dependencies, { say: () => undefined }, all, () => undefined);
    loop.start({} as WorkerSession);
    return { loop, questions };
  }

  it.each([
    ['only for it', true, ['all', 'run-1']],
    ['and for all, if another worker has the run', false, ['all', 'run-1', 'all']],
  ])('makes an idle loop ask at once, %s', async (_, isFree, expected) => {
    const { loop, questions } = asked(isFree);
    await jest.advanceTimersByTimeAsync(100);
    loop.wake(named);
    await jest.advanceTimersByTimeAsync(1);
    expect(questions).toEqual(expected);
    await jest.advanceTimersByTimeAsync(100);
    expect(questions).toEqual(expected);
  });

  it('and others keep no run waiting for longer than a pause and a half', async () => {
    const { loop, questions } = asked(true);
    await jest.advanceTimersByTimeAsync(100);
    for (let ms = 0; ms < 100_000; ms += 50) {
      loop.wake(named);
      await jest.advanceTimersByTimeAsync(50);
    }
    // The pause is ten seconds.
    expect(questions.filter((one) => one === 'all')).toHaveLength(7);
  });

  it('is followed at once by the next one beside a few runs, and beside many ones after a pause', async () => {
    const { loop, questions } = asked(true);
    await jest.advanceTimersByTimeAsync(100);
    for (let run = 2; run <= 7; run++) {
      loop.wake({ ...named, runId: `run-${run}` } as RunName);
      await jest.advanceTimersByTimeAsync(1);
    }
    expect(questions.slice(1)).toEqual(['run-2', 'run-3', 'run-4', 'run-5', 'run-6']);
    expect(loop.driving).toBe(5);
  });

  it('does not precede others: a loop that has just claimed runs asks for all, and so it does after several hints', async () => {
    const other = { runId: 'run-2', tenant: 'acme', fence: 1, files: [] } as unknown as ClaimedRun;
    const { loop, questions } = asked(true, [[], [other]]);
    await jest.advanceTimersByTimeAsync(100);
    loop.wake();
    await jest.advanceTimersByTimeAsync(1);
    loop.wake(named);
    await jest.advanceTimersByTimeAsync(100);
    expect(questions).toEqual(['all', 'all', 'all']);
    loop.wake(named);
    loop.wake(named);
    await jest.advanceTimersByTimeAsync(100);
    expect(questions).toEqual(['all', 'all', 'all', 'all']);
  });
});
describe('the end of a run', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  /** The number of claims after a run of a worker with this number of places has ended, within the pause between two polls. */
  async function claimsAfter(run: Partial<ClaimedRun>, concurrency: number): Promise<number> {
    let claims = 0;
    let end: () => void = () => undefined;
    const claimed = { runId: 'run-1', tenant: 'acme', fence: 1, files: [], quarantine: true, ...run };
    const port = {
      sweep: async () => 0,
      claim: async () => (++claims === 1 ? [claimed as unknown as ClaimedRun] : []),
      inboxPositions: async () => [],
    } as unknown as Claims;
    const ended = new Promise<Driven>((resolve) => (end = () => resolve('ended')));
    const isolate = () => ({ drive: () => ended, handOver: () => undefined, inboxChanged: () => undefined });
    const options = { concurrency, claimIntervalMs: 10_000, inboxIntervalMs: 500, refuseIntervalMs: 10 ** 9, isolate };
    const all = { ...options, sealed: { isolations: [], waitMs: 0 } } as unknown as ClaimLoopOptions;
    const loop = new ClaimLoop(port, present(), { say: () => undefined }, all, () => undefined);
    loop.start({} as WorkerSession);
    await jest.advanceTimersByTimeAsync(100);
    const before = claims;
    end();
    await jest.advanceTimersByTimeAsync(100);
    expect(loop.driving).toBe(0);
    return claims - before;
  }

  it.each([
    ['is followed by no claim, since it makes no other run due', { isInGroup: false }, 2, 0],
    ['is followed by a claim, if others may have waited for its place', { isInGroup: false }, 1, 1],
    ['is followed by a claim, if the next run of its concurrency group is due', { isInGroup: true }, 2, 1],
    ['is followed by a claim, if its group is unknown', {}, 2, 1],
  ])('%s', async (_, run, concurrency, expected) => {
    expect(await claimsAfter(run, concurrency)).toBe(expected);
  });
});
describe('a run that the engine fails on', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  /** Everything that the loop does to one run, whose drives fail with these errors one after the other; the last one repeats. */
  async function drivenWith(
    errors: readonly Error[],
    halt = async () => true,
    quarantine = false,
    ends: 'failed' | 'died' = 'failed',
  ): Promise<readonly string[]> {
    const done: string[] = [];
    const run = { runId: 'run-1', tenant: 'acme', fence: 1, quarantine, files: [] } as unknown as ClaimedRun;
    let drives = 0;
    let isHalted = false;
    const claims = {
      sweep: async () => undefined,
      claim: async () => (isHalted || drives > 0 ? [] : [run]),
      inboxPositions: async () => [],
      release: async () => void (drives = 0),
      markPoisoned: async () => void (drives = 0),
      halt: async (_run: ClaimedRun, code: string, detail: string) => {
        done.push(`halt ${code}: ${detail}`);
        return (isHalted = await halt());
      },
    } as unknown as Claims;
    const left = [...errors];
    const dependencies = {
      ...present(),
      claims,
      openAdmission() {
        drives += 1;
        throw (left.length > 1 ? left.shift() : left[0]) ?? new Error();
      },
      alarm: (_run: ClaimedRun, code: string) => void done.push(`alarm ${code}`),
    } as unknown as DriverDependencies;
    const log: WorkerLog = { say: (_level, event) => void done.push(event) };
    const options = { concurrency: 1, claimIntervalMs: 100, inboxIntervalMs: 1_000, refuseIntervalMs: 10 ** 9 };
    const isolate = () => ({
      mistake: errors[0]?.message ?? null,
      drive: async () => {
        drives += 1;
        return ends;
      },
    });
    const all = { ...options, isolate, sealed: { isolations: [], waitMs: 0 } } as unknown as ClaimLoopOptions;
    const loop = new ClaimLoop(claims, dependencies, log, all, () => undefined);
    loop.start({} as WorkerSession);
    await jest.advanceTimersByTimeAsync(20_000);
    return done;
  }

  it('is halted with an alarm after the fifth failure', async () => {
    expect(await drivenWith([new TypeError('lone surrogate')])).toEqual([
      ...Array<string>(5).fill('driver.failed'),
      'halt ENGINE_FAILED: the engine failed repeatedly: lone surrogate',
      'alarm ENGINE_FAILED',
    ]);
  });

  it('is halted in quarantine, too, where a failure without a mistake of the program does not count', async () => {
    const halt = async () => true;
    expect(await drivenWith([new TypeError('lone surrogate')], halt, true)).toEqual([
      ...Array<string>(5).fill('run.driven'),
      'halt ENGINE_FAILED: the engine failed repeatedly: lone surrogate',
      'alarm ENGINE_FAILED',
    ]);
    expect(new Set(await drivenWith([], halt, true))).toEqual(new Set(['run.driven']));
  });

  it('waits longer after each failure in quarantine that does not count', async () => {
    // In 20 seconds: after pauses of 1, 2, 4 and 8 seconds.
    expect(await drivenWith([], async () => true, true)).toEqual(Array<string>(5).fill('run.driven'));
  });

  it('is halted after the fifth time that its process died of it, with a pause after each', async () => {
    const deaths = await drivenWith([], async () => true, true, 'died');
    expect(deaths).toEqual([
      ...Array<string>(5).fill('run.driven'),
      'halt ENGINE_FAILED: the engine failed repeatedly: the process that drove this run alone died of it',
      'alarm ENGINE_FAILED',
    ]);
    expect(new Set(await drivenWith([], async () => false, true, 'died')).has('alarm ENGINE_FAILED')).toBe(false);
  });

  it('is not halted by failures that can pass', async () => {
    const network = new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') });
    for (const error of [new Error('timeout exceeded when trying to connect'), network]) {
      const done = new Set(await drivenWith([error]));
      expect([...done]).toEqual(['driver.failed']);
    }
  });

  it('is tried again if the database does not answer to the halt', async () => {
    let answers = 0;
    const halt = async () => {
      answers += 1;
      if (answers === 1) throw new Error('timeout');
      return true;
    };
    expect((await drivenWith([new TypeError('lone surrogate')], halt)).slice(5)).toEqual([
      'halt ENGINE_FAILED: the engine failed repeatedly: lone surrogate',
      'halt.failed',
      'driver.failed',
      'halt ENGINE_FAILED: the engine failed repeatedly: lone surrogate',
      'alarm ENGINE_FAILED',
    ]);
  });
});

/** A loop that drives one run. Its driver records its calls with their times. */
function loopWith(driver: { readonly underWay: readonly string[]; readonly gives: readonly string[] }) {
  const reported: string[] = [];
  const note = (what: string): void => void reported.push(what);
  let end = (_driven: Driven): void => undefined;
  const isolate = () => ({
    drive: () => new Promise<Driven>((resolve) => (end = resolve)),
    inboxChanged: () => undefined,
    leave: () => note('leave'),
    giveUpIdempotent: () => (note('give up'), driver.gives),
    underWay: driver.underWay,
    handOver: () => (note('hand over'), end('handed-over')),
  });
  const run = { runId: 'run-1', tenant: 'acme', fence: 1, quarantine: true, files: [] } as unknown as ClaimedRun;
  const due = [[run]];
  const claims = {
    sweep: async () => undefined,
    claim: async () => due.shift() ?? [],
    inboxPositions: async () => [],
    release: async () => undefined,
  } as unknown as Claims;
  const options = { concurrency: 100, claimIntervalMs: 5, inboxIntervalMs: 5, refuseIntervalMs: 5, isolate };
  const all = { ...options, sealed: { isolations: [], waitMs: 0 } } as unknown as ClaimLoopOptions;
  const log = { say: () => undefined } as unknown as WorkerLog;
  return { loop: new ClaimLoop(claims, present(), log, all, () => undefined), reported, end: () => end('ended') };
}

/** Waits for everything that depends on nothing outside of this process. */
async function whatIsReady(): Promise<void> {
  for (let i = 0; i < 1_000; i++) await Promise.resolve();
}

describe('the runs of one claim', () => {
  // Its loops wait forever and hold nothing.
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  it('begin in eights, the next when those wait', async () => {
    const runs = Array.from({ length: 20 }, (_, i) => ({ runId: `run-${i}`, fence: 1, files: [], admission: i }));
    const { loop, opened } = loopOver(runs as unknown as ClaimedRun[]);
    loop.start({} as WorkerSession);
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

describe('a worker that drains', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('stops first what may begin again elsewhere, last what may act once only, and says both', async () => {
    const { loop, reported } = loopWith({ gives: ['idem#1'], underWay: ['once#1'] });
    loop.start({} as WorkerSession);
    await jest.advanceTimersByTimeAsync(100);
    const abandoned: string[] = [];
    const drained = loop.drain({
      graceMs: 600,
      stopMs: 100,
      onAbandoned: ({ run, step, effects }) => abandoned.push(`${run.runId} ${step} ${effects}`),
    });
    expect(reported).toEqual(['leave']);
    await jest.advanceTimersByTimeAsync(499);
    expect(reported).toEqual(['leave']);
    await jest.advanceTimersByTimeAsync(2);
    expect([reported, abandoned]).toEqual([['leave', 'give up'], ['run-1 idem#1 idempotent']]);
    await jest.advanceTimersByTimeAsync(98);
    expect(reported).toEqual(['leave', 'give up']);
    await jest.advanceTimersByTimeAsync(2);
    expect(reported.slice(2)).toEqual(['hand over']);
    expect(abandoned).toEqual(['run-1 idem#1 idempotent', 'run-1 once#1 once']);
    await jest.advanceTimersByTimeAsync(1_000);
    await drained;
  });

  it('waits no longer than its runs take', async () => {
    const { loop, reported, end } = loopWith({ gives: [], underWay: [] });
    loop.start({} as WorkerSession);
    await jest.advanceTimersByTimeAsync(100);
    let isOver = false;
    void loop.drain({ graceMs: 60_000, stopMs: 10_000 }).then(() => (isOver = true));
    await jest.advanceTimersByTimeAsync(200);
    expect(isOver).toBe(false);
    end();
    await jest.advanceTimersByTimeAsync(500);
    expect(isOver).toBe(true);
    expect(reported.filter((one) => one.startsWith('hand over'))).toEqual([]);
  });
});

/** Dependencies of which only the object store is used, and available. */
function present(): DriverDependencies {
  return { storeHealth: healthOf({ probe: async () => undefined }) } as unknown as DriverDependencies;
}
