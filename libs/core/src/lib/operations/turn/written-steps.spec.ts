import { command, effect, handOverAll, opened } from '../../../testing/memory/driven-run';
import { MemoryWorld, type NamedExecutor } from '../../../testing/memory/memory-world';
import { aBlock, aPlan } from '../../../testing/random/random-plan';
import type { RunId } from '../../foundation/ids';
import type { Node, Plan } from '../../plan/plan';
import type { Outcome } from '../../ports/step/executor';
import { RunDriver } from '../driver/drive-run';

// What a small run shows without rows is compared by the store in memory with what it shows with them, in all specs of drivers.

afterEach(handOverAll);

const OK: Outcome = { kind: 'succeeded', outputs: { all: [1, 2] } };
const acts = (): NamedExecutor => command(() => OK);

async function drive(world: MemoryWorld, run: RunId, stepRowsAfter: number, executor = acts()) {
  const driver = await RunDriver.open(world.dependencies([executor], { stepRowsAfter }), world.claim(run));
  if (typeof driver === 'string') throw new Error(driver);
  opened.push(driver);
  return driver.drive();
}

const chain = (count: number): Plan =>
  aPlan(aBlock(Array.from({ length: count }, (_, i) => effect(`s${i}`, { needs: i > 0 ? [`s${i - 1}`] : [] }))));
const rowsOf = (world: MemoryWorld, run: RunId): readonly string[] =>
  [...(world.rows.get(run)?.values() ?? [])].map(({ step, status }) => `${step} ${status}`);

describe('the rows of steps', () => {
  it('are left out until the journal is longer than the limit, and are all written then', async () => {
    const world = new MemoryWorld();
    const [small, large] = [world.submit(chain(3)), world.submit(chain(12))];
    const written: number[] = [];
    world.beforeCommit = ({ steps, areStepsJournaled, page, runId }) => {
      if (runId === large) written.push(steps.length);
      expect(areStepsJournaled).toBe(page.first + page.entries.length - 1 <= 25);
    };
    await drive(world, small, 25);
    await drive(world, large, 25);
    expect([world.run(small).areStepsJournaled, rowsOf(world, small)]).toEqual([true, []]);
    expect(world.run(large).areStepsJournaled).toBe(false);
    expect(rowsOf(world, large)).toEqual(Array.from({ length: 12 }, (_, i) => `s${i} succeeded`));
    // Nothing, then all that were reached, then those that each commit changes.
    const [most, ...after] = written.slice(written.findIndex((count) => count > 0));
    expect(most).toBeGreaterThan(2);
    expect(Math.max(...after)).toBe(2);
  });

  it('are written by each commit if the limit is 0', async () => {
    const world = new MemoryWorld();
    const run = world.submit(chain(2));
    await drive(world, run, 0);
    expect([world.run(run).areStepsJournaled, rowsOf(world, run)]).toEqual([false, ['s0 succeeded', 's1 succeeded']]);
  });

  it('are written with the first item of a map, whose label needs values', async () => {
    const world = new MemoryWorld();
    const each = {
      ...{ kind: 'map', id: 'each', name: null, when: null, needs: ['before'], stated: false, runOn: 'success' },
      ...{ timeoutMs: null, workers: [], items: '{{ steps.before.outputs.all }}', iterator: 'n', index: 'i' },
      ...{ label: '{{ n }}', maxItems: 10, width: 1, continueOnError: false, outputs: null },
      body: aBlock([effect('one')]),
    } as unknown as Node;
    const run = world.submit(aPlan(aBlock([effect('before'), each])));
    await drive(world, run, 1_000);
    expect(world.run(run).areStepsJournaled).toBe(false);
    expect(rowsOf(world, run)).toEqual(expect.arrayContaining(['before succeeded', 'each succeeded']));
    expect(world.rows.get(run)?.get('each[1]')).toMatchObject({ kind: 'item', label: '2' });
  });

  it('are written when a step needs attention, because its row is what a person resolves', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('a'), effect('pay', { effects: 'once', needs: ['a'] })])));
    const begun: string[] = [];
    const held = command(({ step }) => {
      begun.push(step);
      return step === 'a' ? OK : new Promise<Outcome>(() => undefined);
    });
    void drive(world, run, 1_000, held);
    while (!begun.includes('pay')) await new Promise((resolve) => setImmediate(resolve));
    expect([world.run(run).areStepsJournaled, rowsOf(world, run)]).toEqual([true, []]);
    await drive(world, run, 1_000, held);
    expect([world.run(run).areStepsJournaled, rowsOf(world, run)]).toEqual([
      false,
      ['a succeeded', 'pay needs_attention'],
    ]);
  });

  it('stay left out if the commit that would write them is lost, and are written by the next driver', async () => {
    const world = new MemoryWorld();
    const run = world.submit(chain(12));
    let isLost = false;
    world.beforeCommit = ({ steps }) => {
      if (steps.length < 3 || isLost) return;
      isLost = true;
      world.run(run).fence++;
    };
    expect(await drive(world, run, 25)).toBe('claim-lost');
    expect([world.run(run).areStepsJournaled, rowsOf(world, run)]).toEqual([true, []]);
    expect(await drive(world, run, 25)).toBe('ended');
    expect([world.run(run).areStepsJournaled, rowsOf(world, run).length]).toEqual([false, 12]);
  });

  it('that a worker of an earlier release wrote of a run without do not halt it, and all are written then', async () => {
    const world = new MemoryWorld();
    const run = world.submit(chain(4));
    let commits = 0;
    world.beforeCommit = () => {
      if (++commits === 3) world.run(run).fence++;
    };
    expect(await drive(world, run, 1_000)).toBe('claim-lost');
    world.beforeCommit = () => undefined;
    world.rows.get(run)?.set('s0', { step: 's0', parent: '', place: 0, status: 'running' } as never);
    expect(await drive(world, run, 1_000)).toBe('ended');
    expect(world.run(run)).toMatchObject({ status: 'succeeded', areStepsJournaled: false });
    expect(rowsOf(world, run)).toEqual(['s0 succeeded', 's1 succeeded', 's2 succeeded', 's3 succeeded']);
  });
});
