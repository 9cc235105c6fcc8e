// Each of these cases failed once. They were found by reviewing the driver adversarially.
import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import { MemoryWorld, type NamedExecutor } from '../../../testing/memory/memory-world';
import { sha256 } from '../../canonical/digest';
import type { RunId } from '../../foundation/ids';
import type { Node } from '../../plan/plan';
import { Executor, type ExecutionReport, type ExecutionRequest, type Outcome } from '../../ports/step/executor';
import { RunDriver } from './drive-run';
import type { DriverDependencies } from '../claimed-run/driver-dependencies';

class Scripted extends Executor {
  readonly calls: string[] = [];
  constructor(
    readonly uses: string,
    private readonly act: (r: ExecutionRequest, p: ExecutionReport) => Promise<Outcome> | Outcome,
  ) {
    super();
  }
  async execute(request: ExecutionRequest, report: ExecutionReport): Promise<Outcome> {
    this.calls.push(`${request.step}#${request.execution}`);
    return this.act(request, report);
  }
}
const noop = () => new Scripted('builtin:noop', (r) => ({ kind: 'succeeded', outputs: r.with }));
const command = (act: (r: ExecutionRequest, p: ExecutionReport) => Promise<Outcome> | Outcome) =>
  new Scripted('builtin:command', act);
const effect = (id: string, change: Parameters<typeof aRunNode>[1] = {}): Node =>
  aRunNode(id, { uses: 'builtin:command', effects: 'idempotent', ...change });
const ok: Outcome = { kind: 'succeeded', outputs: { done: true } };
const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms));
const open = async (world: MemoryWorld, run: RunId, ex: NamedExecutor[], change: Partial<DriverDependencies> = {}) => {
  const d = await RunDriver.open(world.dependencies(ex, change), world.claim(run));
  if (typeof d === 'string') throw new Error('halted');
  return d;
};
const events = (world: MemoryWorld, run: RunId) => (world.pages.get(run) ?? []).flatMap((p) => p.entries);
const aMap = (change: object): Node => ({
  kind: 'map',
  id: 'each',
  name: null,
  when: null,
  needs: ['list'],
  stated: false,
  runOn: 'success',
  timeoutMs: null,
  workers: [],
  items: '{{ steps.list.outputs.all }}',
  iterator: 'n',
  index: 'i',
  label: null,
  maxItems: 100000,
  width: 1,
  continueOnError: true,
  outputs: null,
  body: aBlock([]),
  ...change,
});

describe('RunDriver, where a review found faults', () => {
  it('retry due while no slot is free does not spin', async () => {
    const world = new MemoryWorld();
    const body = aBlock([
      effect('work', {
        with: { n: '{{ n }}' },
        retries: {
          maxAttempts: 3,
          backoffMs: 20,
          factor: 1,
          maxBackoffMs: 20,
          jitter: false,
          on: null,
          attemptTimeoutMs: null,
        },
      }),
    ]);
    const run = world.submit(aPlan(aBlock([aRunNode('list', { with: { all: [1, 2] } }), aMap({ body })])));
    let first = true;
    const ex = command(async (r) => {
      if (r.with['n'] === 1 && first) {
        first = false;
        return { kind: 'failed', code: 'X', message: '', retryable: true, exitCode: 1 };
      }
      await sleep(500);
      return ok;
    });
    const d = await open(world, run, [noop(), ex], { clock: { now: () => Date.now() } });
    let commits = 0;
    world.beforeCommit = () => {
      if (++commits > 3000) world.run(run).owner = null;
    };
    await d.drive();
    const times = events(world, run).filter((e) => e.event.type === 'time.reached').length;
    expect(times).toBeLessThan(10);
  }, 60000);

  it('no start reaches an executor after the commit that accepted the cancel', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('a'), effect('b', { needs: ['a'], effects: 'once' })])));
    let go: () => void = () => undefined;
    const ex = command(async (r) => {
      if (r.step === 'a') await new Promise<void>((x) => (go = x));
      return ok;
    });
    const d = await open(world, run, [ex]);
    const done = d.drive();
    await sleep(20);
    world.post(run, { type: 'run.cancel-requested', by: { iss: 'i', sub: 's' }, reason: '', force: false });
    let committedAt = -1;
    world.beforeCommit = (c) => {
      if (c.page.entries.some((e) => e.event.type === 'cancel.accepted')) committedAt = ex.calls.length;
    };
    const raw = d as unknown as { queue: { push(one: unknown): void }; inboxDue: boolean; wakeUp: () => void };
    raw.queue.push({ kind: 'given', body: { type: 'attempt.succeeded', step: 'a', execution: 1, outputs: null } }); // 'a' ends in the same turn
    d.inboxChanged();
    void go;
    await done;
    expect(ex.calls.length).toBe(committedAt);
  });

  it('what a cancel leaves of what was asked ahead does not keep the driver busy', async () => {
    const world = new MemoryWorld();
    const nodes = Array.from({ length: 100 }, (_, i) => effect(`s${i}`, { when: '1 == 1' }));
    const run = world.submit(aPlan(aBlock(nodes)));
    const slow = command(
      ({ signal }) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => setTimeout(() => resolve({ kind: 'stopped', unknown: false }), 50)),
        ),
    );
    // The cancellation is read after the first answered step has begun, and before the rest.
    const { claims } = world.dependencies([slow]);
    const messages: typeof claims.inboxMessages = async (...asked) => {
      await sleep(commits === 1 ? 20 : 0);
      return claims.inboxMessages(...asked);
    };
    const d = await open(world, run, [slow], {
      claims: Object.assign(Object.create(claims) as typeof claims, { inboxMessages: messages }),
    });
    let commits = 0;
    world.beforeCommit = () => {
      if (++commits !== 1) return;
      world.post(run, { type: 'run.cancel-requested', by: { iss: 'i', sub: 's' }, reason: '', force: false });
      d.inboxChanged();
    };
    expect(await d.drive()).toBe('ended');
    expect(slow.calls.length).toBeGreaterThan(0);
    expect(slow.calls.length).toBeLessThan(50);
  });

  it('a stop while a value is fetched stops the execution', async () => {
    const world = new MemoryWorld();
    const run = world.submit(
      aPlan(
        aBlock([
          aRunNode('big', { with: {} }),
          effect('b', { needs: ['big'], effects: 'idempotent', with: { x: '{{ steps.big.outputs.text }}' } }),
        ]),
      ),
    );
    const big = new Scripted('builtin:noop', () => ({ kind: 'succeeded', outputs: { text: 'x'.repeat(100_000) } }));
    // first driver commits the big value, then is lost before b's start is committed
    const d1 = await open(world, run, [big, command(() => ok)]);
    let n = 0;
    world.beforeCommit = () => {
      if (++n === 2) world.run(run).owner = null;
    };
    const p1 = d1.drive();
    expect(await p1).toBe('claim-lost');
    world.beforeCommit = () => undefined;
    const starts: string[] = [];
    let ended = false;
    const ex = command(async (r) => {
      starts.push(`${r.step} ended=${ended} aborted=${r.signal.aborted}`);
      return ok;
    });
    const real = world.dependencies([]).objects;
    let release: () => void = () => undefined;
    const slow = Object.assign(Object.create(real), {
      open: async (t: never, g: never) => {
        await new Promise<void>((x) => (release = x));
        return real.open(t, g);
      },
    });
    const d = await open(world, run, [big, ex], { objects: slow });
    const done = d.drive();
    await sleep(20);
    world.post(run, { type: 'run.cancel-requested', by: { iss: 'i', sub: 's' }, reason: '', force: false });
    d.inboxChanged();
    await Promise.race([done, sleep(300).then(() => 'not over')]);
    ended = true;
    release();
    await sleep(50);
    expect(starts).toEqual([]);
  });

  it('a log store that was away does not lose lines silently', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('a')])));
    const real = world.dependencies([]).logs;
    let fails = 1;
    const flaky = Object.assign(Object.create(real), {
      append: async (c: never) => {
        if (fails-- > 0) throw Object.assign(new Error('ECONNREFUSED'), { code: 'ECONNREFUSED' });
        return real.append(c);
      },
    });
    const ex = command(async (_r, p) => {
      await p.line('info', 'one');
      await sleep(100);
      await p.line('info', 'two');
      return ok;
    });
    const d = await open(world, run, [ex], { logs: flaky });
    await d.drive();
    expect(world.run(run).lastLine).toBe(2);
  });

  it('hand-over keeps an outcome that has arrived, and returns after its executions', async () => {
    const world = new MemoryWorld();
    const run = world.submit(
      aPlan(aBlock([effect('a', { effects: 'once' }), effect('c', { stated: true, needs: [] })], {})),
    );
    let goA: () => void = () => undefined;
    let cGone = false;
    const ex = command(async (r) => {
      if (r.step === 'a') await new Promise<void>((x) => (goA = x));
      else {
        await new Promise<void>((x) => r.signal.addEventListener('abort', () => x()));
        await sleep(200);
        cGone = true;
        return { kind: 'stopped', unknown: false };
      }
      return ok;
    });
    const d = await open(world, run, [ex]);
    const done = d.drive();
    await sleep(20);
    goA();
    await Promise.resolve();
    setTimeout(() => d.handOver(), 0); // the grace period after SIGTERM ends at the same moment
    await new Promise((r) => setImmediate(r));
    await done;
    expect(cGone).toBe(true);
  });

  it('commits an outcome that stands in its queue when it is told to hand over', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('a', { effects: 'once' })], {})));
    let goA: () => void = () => undefined;
    const ex = command(async () => {
      await new Promise<void>((x) => (goA = x));
      return ok;
    });
    const d = await open(world, run, [ex]);
    const done = d.drive();
    await sleep(20);
    goA();
    const arrived = d as unknown as { arrived: (a: unknown) => void };
    const before = arrived.arrived.bind(d);
    arrived.arrived = (a) => {
      before(a);
      d.handOver();
    };
    await done;
    // The outcome ended the run. Nobody claims it again, and whoever did would not drive it.
    expect(events(world, run).some((e) => e.event.type === 'run.ended')).toBe(true);
    expect(await RunDriver.open(world.dependencies([ex]), world.claim(run))).toBe('halted');
    expect(events(world, run).some((e) => e.event.type === 'step.attention')).toBe(false);
  });

  it('a start whose value cannot be read fails', async () => {
    const world = new MemoryWorld();
    const run = world.submit(
      aPlan(
        aBlock([
          aRunNode('big', { with: {} }),
          effect('b', { needs: ['big'], with: { x: '{{ steps.big.outputs.text }}' } }),
        ]),
      ),
    );
    const big = new Scripted('builtin:noop', () => ({ kind: 'succeeded', outputs: { text: 'x'.repeat(100_000) } }));
    const d1 = await open(world, run, [big, command(() => ok)]);
    let n = 0;
    world.beforeCommit = () => {
      if (++n === 2) world.run(run).owner = null;
    };
    await d1.drive();
    world.beforeCommit = () => undefined;
    world.objectBytes.clear();
    const d = await open(world, run, [big, command(() => ok)]);
    const driven = await Promise.race([
      d.drive().catch((e: Error) => `threw ${e.message}`),
      sleep(500).then(() => 'not over'),
    ]);
    d.handOver();
    expect(driven).toBe('ended');
  });

  it('the log of a closed socket is noted before the journal names it, so that no sweep takes it', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('out')])));
    const log = sha256('a log');
    const needed: string[] = [];
    let journaled = false;
    world.beforeCommit = () => {
      journaled ||= needed.length === 0 && events(world, run).some(({ event }) => event.type === 'egress.closed');
    };
    const reach = command(({ step, execution }, report) => {
      report.fact({ type: 'egress.closed', step, execution, allowed: 1, denied: 0, log });
      return ok;
    });
    const references = {
      need: async (_tenant: string, _run: string, digests: readonly string[]) => void needed.push(...digests),
    };
    expect(await (await open(world, run, [reach], { references })).drive()).toBe('ended');
    expect(needed).toEqual([log]);
    expect(journaled).toBe(false);
  });

  it('counts a decision that was answered before the failure beside it closed its gate', async () => {
    const world = new MemoryWorld();
    const gate: Node = {
      ...{
        kind: 'gate',
        id: 'ask',
        name: null,
        when: null,
        needs: [],
        stated: true,
        runOn: 'success',
        timeoutMs: null,
      },
      ...{ workers: [], approval: 'owners', policy: null, with: {}, message: 'go on?', show: {}, form: null },
    };
    const both: Node = {
      ...{ kind: 'parallel', id: 'both', name: null, when: null, needs: [], stated: false, runOn: 'success' },
      ...{ timeoutMs: null, workers: [], continueOnError: false },
      body: aBlock([gate, effect('fails', { stated: true })]),
    };
    const run = world.submit(aPlan(aBlock([both])));
    let decided = false;
    world.beforeCommit = (commit) => {
      if (decided || !commit.gates.some(({ kind }) => kind === 'ended')) return;
      decided = true;
      world.decide(run, 'ask', 'grace');
    };
    const failing = command(async () => {
      await sleep(30);
      return { kind: 'failed', code: 'EXIT_1', message: 'no', retryable: false, exitCode: 1 };
    });
    expect(await (await open(world, run, [failing])).drive()).toBe('ended');
    expect(decided).toBe(true);
    const ends = events(world, run).flatMap(({ event }) => (event.type === 'gate.ended' ? [event.outcome] : []));
    expect(ends).toEqual(['approved']);
  });

  describe('data that the database refuses', () => {
    /** Refuses everything that contains this text. */
    const refusing = (world: MemoryWorld): Partial<DriverDependencies> => {
      const { committer } = world.dependencies([]);
      const commit: typeof committer.commit = async (one) =>
        JSON.stringify(one.page).includes('cannot be stored')
          ? { kind: 'refused', message: 'no' }
          : committer.commit(one);
      return { committer: { commit } };
    };
    const bad: Outcome = { kind: 'succeeded', outputs: { text: 'cannot be stored' } };
    const together: Node = {
      ...{ kind: 'parallel', id: 'both', name: null, when: null, needs: [], stated: false, runOn: 'success' },
      ...{ timeoutMs: null, workers: [], continueOnError: false },
      body: aBlock([effect('one', { stated: true }), effect('two', { stated: true })]),
    };

    it.each([
      ['in one turn', 0],
      ['of a step that was told to stop for the first', 60],
    ])(
      'ends the run as failed, not halted, if there is more of it: %s',
      async (_, laterMs) => {
        const world = new MemoryWorld();
        const run = world.submit(aPlan(aBlock([together])));
        const acting = command(async ({ step }) => {
          await sleep(step === 'two' ? 20 + laterMs : 20);
          return bad;
        });
        const driver = await open(world, run, [acting], refusing(world));
        expect(await driver.drive()).toBe('ended');
        expect(events(world, run).at(-1)?.event).toMatchObject({ type: 'run.ended', code: 'ENGINE_COMMIT_REFUSED' });
      },
      10_000,
    );

    it('ends the run if it is the last word of a step that ran out of time', async () => {
      const world = new MemoryWorld();
      const run = world.submit(aPlan(aBlock([effect('slow', { timeoutMs: 30 })])));
      const acting = command(async () => {
        await sleep(120);
        return bad;
      });
      const driver = await open(world, run, [acting], refusing(world));
      setTimeout(() => (world.at += 1_000), 40);
      expect(await driver.drive()).toBe('ended');
    }, 10_000);
  });
});
