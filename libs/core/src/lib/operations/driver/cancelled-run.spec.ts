import { aBlock, aPlan } from '../../../testing/random/random-plan';
import { command, drive, effect, handOverAll, ok, opened, untilStopped } from '../../../testing/memory/driven-run';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import type { RunId } from '../../foundation/ids';
import { RunDriver } from './drive-run';

afterEach(handOverAll);

describe('a cancel that was accepted while the last step was at work', () => {
  const cancel = {
    type: 'run.cancel-requested',
    by: { iss: 'i', sub: 'ada' },
    reason: 'no',
    force: false,
  } as const;

  it('is not overtaken by the result that would have ended the run as a success', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('act')])));
    const acting = command(() => {
      world.post(run, cancel);
      return ok;
    });
    expect(await drive(world, run, [acting])).toBe('ended');
    expect(world.run(run).run).toMatchObject({ status: 'cancelled', error: { code: 'RUN_CANCELLED' } });
    // The effect of the step is known nevertheless.
    expect(world.rows.get(run)?.get('act')).toMatchObject({ status: 'succeeded' });
  });

  it('stands after the claim of a run that another worker takes over', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('first'), effect('act', { needs: ['first'] })])));
    const lost = await RunDriver.open(
      world.dependencies([command((request) => untilStopped(request.signal))]),
      world.claim(run),
    );
    if (typeof lost === 'string') throw new Error('halted');
    opened.push(lost);
    void lost.drive();
    while (world.rows.get(run)?.get('first')?.status !== 'running')
      await new Promise((resolve) => setImmediate(resolve));
    world.post(run, cancel);
    const acting = command(() => ok);
    expect(await drive(world, run, [acting], true)).toBe('ended');
    expect(acting.calls).toEqual([]);
    const types = (world.pages.get(run) ?? []).flatMap(({ entries }) => entries.map(({ event }) => event.type));
    expect(types.indexOf('run.cancel-requested')).toBeGreaterThan(types.lastIndexOf('run.claimed'));
  });
});

describe('a run that is cancelled before anything of it ran', () => {
  const cancel = {
    type: 'run.cancel-requested',
    by: { iss: 'i', sub: 'ada' },
    reason: 'not needed',
    force: false,
  } as const;
  const plan = aPlan(aBlock([effect('act'), effect('tidy', { runOn: 'always' })]));
  const reported = (world: MemoryWorld, run: RunId): readonly string[] =>
    (world.pages.get(run) ?? []).flatMap(({ entries }) => entries.map(({ event }) => event.type));

  it('ends cancelled, and starts nothing, not even what always runs', async () => {
    const world = new MemoryWorld();
    const run = world.submit(plan);
    world.post(run, cancel);
    const acting = command(() => ok);
    expect(await drive(world, run, [acting])).toBe('ended');
    expect(world.run(run).run).toMatchObject({ status: 'cancelled', error: { code: 'RUN_CANCELLED' } });
    expect(acting.calls).toEqual([]);
    expect(reported(world, run)).toEqual([
      'run.cancel-requested',
      'cancel.accepted',
      'run.ended',
      'run.claimed',
      'given.ignored',
    ]);
  });

  it('also if the cancel comes after the claim, before it began', async () => {
    const world = new MemoryWorld();
    const run = world.submit(plan);
    const acting = command(() => ok);
    const driver = await RunDriver.open(world.dependencies([acting]), world.claim(run));
    if (typeof driver === 'string') throw new Error('halted');
    world.post(run, cancel);
    expect(await driver.drive()).toBe('ended');
    expect(acting.calls).toEqual([]);
  });

  it('asks for none of its secrets', async () => {
    const world = new MemoryWorld();
    const secrets = [{ name: 'key', provider: 'vault' }];
    const run = world.submit(plan, {}, [], [], secrets);
    world.post(run, cancel);
    expect(await drive(world, run, [command(() => ok)])).toBe('ended');
    expect(world.run(run).run).toMatchObject({ status: 'cancelled' });
    expect(world.alarms).toEqual([]);
  });
});
