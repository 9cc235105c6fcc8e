import { healthOf, MemoryObjects } from '../../../testing/memory/memory-objects';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import { CodedError } from '../../foundation/coded-error';
import type { Digest, TenantId } from '../../foundation/ids';
import type { ClaimedRun } from '../../ports/runs/claims';
import { Executor, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import type { PutOptions } from '../../ports/objects/object-store';
import { RunDriver } from './drive-run';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';
import { INLINE_BYTES } from '../claimed-run/run-values';

const away = () => new CodedError('OBJECT_STORE_UNAVAILABLE', 'the store is away', 'wait');
const LARGE: Outcome = { kind: 'succeeded', outputs: { text: 'x'.repeat(INLINE_BYTES) } };

/** Unavailable for this number of accesses, including probes. */
class FlakyObjects extends MemoryObjects {
  refused = 0;

  constructor(private left: number) {
    super();
  }

  private use(): void {
    if (this.left <= 0) return;
    this.left--;
    this.refused++;
    throw away();
  }

  override async put(tenant: TenantId, content: AsyncIterable<Uint8Array>, options: PutOptions) {
    this.use();
    return super.put(tenant, content, options);
  }

  override async open(tenant: TenantId, digest: Digest) {
    this.use();
    return super.open(tenant, digest);
  }

  override async probe(): Promise<void> {
    this.use();
  }
}

class Acting extends Executor {
  readonly uses = 'builtin:command';
  readonly calls: string[] = [];

  constructor(private readonly act: (request: ExecutionRequest) => Outcome | Promise<Outcome>) {
    super();
  }

  async execute(request: ExecutionRequest): Promise<Outcome> {
    this.calls.push(`${request.step}#${request.execution}`);
    return this.act(request);
  }
}

const effect = (effects: 'pure' | 'idempotent' | 'once') => aRunNode('act', { uses: 'builtin:command', effects });

async function opened(dependencies: DriverDependencies, run: ClaimedRun): Promise<RunDriver> {
  const driver = await RunDriver.open(dependencies, run);
  if (typeof driver === 'string') throw new Error('halted');
  return driver;
}

describe('an outcome that the object store does not take yet', () => {
  it.each(['pure', 'idempotent', 'once'] as const)('is kept and stored again (%s)', async (effects) => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect(effects)])));
    const acting = new Acting(() => LARGE);
    const objects = new FlakyObjects(4);
    const driver = await opened(world.dependencies([acting], { objects }), world.claim(run));
    expect(await driver.drive()).toBe('ended');
    expect(objects.refused).toBe(4);
    expect(acting.calls).toEqual(['act#1']);
    expect(world.rows.get(run)?.get('act')?.status).toBe('succeeded');
    expect(world.run(run)).toMatchObject({ fence: 1, crashes: 0 });
  });

  it('is kept until its step is told by its executor that it is stored', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('once')])));
    let tries = 0;
    const acting = new Acting(({ storage }) =>
      storage.keep(async () => {
        if (++tries < 3) throw away();
        return { kind: 'succeeded', outputs: {} };
      }),
    );
    const driver = await opened(world.dependencies([acting]), world.claim(run));
    expect(await driver.drive()).toBe('ended');
    expect([tries, ...acting.calls]).toEqual([3, 'act#1']);
    expect(world.rows.get(run)?.get('act')?.status).toBe('succeeded');
  });

  it('is unknown where its worker must hand over before the store is back, and the next owner asks', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('once')])));
    const acting = new Acting(({ storage }) => storage.keep(() => Promise.reject(away())));
    const objects = new FlakyObjects(Infinity);
    const dependencies = world.dependencies([acting], { objects, storeHealth: healthOf(objects, 1_000) });
    const driver = await opened(dependencies, world.claim(run));
    jest.useFakeTimers();
    try {
      const driven = driver.drive();
      while (acting.calls.length === 0) await jest.advanceTimersByTimeAsync(10);
      driver.handOver();
      await jest.advanceTimersByTimeAsync(25_000);
      expect(await driven).toBe('handed-over');
    } finally {
      dependencies.storeHealth.close();
      jest.useRealTimers();
    }
    const next = await opened(world.dependencies([acting]), world.claim(run));
    expect(await next.drive()).toBe('parked');
    expect(acting.calls).toEqual(['act#1']);
    expect(world.rows.get(run)?.get('act')?.status).toBe('needs_attention');
  });
});

describe('a step whose inputs the object store does not give yet', () => {
  it('waits for them until it is told to stop, and has not begun then', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('once')])));
    let reads = 0;
    const acting = new Acting(async ({ storage, signal }) => {
      const open = async (): Promise<AsyncIterable<Uint8Array>> => {
        if (++reads === 2) {
          world.post(run, { type: 'run.cancel-requested', by: { iss: 'i', sub: 's' }, reason: 'no', force: false });
          driver.inboxChanged();
        }
        throw away();
      };
      await expect(storage.read(open)).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
      return { kind: 'stopped', unknown: !signal.aborted };
    });
    const dependencies = world.dependencies([acting]);
    const driver = await opened(dependencies, world.claim(run));
    expect(await driver.drive()).toBe('ended');
    dependencies.storeHealth.close();
    expect(reads).toBeGreaterThanOrEqual(2);
    expect(world.run(run).status).toBe('cancelled');
  });
});

describe('what an executor throws', () => {
  it.each(['once', 'idempotent'] as const)('is said in the log of the worker with its causes (%s)', async (effects) => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect(effects)])));
    const thrown = new Error('cannot write', { cause: new Error('no space') });
    const driver = await opened(world.dependencies([new Acting(() => Promise.reject(thrown))]), world.claim(run));
    await driver.drive();
    const failure = { step: 'act', execution: 1, code: 'EXECUTOR_THREW' };
    const causes = ['Error: cannot write', 'Error: no space'];
    const stack = expect.stringMatching(/^Error: cannot write\n +at .*store-outage/) as string;
    expect(world.executorFailures[0]).toEqual({ ...failure, causes, stack });
  });
});
