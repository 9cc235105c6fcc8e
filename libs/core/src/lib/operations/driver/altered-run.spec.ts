import { aBlock, aPlan, aRunNode } from '../../../testing/random/random-plan';
import { command, drive, effect, gate, handOverAll, noop, ok } from '../../../testing/memory/driven-run';
import { MemoryWorld } from '../../../testing/memory/memory-world';
import { sha256 } from '../../canonical/digest';
import type { RunId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { RunDriver } from './drive-run';

afterEach(handOverAll);

describe('a run whose records somebody has altered', () => {
  it.each<[string, (world: MemoryWorld, run: RunId) => void]>([
    ['a journal page', (world, run) => ((world.pages.get(run)?.[0]?.entries[1] as unknown as { at: number }).at += 1)],
    [
      'a value beside a page',
      (world, run) => {
        const values = world.pages.get(run)?.[0]?.values as Record<string, Json>;
        values[Object.keys(values)[0] ?? ''] = { hits: [] };
      },
    ],
    ['a page that is missing', (world, run) => world.pages.get(run)?.pop()],
    ['a step row', (world, run) => Object.assign(world.rows.get(run)?.get('approve') ?? {}, { status: 'succeeded' })],
    [
      'a gate digest',
      (world, run) =>
        Object.assign(world.gates.get(run)?.get('approve') ?? {}, { gateDigest: world.run(run).claimed.planHash }),
    ],
  ])('halts on %s that was edited while the run waited, and opens nothing', async (_what, edit) => {
    const world = new MemoryWorld();
    const run = world.submit(
      aPlan(
        aBlock([
          aRunNode('find', { with: { hits: ['CVE-1'] } }),
          gate('approve', { needs: ['find'] }),
          effect('fix', { needs: ['approve'] }),
        ]),
      ),
    );
    const act = command(() => ok);
    await drive(world, run, [noop(), act]);
    edit(world, run);
    world.decide(run, 'approve', 'grace');
    expect(await drive(world, run, [noop(), act])).toBe('halted');
    expect(world.run(run).halted).toBe('JOURNAL_TAMPERED');
    expect(act.calls).toEqual([]);
  });

  it.each<[string, string, (run: ReturnType<MemoryWorld['run']>) => void]>([
    [
      'plan',
      'DOCUMENT_ALTERED',
      (run) => Object.assign(run.claimed, { plan: run.claimed.plan.replace('"test"', '"evil"') }),
    ],
    ['inputs', 'DOCUMENT_ALTERED', (run) => Object.assign(run.claimed, { inputs: { region: 'evil' } })],
    [
      'plan and its hash',
      'ADMISSION_INVALID',
      (run) => {
        const plan = run.claimed.plan.replace('"test"', '"evil"');
        Object.assign(run.claimed, { plan, planHash: run.claimed.admissionDigest });
      },
    ],
    [
      'profile',
      'DOCUMENT_ALTERED',
      (run) =>
        Object.assign(run.claimed, { profile: run.claimed.profile.replace('"maxParallel":3', '"maxParallel":9') }),
    ],
    [
      'environment',
      'DOCUMENT_ALTERED',
      (run) => Object.assign(run.claimed, { environment: run.claimed.environment.replace('none/v1', 'evil/v1') }),
    ],
    ['tenant', 'ADMISSION_INVALID', (run) => Object.assign(run.claimed, { tenant: 'globex' })],
  ])('halts a queued run whose %s was swapped: %s', async (_what, code, swap) => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('a')])));
    swap(world.run(run));
    const act = command(() => ok);
    expect(await drive(world, run, [act])).toBe('halted');
    expect(world.run(run).halted).toBe(code);
    expect(act.calls).toEqual([]);
  });

  it.each<[string, (world: MemoryWorld, run: RunId) => void]>([
    ['counter that no message has', (world, run) => Object.assign(world.run(run), { inbox: 7 })],
    ['message behind a gap', (world, run) => Object.assign(world.inbox.get(run)?.[0] ?? {}, { position: 9 })],
    ['message that is missing', (world, run) => world.inbox.get(run)?.shift()],
    ...[
      null,
      7,
      'a document that nobody can read',
      { type: 7 },
      { type: '\ud800' },
      { type: 'gate.decided' },
      { type: 'attention.resolved', step: 7 },
      { type: 'run.cancel-requested', by: null, reason: 'r', force: false },
      { type: 'run.cancel-requested', by: { iss: 'i', sub: 's' }, reason: null, force: false },
    ].map((input): [string, (world: MemoryWorld, run: RunId) => void] => [
      `message that nobody has written: ${JSON.stringify(input)}`,
      (world, run) => Object.assign(world.inbox.get(run)?.[0] ?? {}, { input }),
    ]),
    [
      'message of a time that cannot be',
      (world, run) => Object.assign(world.inbox.get(run)?.[0] ?? {}, { postedAt: 9e15 }),
    ],
  ])('halts on an inbox with a %s, and waits for none', async (_what, edit) => {
    const world = new MemoryWorld();
    const run = world.submit(
      aPlan(aBlock([gate('one'), gate('two', { needs: ['one'] }), effect('fix', { needs: ['two'] })])),
    );
    const act = command(() => ok);
    await drive(world, run, [act]);
    world.decide(run, 'one', 'grace');
    edit(world, run);
    expect(await drive(world, run, [act])).toBe('halted');
    expect(world.run(run).halted).toBe('DOCUMENT_ALTERED');
    expect(world.alarms.at(-1)).toMatchObject({ detail: { document: 'status' } });
    expect(act.calls).toEqual([]);
  });

  it.each([{}, { values: { a: '\ud800' } }, { runId: '\ud800' }, { reported: undefined }])(
    'takes no report of another worker that no worker has written: %j',
    async (members) => {
      const world = new MemoryWorld();
      const run = world.submit(aPlan(aBlock([gate('one'), effect('fix', { needs: ['one'] })])));
      const act = command(() => ok);
      await drive(world, run, [act]);
      world.post(run, { type: 'assignment.reported', runId: run, ...members } as never);
      expect(await drive(world, run, [act])).toBe('parked');
      expect(world.alarms.at(-1)).toMatchObject({ code: 'REPORT_UNSIGNED' });
      expect(act.calls).toEqual([]);
    },
  );

  it.each([null, 7, 'a document that nobody can read', { a: null }, [null], [{ path: 'a' }]])(
    'halts on a listing of files that is none: %j',
    async (files) => {
      const world = new MemoryWorld();
      const run = world.submit(aPlan(aBlock([effect('a')])));
      Object.assign(world.run(run).claimed, { files });
      expect(await drive(world, run, [command(() => ok)])).toBe('halted');
      expect(world.alarms.at(-1)).toMatchObject({ code: 'DOCUMENT_ALTERED', detail: { document: 'pack' } });
    },
  );

  it('halts a run that has begun where its pack is another by now, and says which digests', async () => {
    const world = new MemoryWorld();
    const run = world.submit(
      aPlan(aBlock([effect('a'), gate('go', { needs: ['a'] }), effect('b', { needs: ['go'] })])),
    );
    const dependencies = world.dependencies([command(() => ok)]);
    const first = await RunDriver.open(dependencies, world.claim(run));
    if (!(first instanceof RunDriver)) throw new Error(first);
    expect(await first.drive()).toBe('parked');
    const others = world.dependencies([command(() => ok)], { contents: async () => ({ '': sha256('another pack') }) });
    expect(await RunDriver.open(others, world.claim(run))).toBe('halted');
    expect(world.run(run).halted).toBe('DOCUMENT_ALTERED');
    expect(world.alarms.at(-1)).toMatchObject({
      code: 'DOCUMENT_ALTERED',
      detail: { document: 'pack', found: sha256('another pack'), expected: expect.stringMatching(/^sha256:/) },
    });
  });

  it('halts when the admitted pack no longer gives the admitted hash', async () => {
    const world = new MemoryWorld();
    const run = world.submit(aPlan(aBlock([effect('a')])));
    const dependencies = world.dependencies([command(() => ok)], { replan: async () => null });
    expect(await RunDriver.open(dependencies, world.claim(run))).toBe('halted');
    expect(world.run(run).halted).toBe('PLAN_HASH_MISMATCH');
  });
});
