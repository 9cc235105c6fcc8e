import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import type { RunId } from '../../foundation/ids';
import type { Node, Plan } from '../../plan/plan';
import { Executor, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { RunDriver, type Driven } from './drive-run';

// A driver releases its run: input that has arrived counts, and steps that it has not begun are known to the next owner as not begun.

class Counting extends Executor {
  readonly uses = 'builtin:command';
  readonly calls: string[] = [];

  async execute({ step, execution }: ExecutionRequest): Promise<Outcome> {
    this.calls.push(`${step}#${execution}`);
    return { kind: 'succeeded', outputs: {} };
  }
}

/** Steps that end when the test decides, or when they are told to stop. */
class Held extends Executor {
  readonly uses = 'builtin:command';
  readonly ends = new Map<string, () => void>();
  readonly stopped: string[] = [];

  execute({ step, signal }: ExecutionRequest): Promise<Outcome> {
    return new Promise((resolve) => {
      this.ends.set(step, () => resolve({ kind: 'succeeded', outputs: {} }));
      signal.addEventListener('abort', () => {
        this.stopped.push(`${step}: ${signal.reason}`);
        resolve({ kind: 'stopped', unknown: false });
      });
    });
  }
}

const effect = (id: string, effects: 'idempotent' | 'once', needs: readonly string[] = []): Node =>
  aRunNode(id, { uses: 'builtin:command', effects, needs });

/** A driver that is told to hand over at the moment in which the outcome of its first step arrives. */
async function handedOver(
  world: MemoryWorld,
  run: RunId,
  acting: Counting,
  then = (): void => undefined,
): Promise<Driven> {
  const driver = await RunDriver.open(world.dependencies([acting]), world.claim(run));
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
  const driver = await RunDriver.open(world.dependencies([acting]), world.claim(run));
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
    const driver = await RunDriver.open(world.dependencies([first]), world.claim(run));
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

/** All turns that need nothing from outside of this process are done. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

/** A driver with `a` (once) and `b` (idempotent) in progress; `c` (once) follows `b` and has little time. */
async function underWay() {
  const world = new MemoryWorld();
  const c = { ...aRunNode('c', { uses: 'builtin:command', effects: 'once', needs: ['b'] }), timeoutMs: 1 };
  const run = submitted(world, [effect('a', 'once'), effect('b', 'idempotent'), c]);
  const held = new Held();
  const driver = await RunDriver.open(world.dependencies([held]), world.claim(run));
  if (typeof driver === 'string') throw new Error('halted');
  const driven = driver.drive();
  await settled();
  return { world, run, held, driver, driven };
}

describe('a run whose worker leaves', () => {
  it('begins nothing more, ends what is under way, and is then handed over', async () => {
    const { world, run, held, driver, driven } = await underWay();
    driver.leave();
    held.ends.get('b')?.();
    await settled();
    expect([...held.ends.keys()]).toEqual(['a', 'b']);
    expect(driver.underWay).toEqual(['a#1']);
    held.ends.get('a')?.();
    expect(await driven).toBe('handed-over');
    expect(held.stopped).toEqual([]);

    const next = new Counting();
    expect(await goOn(world, run, next)).toBe('ended');
    expect(next.calls).toEqual(['c#2']);
    expect(world.run(run).status).toBe('succeeded');
  });

  it('gives up what may begin again before what may act once only, which it waits for', async () => {
    const { world, run, held, driver, driven } = await underWay();
    driver.leave();
    expect(driver.giveUpIdempotent()).toEqual(['b#1']);
    await settled();
    expect(held.stopped).toEqual(['b: hand-over']);
    expect(driver.underWay).toEqual(['a#1']);
    held.ends.get('a')?.();
    expect(await driven).toBe('handed-over');

    const next = new Counting();
    expect(await goOn(world, run, next)).toBe('ended');
    expect(next.calls).toEqual(['b#2', 'c#1']);
    expect(types(world, run)).not.toContain('step.attention');
    expect(world.run(run).status).toBe('succeeded');
  });

  it('is handed over at once where nothing is under way', async () => {
    const world = new MemoryWorld();
    const run = submitted(world, [effect('a', 'once')]);
    const driver = await RunDriver.open(world.dependencies([new Counting()]), world.claim(run));
    if (typeof driver === 'string') throw new Error('halted');
    driver.leave();
    expect(await driver.drive()).toBe('handed-over');
    const next = new Counting();
    expect(await goOn(world, run, next)).toBe('ended');
    expect(next.calls).toEqual(['a#2']);
  });

  it('takes a cancel, which stops what is under way', async () => {
    const { world, run, held, driver, driven } = await underWay();
    driver.leave();
    world.post(run, { type: 'run.cancel-requested', by: { iss: 'i', sub: 'ada' }, reason: '', force: false });
    driver.inboxChanged();
    expect(await driven).toBe('ended');
    expect(held.stopped.sort()).toEqual(['a: cancel', 'b: cancel']);
    expect(world.run(run).status).toBe('cancelled');
  });
});
