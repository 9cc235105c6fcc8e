import { MemoryWorld } from '../../../testing/memory/memory-world';
import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import type { ClaimedRun } from '../../ports/runs/claims';
import { Executor, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { restoreRun } from '../claimed-run/restore-run';
import { RunDriver } from './drive-run';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';

const OK: Outcome = { kind: 'succeeded', outputs: {} };

class Acting extends Executor {
  readonly uses = 'builtin:command';
  readonly calls: string[] = [];

  constructor(private readonly act: (call: number) => Outcome) {
    super();
  }

  async execute({ step, execution }: ExecutionRequest): Promise<Outcome> {
    this.calls.push(`${step}#${execution}`);
    return this.act(this.calls.length);
  }
}

const effect = (effects: 'idempotent' | 'once') => aRunNode('act', { uses: 'builtin:command', effects });

async function opened(dependencies: DriverDependencies, run: ClaimedRun): Promise<RunDriver> {
  const driver = await RunDriver.open(dependencies, run);
  if (typeof driver === 'string') throw new Error('halted');
  return driver;
}

describe('children that were lost with an outage of the database', () => {
  it.each([
    ['idempotent', 'ended', ['act#1', 'act#2'], 'succeeded'],
    ['once', 'parked', ['act#1'], 'needs_attention'],
  ] as const)('begin again where the run is, under the same fence (%s)', async (effects, driven, calls, status) => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect(effects)])));
    const acting = new Acting((call) => (call === 1 ? { kind: 'lost', reason: 'killed: deadline' } : OK));
    const claimed = world.claim(run);
    const first = await opened(world.dependencies([acting]), claimed);
    expect(await first.drive()).toBe('handed-over');
    expect(first.lostChildren).toBe(true);
    const { lastSeq, lastLine, head, seen } = world.run(run);
    const second = await opened(world.dependencies([acting]), { ...claimed, lastSeq, lastLine, head, seen });
    expect(await second.drive()).toBe(driven);
    expect(acting.calls).toEqual(calls);
    expect(world.rows.get(run)?.get('act')?.status).toBe(status);
    expect(world.run(run)).toMatchObject({ fence: 1, crashes: 0 });
    // Whoever claims it after that finds a journal that holds.
    expect(await restoreRun(world.dependencies([acting]), world.claim(run))).toMatchObject({ kind: 'restored' });
    const third = await RunDriver.open(world.dependencies([acting]), world.claim(run));
    // Once it has ended, only somebody else can have made it due.
    expect(typeof third === 'string' ? third : 'driven').toBe(driven === 'ended' ? 'halted' : 'driven');
    if (typeof third !== 'string') third.handOver();
  });

  it('are no reason to go on where the run was to be handed over', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('idempotent')])));
    const driver = await opened(
      world.dependencies([new Acting(() => (driver.handOver(), { kind: 'lost', reason: 'killed: closed' }))]),
      world.claim(run),
    );
    expect(await driver.drive()).toBe('handed-over');
    expect(driver.lostChildren).toBe(false);
  });
});

describe('a step that acts', () => {
  it('begins once its worker may act, and not at all where the run is handed over before', async () => {
    for (const renewed of [true, false]) {
      const world = new MemoryWorld();
      const run = world.submit(aPlan(aBlock([effect('once')])));
      const acting = new Acting(() => OK);
      let asked: () => void = () => undefined;
      const asking = new Promise<void>((resolve) => (asked = resolve));
      let renew: () => void = () => undefined;
      const mayAct = ({ signal }: Pick<AbortController, 'signal'>): Promise<void> =>
        new Promise((resolve) => {
          renew = resolve;
          signal.addEventListener('abort', () => resolve());
          asked();
        });
      const driver = await opened(world.dependencies([acting], { mayAct }), world.claim(run));
      const driven = driver.drive();
      await asking;
      expect(acting.calls).toEqual([]);
      if (renewed) renew();
      else driver.handOver();
      expect(await driven).toBe(renewed ? 'ended' : 'handed-over');
      expect(acting.calls).toEqual(renewed ? ['act#1'] : []);
    }
  });
});
