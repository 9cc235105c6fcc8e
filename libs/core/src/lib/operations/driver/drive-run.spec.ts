import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import {
  command,
  drive,
  effect,
  gate,
  handOverAll,
  noop,
  ok,
  Scripted,
  untilStopped,
} from '../../../testing/memory/driven-run';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import type { Json } from '../../foundation/json';
import type { Outcome } from '../../ports/step/executor';
import { RunDriver } from './drive-run';
import type { Refusal } from '../claimed-run/refusal';

afterEach(handOverAll);

describe('a run that nobody can keep apart', () => {
  const refusal: Refusal = { code: 'SEALED_UNENFORCEABLE', message: 'no worker can seal' };
  const unplaced: Refusal = { code: 'PROFILE_MISMATCH', message: 'no worker has its labels' };

  it.each([refusal, unplaced])(
    'ends with its reason; nothing of it starts, not even what always runs: $code',
    async (refusal) => {
      const world = new MemoryWorld();
      const run = world.submit(aPlan(aBlock([effect('act'), effect('tidy', { runOn: 'always' })])));
      const acting = command(() => ok);
      const driver = await RunDriver.open(world.dependencies([acting]), world.claim(run, false), refusal);
      if (typeof driver === 'string') throw new Error('halted');
      expect(await driver.drive()).toBe('ended');
      expect(acting.calls).toEqual([]);
      expect(world.run(run).run).toMatchObject({ status: 'failed', error: { code: refusal.code } });
      expect(world.outbox).toEqual([{ runId: run }]);
    },
  );

  it('ends also where it had begun elsewhere', async () => {
    const world = new MemoryWorld();
    const run = world.submit(
      aPlan(
        aBlock([
          effect('first'),
          gate('gate', { needs: ['first'] }),
          effect('act', { needs: ['gate'], runOn: 'always' }),
        ]),
      ),
    );
    const acting = command(() => ok);
    expect(await drive(world, run, [acting])).toBe('parked');
    expect(acting.calls).toEqual(['first#1']);
    const driver = await RunDriver.open(world.dependencies([acting]), world.claim(run, false), refusal);
    if (typeof driver === 'string') throw new Error('halted');
    expect(await driver.drive()).toBe('ended');
    expect(acting.calls).toEqual(['first#1']);
    expect(world.run(run).run).toMatchObject({ status: 'failed', error: { code: 'SEALED_UNENFORCEABLE' } });
  });
});

describe('RunDriver', () => {
  it('does not start a run before its admission if its clock is behind by some milliseconds', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([aRunNode('first')])));
    const admittedAt = world.at;
    world.at -= 5;
    expect(await drive(world, run, [noop()])).toBe('ended');
    const { startedAt, finishedAt } = world.run(run).run ?? {};
    expect(Math.min(startedAt ?? 0, finishedAt ?? 0)).toBeGreaterThanOrEqual(admittedAt);
    const times = (world.pages.get(run) ?? []).flatMap(({ entries }) => entries.map(({ at }) => at));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(admittedAt);
  });

  it('runs pure steps ahead and commits them with few pages', async () => {
    const world = new MemoryWorld();
    const nodes = Array.from({ length: 10 }, (_, i) =>
      aRunNode(`s${i}`, { needs: i === 0 ? [] : [`s${i - 1}`], with: { x: i } }),
    );
    const run = world.submit(
      aPlan(aBlock(nodes), { outputs: [{ name: 'last', type: 'object', value: '{{ steps.s9.outputs.x }}' }] }),
    );
    expect(await drive(world, run, [noop()])).toBe('ended');
    expect(world.run(run).run).toMatchObject({ status: 'succeeded', outputs: { last: 9 } });
    expect(world.pages.get(run)).toHaveLength(1);
    expect(world.outbox).toEqual([{ runId: run }]);
  });

  it.each([
    ['that take long', (world: MemoryWorld) => void (world.at += 12), {}],
    ['whose values are large', () => undefined, { x: 'x'.repeat(150_000) }],
  ])('commits before it has run far ahead with pure steps %s', async (_what, act, outputs) => {
    const world = new MemoryWorld();
    const nodes = Array.from({ length: 8 }, (_, i) => aRunNode(`s${i}`, { needs: i === 0 ? [] : [`s${i - 1}`] }));
    const run = world.submit(aPlan(aBlock(nodes)));
    const executor = new Scripted('builtin:noop', () => (act(world), { kind: 'succeeded', outputs }));
    expect(await drive(world, run, [executor])).toBe('ended');
    const ended = (world.pages.get(run) ?? []).map(
      ({ entries }) => entries.filter(({ event }) => event.type === 'step.ended').length,
    );
    expect(ended).toEqual([2, 2, 2, 2]);
  });

  it('maps over the outputs of a step and binds items, indexes and results', async () => {
    const world = new MemoryWorld();
    const plan = aPlan(
      aBlock([
        aRunNode('list', { with: { all: [1, 2, 3, 4, 5] } }),
        {
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
          label: 'number {{ n }}',
          maxItems: 10,
          width: 2,
          continueOnError: false,
          outputs: { sum: '{{ steps.work.outputs.n + i }}' },
          body: aBlock([effect('work', { with: { n: '{{ n }}' } })]),
        },
      ]),
      { outputs: [{ name: 'sums', type: 'array', value: '{{ steps.each.outputs[].sum }}' }] },
    );
    const run = world.submit(plan);
    expect(
      await drive(world, run, [noop(), command((request) => ({ kind: 'succeeded', outputs: request.with }))]),
    ).toBe('ended');
    expect(world.run(run).run?.outputs).toEqual({ sums: [1, 3, 5, 7, 9] });
    expect(world.rows.get(run)?.get('each[2]')).toMatchObject({ kind: 'item', label: 'number 3', status: 'succeeded' });
  });

  it('hands scripts over as they are, braces and all', async () => {
    const world = new MemoryWorld();
    const source = 'docker inspect -f "{{ .Image }}"';
    const run = world.submit(
      aPlan(
        aBlock([
          gate('go'),
          aRunNode('a', {
            needs: ['go'],
            uses: 'builtin:script',
            effects: 'idempotent',
            with: { source, interpreter: ['sh'] },
          }),
        ]),
      ),
    );
    const seen: Json[] = [];
    const script = new Scripted('builtin:script', (request) => (seen.push(request.with), ok));
    await drive(world, run, [script]);
    world.decide(run, 'go', 'grace');
    expect(await drive(world, run, [script])).toBe('ended');
    expect(seen).toEqual([{ source, interpreter: ['sh'] }]);
  });

  it('commits a start before it executes, and a result before it is followed', async () => {
    const world = new MemoryWorld();
    const seen: number[] = [];
    const plan = aPlan(aBlock([effect('a'), effect('b', { needs: ['a'] })]));
    const run = world.submit(plan);
    await drive(world, run, [command(() => (seen.push(world.pages.get(run)?.length ?? 0), ok))]);
    expect(seen).toEqual([1, 2]);
  });

  it('waits at a gate without a driver, opens it for a signed decision and goes on', async () => {
    const world = new MemoryWorld();
    const run = world.submit(
      aPlan(
        aBlock([
          aRunNode('find', { with: { hits: ['CVE-1'] } }),
          gate('approve', {
            needs: ['find'],
            message: '{{ length(steps.find.outputs.hits) }} hits',
            show: { hits: '{{ steps.find.outputs.hits }}' },
          }),
          effect('fix', { needs: ['approve'] }),
        ]),
      ),
    );
    const act = command(() => ok);
    expect(await drive(world, run, [noop(), act])).toBe('parked');
    expect(world.run(run).run).toMatchObject({ status: 'waiting', waits: [{ kind: 'approval', id: 'approve' }] });
    expect(world.gates.get(run)?.get('approve')).toMatchObject({
      state: 'open',
      show: { hits: ['CVE-1'] },
      request: { message: '1 hits', opens: ['fix'] },
    });
    world.decide(run, 'approve', 'grace');
    expect(await drive(world, run, [noop(), act])).toBe('ended');
    expect(act.calls).toEqual(['fix#1']);
    expect(world.run(run).status).toBe('succeeded');
  });

  it('opens nothing for a decision without a signature, and says so', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([gate('approve'), effect('fix', { needs: ['approve'] })])));
    const act = command(() => ok);
    await drive(world, run, [act]);
    world.post(run, { type: 'gate.decided', step: 'approve' } as never, null);
    expect(await drive(world, run, [act])).toBe('parked');
    expect(world.alarms.map(({ code }) => code)).toEqual(['DECISION_UNSIGNED']);
    expect(act.calls).toEqual([]);
  });

  it('ignores an initiator, a stale digest and a forged record', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([gate('approve'), effect('fix', { needs: ['approve'] })])));
    const act = command(() => ok);
    await drive(world, run, [act]);
    world.decide(run, 'approve', 'ada');
    world.decide(run, 'approve', 'grace', 'approved', { gateDigest: world.run(run).claimed.planHash });
    world.decide(run, 'approve', 'grace', 'approved', { runId: 'run_00000000000000000000000000' });
    expect(await drive(world, run, [act])).toBe('parked');
    expect(act.calls).toEqual([]);
    const ignored = world.pages
      .get(run)
      ?.flatMap((page) => page.entries)
      .filter(({ event }) => event.type === 'given.ignored');
    expect(ignored?.map(({ event }) => (event as { code: string }).code)).toEqual(['GATE_SELF_APPROVAL', 'GATE_STALE']);
  });

  it('does not park over a letter that came first', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([gate('approve'), effect('fix', { needs: ['approve'] })])));
    let posted = false;
    world.beforeCommit = (commit) => {
      if (commit.closes && !posted) {
        posted = true;
        world.post(run, { type: 'run.cancel-requested', by: { iss: 'i', sub: 's' }, reason: 'no', force: false });
      }
    };
    expect(await drive(world, run, [command(() => ok)])).toBe('ended');
    expect(world.run(run).status).toBe('cancelled');
  });

  it('starts idempotent attempts again after a crash, with the same key, and asks about once ones', async () => {
    const world = new MemoryWorld();
    const run = world.submit(
      aPlan(aBlock([effect('again', { stated: true }), effect('once', { effects: 'once', stated: true })], {})),
    );
    const keys: string[] = [];
    const hang = command((request) => (keys.push(`${request.step} ${request.key}`), untilStopped(request.signal)));
    void drive(world, run, [hang]);
    while (hang.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    const act = command((request) => (keys.push(`${request.step} ${request.key}`), ok));
    expect(await drive(world, run, [act], true)).toBe('parked');
    expect(act.calls).toEqual(['again#2']);
    expect(new Set(keys.filter((key) => key.startsWith('again'))).size).toBe(1);
    expect(world.run(run).run?.waits).toMatchObject([{ kind: 'attention', id: 'once' }]);
  });

  it('writes nothing once its claim is lost', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('a')])));
    let release: (outcome: Outcome) => void = () => undefined;
    const slow = command(() => new Promise<Outcome>((resolve) => (release = resolve)));
    const zombie = drive(world, run, [slow]);
    while (slow.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    world.claim(run);
    const before = world.pages.get(run)?.length;
    release(ok);
    expect(await zombie).toBe('claim-lost');
    expect(world.pages.get(run)?.length).toBe(before);
  });

  it('numbers log lines without a gap across executions and crashes', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('a', { stated: true }), effect('b', { stated: true })])));
    const talk = command(async (request, report) => {
      for (let i = 0; i < 600; i++)
        await report.output('stdout', new TextEncoder().encode(`${request.step} line ${i}\nhalf`));
      return ok;
    });
    await drive(world, run, [talk]);
    const chunks = await world.dependencies([]).logs.read('acme' as never, run, 0, 10_000);
    let next = 1;
    for (const chunk of chunks) {
      expect(chunk.firstLine).toBe(next);
      expect(new TextDecoder().decode(chunk.data).split('\n')).toHaveLength(chunk.lines + 1);
      next += chunk.lines;
    }
    expect(next - 1).toBe(1202);
    expect(world.run(run).lastLine).toBe(1202);
  });

  it('ends a run whose data the store refuses', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('a')])));
    const dependencies = world.dependencies([command(() => ok)]);
    let refusals = 0;
    const { committer } = dependencies;
    const picky = {
      commit: async (commit: Parameters<typeof committer.commit>[0]) =>
        commit.page.entries.some(({ event }) => event.type === 'attempt.succeeded') && refusals++ < 1
          ? { kind: 'refused' as const, message: 'no' }
          : committer.commit(commit),
    };
    const driver = await RunDriver.open({ ...dependencies, committer: picky }, world.claim(run));
    expect(await (driver as RunDriver).drive()).toBe('ended');
    expect(world.run(run).run).toMatchObject({ status: 'failed', error: { code: 'ENGINE_COMMIT_REFUSED' } });
  });

  it('ends a run POISON when a worker died on it in quarantine', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('a'), effect('clean', { needs: ['a'], runOn: 'always' })])));
    world.run(run).crashes = 2;
    const act = command(() => ok);
    expect(await drive(world, run, [act], true)).toBe('ended');
    expect(world.run(run).run).toMatchObject({ status: 'failed', error: { code: 'POISON' } });
    expect(act.calls).toEqual([]);
  });

  it('does not do again what its process died of, not even where that acts in the journal alone', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([aRunNode('a', { uses: 'builtin:noop' })])));
    const deadly = new Scripted('builtin:noop', ({ signal }) => untilStopped(signal));
    void drive(world, run, [deadly]);
    while (deadly.calls.length === 0) await new Promise((go) => setImmediate(go));
    world.run(run).crashes = 20;
    const again = noop();
    expect(await drive(world, run, [again], true)).toBe('ended');
    expect(world.run(run).run).toMatchObject({ status: 'failed', error: { code: 'POISON' } });
    expect(again.calls).toEqual([]);
  });
});
