import { aBlock, aPlan, aRunNode } from '../../testing/random-plan';
import { MemoryWorld } from '../../testing/memory-world';
import type { RunId } from '../foundation/ids';
import type { Node, Plan } from '../plan/plan';
import { Executor, type ExecutionRequest, type Outcome } from '../ports/executor';
import { RunDriver, type Driven } from './drive-run';

// A driver gives its run back: what has come by then counts, and what it has not begun is nobody's riddle.

class Counting extends Executor {
  readonly uses = 'builtin:command';
  readonly behaviour = 1;
  readonly calls: string[] = [];

  async execute({ step, execution }: ExecutionRequest): Promise<Outcome> {
    this.calls.push(`${step}#${execution}`);
    return { kind: 'succeeded', outputs: {} };
  }
}

const effect = (id: string, effects: 'idempotent' | 'once', needs: readonly string[] = []): Node =>
  aRunNode(id, { uses: 'builtin:command', effects, needs });

/** A driver that is told to hand over in the moment in which the outcome of its first step comes. */
async function handedOver(
  world: MemoryWorld,
  run: RunId,
  acting: Counting,
  then = (): void => undefined,
): Promise<Driven> {
  const driver = await RunDriver.open(world.hands([acting]), world.claim(run));
  if (typeof driver === 'string') throw new Error('halted');
  const inner = driver as unknown as { arrived: (one: unknown) => void };
  const arrived = inner.arrived.bind(driver);
  inner.arrived = (one) => {
    arrived(one);
    then();
    driver.handOver();
  };
  return driver.drive();
}

async function goOn(world: MemoryWorld, run: RunId, acting: Counting): Promise<Driven> {
  const driver = await RunDriver.open(world.hands([acting]), world.claim(run));
  if (typeof driver === 'string') throw new Error('halted');
  return driver.drive();
}

const submitted = (world: MemoryWorld, nodes: readonly Node[]): RunId =>
  world.submit(aPlan(aBlock(nodes)) satisfies Plan);
const types = (world: MemoryWorld, run: RunId): string[] =>
  (world.pages.get(run) ?? []).flatMap(({ entries }) => entries.map(({ event }) => event.type));

describe('a run that is handed over', () => {
  it('begins at its next owner what its last turn had started, also what may act once only', async () => {
    const world = new MemoryWorld();
    const run = submitted(world, [effect('a', 'idempotent'), effect('b', 'once', ['a'])]);
    const [first, next] = [new Counting(), new Counting()];
    expect(await handedOver(world, run, first)).toBe('handed-over');
    expect(first.calls).toEqual(['a#1']);
    expect(await goOn(world, run, next)).toBe('ended');
    expect(next.calls).toEqual(['b#2']);
    expect(types(world, run)).not.toContain('step.attention');
    expect(world.run(run).status).toBe('succeeded');
  });

  it('keeps an outcome that ends it although a letter came before', async () => {
    const world = new MemoryWorld();
    const run = submitted(world, [effect('a', 'once')]);
    const cancel = { type: 'run.cancel-requested', by: { iss: 'i', sub: 'ada' }, reason: '', force: false } as const;
    const acting = new Counting();
    expect(await handedOver(world, run, acting, () => world.post(run, cancel))).toBe('ended');
    expect(world.rows.get(run)?.get('a')?.status).toBe('succeeded');
    expect(world.run(run).status).toBe('cancelled');
  });

  it('does not begin what was committed in the moment of the hand-over', async () => {
    const world = new MemoryWorld();
    const run = submitted(world, [effect('a', 'once')]);
    const [first, next] = [new Counting(), new Counting()];
    const driver = await RunDriver.open(world.hands([first]), world.claim(run));
    if (typeof driver === 'string') throw new Error('halted');
    world.beforeCommit = () => driver.handOver();
    expect(await driver.drive()).toBe('handed-over');
    world.beforeCommit = () => undefined;
    expect(first.calls).toEqual([]);
    expect(await goOn(world, run, next)).toBe('ended');
    expect(next.calls).toEqual(['a#2']);
    expect(world.run(run).status).toBe('succeeded');
  });
});
