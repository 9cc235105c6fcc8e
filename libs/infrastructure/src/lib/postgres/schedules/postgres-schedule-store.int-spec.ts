import { runUuid, scheduleUuid } from '@taskrunner/core/foundation';
import type { RunId } from '@taskrunner/core/foundation';
import type { NewRun, ScheduleStore, TickPlace } from '@taskrunner/core/ports';
import type { Schedule, StopNotice } from '@taskrunner/core/schedule';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase } from '../databases';
import { aNewRun, tenantA, tenantB } from '../testing/builders';
import { aSchedule } from '../testing/schedules';
import { startTestServer } from '../testing/test-database';
import type { TestDatabase, TestServer } from '../testing/test-database';

const MINUTE = 60_000;
const LONG = 600_000;
const audit = { type: 'schedule.created' };
const by = { iss: 'https://id.test', sub: 'ada' };

let host: TestServer;
let database: TestDatabase;
let webs: WebDatabase[];
let store: ScheduleStore;

beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
});
afterAll(() => host.stop());
beforeEach(async () => {
  database = await host.database();
  webs = await Promise.all([1, 2, 3].map(() => database.web({ connections: 4, keptTicks: 5 })));
  store = (webs[0] as WebDatabase).scheduleStore;
});
afterEach(() => database.close());

/** A stored schedule that has been due for `ago` milliseconds. */
async function kept(ago = 0, overrides: Partial<Schedule> = {}): Promise<Schedule> {
  const { at, scheduleId } = await store.stamp();
  const schedule = aSchedule(scheduleId, Math.floor((at - ago) / MINUTE) * MINUTE, overrides);
  expect(await store.create(schedule, 100, audit)).toEqual({ kind: 'kept' });
  return schedule;
}

function placeOf({ tenant, scheduleId, revision, next }: Schedule, tick = next ?? 0): TickPlace {
  return { tenant, scheduleId, revision, tick };
}

async function aRun(web = webs[0] as WebDatabase, overrides: Partial<NewRun> = {}): Promise<NewRun> {
  const { at, runId } = await web.runStore.stamp();
  return aNewRun(runId, at, overrides);
}

const count = async (table: string) =>
  (await database.sql<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n;

describe('schedules', () => {
  it('are kept, found, listed, replaced and removed, each with its audit row', async () => {
    const schedule = await kept();
    expect(await store.find(tenantA, schedule.scheduleId)).toEqual(schedule);
    const { source, inputs, ...summary } = schedule;
    expect([source, inputs]).toBeDefined();
    expect(await store.list(tenantA, 10, null)).toEqual([summary]);
    expect(await store.list(tenantA, 10, schedule.scheduleId)).toEqual([]);
    const edited = { ...schedule, revision: 2, paused: true, labels: {}, next: schedule.next };
    expect(await store.replace(edited, schedule.next, audit)).toEqual({ kind: 'kept' });
    expect(await store.find(tenantA, schedule.scheduleId)).toEqual(edited);
    expect(await store.replace(edited, schedule.next, audit)).toEqual({ kind: 'refused', code: 'SCHEDULE_CHANGED' });
    expect(await store.remove(tenantA, schedule.scheduleId, audit)).toBe(true);
    expect(await store.remove(tenantA, schedule.scheduleId, audit)).toBe(false);
    expect(await count('pack_runs.audit')).toBe(3);
  });

  it('are not said to have a name that is taken where the audit chain cannot be continued', async () => {
    const schedule = await kept();
    await database.sql('update pack_runs.audit_heads set seq = 0');
    const { scheduleId } = await store.stamp();
    const refused = { code: 'AUDIT_CHAIN_ALTERED', tenant: tenantA };
    await expect(store.create(aSchedule(scheduleId, 1, { name: 'other' }), 100, audit)).rejects.toMatchObject(refused);
    const run = await aRun();
    const started = store.start(placeOf(schedule), { run, next: null, replaces: [], by });
    await expect(started).rejects.toMatchObject(refused);
  });

  it('are of one tenant: another finds, changes and removes nothing', async () => {
    const schedule = await kept();
    expect(await store.find(tenantB, schedule.scheduleId)).toBeNull();
    expect(await store.list(tenantB, 10, null)).toEqual([]);
    expect(await store.remove(tenantB, schedule.scheduleId, audit)).toBe(false);
    const foreign = { ...schedule, tenant: tenantB, revision: 2 };
    expect(await store.replace(foreign, schedule.next, audit)).toEqual({ kind: 'refused', code: 'SCHEDULE_CHANGED' });
    expect(await store.skip(placeOf(foreign), { last: 1, count: 1, reason: 'MISSED', next: null })).toBe('taken');
    expect(await store.find(tenantA, schedule.scheduleId)).toEqual(schedule);
  });

  it('are no more than the limit and have different names, however many are made at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const { scheduleStore } = webs[at % 3] as WebDatabase;
        const { scheduleId } = await scheduleStore.stamp();
        return scheduleStore.create(aSchedule(scheduleId, 1, { name: `n${at % 10}` }), 7, audit);
      }),
    );
    expect(made.filter(({ kind }) => kind === 'kept')).toHaveLength(7);
    expect(await count('pack_runs.schedules')).toBe(7);
    const [one, other] = await store.list(tenantA, 2, null);
    const whole = (await store.find(tenantA, one?.scheduleId as Schedule['scheduleId'])) as Schedule;
    expect(await store.replace({ ...whole, revision: 2, name: other?.name ?? '' }, whole.next, audit)).toEqual({
      kind: 'refused',
      code: 'SCHEDULE_NAME_TAKEN',
    });
  });
});

describe('a due schedule', () => {
  it('is told to one process at a time, and to another when the lease is over', async () => {
    const due = [await kept(), await kept(LONG)];
    await kept(-LONG);
    await kept(0, { paused: true });
    const reported = (await Promise.all(webs.map((web) => web.scheduleStore.takeDue(10, LONG)))).flat();
    expect(reported.map(({ scheduleId }) => scheduleId).sort()).toEqual(due.map(({ scheduleId }) => scheduleId).sort());
    expect(await store.takeDue(10, LONG)).toEqual([]);
    await database.sql(`update pack_runs.schedules set leased_until = now() - interval '1 second'`);
    expect(await store.takeDue(1, LONG)).toEqual([{ tenant: tenantA, scheduleId: due[1]?.scheduleId }]);
  });

  it('with much to make up does not hold up another', async () => {
    const behind = await kept(LONG);
    const [first] = await store.takeDue(1, LONG);
    expect(first?.scheduleId).toBe(behind.scheduleId);
    const tick = behind.next ?? 0;
    await store.skip(placeOf(behind), { last: tick, count: 1, reason: 'MISSED', next: tick + MINUTE });
    const other = await kept();
    expect(await store.takeDue(1, LONG)).toEqual([{ tenant: tenantA, scheduleId: other.scheduleId }]);
    expect(await store.takeDue(1, LONG)).toEqual([{ tenant: tenantA, scheduleId: behind.scheduleId }]);
  });

  it('tells its runs under way', async () => {
    const schedule = await kept(5 * MINUTE);
    const tick = schedule.next ?? 0;
    const [first, second] = [await aRun(), await aRun()];
    await store.start(placeOf(schedule), { run: first, next: tick + MINUTE, replaces: [], by });
    await store.start(placeOf(schedule, tick + MINUTE), { run: second, next: tick + 2 * MINUTE, replaces: [], by });
    const active = [first, second].map(({ runId, admission }) => ({ runId, admission }));
    expect((await store.due(tenantA, schedule.scheduleId))?.active).toEqual(active);
    await database.sql(`update pack_runs.runs set status = 'failed' where run_id = $1`, [runUuid(first.runId)]);
    expect((await store.due(tenantA, schedule.scheduleId))?.active).toEqual(active.slice(1));
  });
});

describe('a tick', () => {
  it('is taken once, whoever tries: one run, one line of history', async () => {
    const schedule = await kept();
    const next = (schedule.next ?? 0) + MINUTE;
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, async (_, at) => {
        const web = webs[at % 3] as WebDatabase;
        const run = await aRun(web);
        return [run.runId, await web.scheduleStore.start(placeOf(schedule), { run, next, replaces: [], by })] as const;
      }),
    );
    const winners = outcomes.filter(([, outcome]) => outcome === 'done');
    expect(winners).toHaveLength(1);
    expect(await count('pack_runs.runs')).toBe(1);
    expect(await store.ticks(tenantA, schedule.scheduleId, 10, null)).toEqual([
      {
        first: schedule.next,
        last: schedule.next,
        count: 1,
        outcome: 'ran',
        reason: null,
        runId: winners[0]?.[0],
        at: expect.any(Number),
        admission: expect.objectContaining({ payloadType: expect.any(String) }),
      },
    ]);
    expect((await store.find(tenantA, schedule.scheduleId))?.next).toBe(next);
  });

  it('is not waited for where the history has it already, and does not run', async () => {
    const schedule = await kept();
    const next = (schedule.next ?? 0) + MINUTE;
    await database.sql(
      `insert into pack_runs.schedule_ticks (tenant_id, schedule_id, tick_ms, last_ms, count, outcome, decided_ms)
       select tenant_id, schedule_id, next_ms, next_ms, 1, 'skipped', 0 from pack_runs.schedules where next_ms = $1`,
      [schedule.next],
    );
    const run = await aRun();
    expect(await store.start(placeOf(schedule), { run, next, replaces: [], by })).toBe('taken');
    expect((await store.find(tenantA, schedule.scheduleId))?.next).toBe(next);
    expect(await count('pack_runs.runs')).toBe(0);
  });

  it('is not taken where its run is not created', async () => {
    const schedule = await kept();
    const run = await aRun(undefined, { inputs: null as unknown as string });
    await expect(store.start(placeOf(schedule), { run, next: null, replaces: [], by })).rejects.toMatchObject({
      code: '23502',
    });
    expect(await store.ticks(tenantA, schedule.scheduleId, 10, null)).toEqual([]);
    expect(await store.find(tenantA, schedule.scheduleId)).toEqual(schedule);
  });

  it.each<[string, (schedule: Schedule) => Promise<unknown>]>([
    ['was edited', (one) => store.replace({ ...one, revision: 2 }, one.next, audit)],
    ['was removed', (one) => store.remove(tenantA, one.scheduleId, audit)],
    ['has moved on', (one) => store.skip(placeOf(one), { last: 1, count: 1, reason: 'MISSED', next: 5 })],
  ])('is not taken where the schedule %s', async (_name, change) => {
    const schedule = await kept();
    await change(schedule);
    expect(await store.start(placeOf(schedule), { run: await aRun(), next: null, replaces: [], by })).toBe('taken');
    expect(await count('pack_runs.runs')).toBe(0);
  });

  it('keeps an edit out that was made before it: nothing ticks twice', async () => {
    const schedule = await kept();
    const next = (schedule.next ?? 0) + MINUTE;
    await store.start(placeOf(schedule), { run: await aRun(), next, replaces: [], by });
    expect(await store.replace({ ...schedule, revision: 2 }, schedule.next, audit)).toEqual({
      kind: 'refused',
      code: 'SCHEDULE_CHANGED',
    });
  });

  it('asks those that it replaces to stop, in the same transaction', async () => {
    const schedule = await kept(MINUTE);
    const tick = schedule.next ?? 0;
    const old = await aRun();
    await store.start(placeOf(schedule), { run: old, next: tick + MINUTE, replaces: [], by });
    const place = placeOf(schedule, tick + MINUTE);
    const broken = await aRun(undefined, { inputs: null as unknown as string });
    await expect(store.start(place, { run: broken, next: null, replaces: [old.runId], by })).rejects.toBeDefined();
    expect(await count('pack_runs.inbox')).toBe(0);
    expect(await store.start(place, { run: await aRun(), next: null, replaces: [old.runId], by })).toBe('done');
    const [message] = await database.sql<{ run_id: string; given: object }>(
      'select run_id, given from pack_runs.inbox',
    );
    expect(message).toMatchObject({ run_id: runUuid(old.runId), given: { type: 'run.cancel-requested', by } });
    const [shown] = (await (webs[0] as WebDatabase).runReader.list(tenantA, { text: old.runId }, 1, null)).runs;
    expect(shown?.cancellation).toMatchObject({
      ...{ by, force: false },
      reason: expect.stringMatching(`^replaced by the tick of .* of ${schedule.scheduleId}$`) as string,
    });
  });

  it('waits in line for those that it replaces, also where its run refuses to wait for others', async () => {
    const schedule = await kept(MINUTE);
    const tick = schedule.next ?? 0;
    const concurrency = { group: 'deploy', onConflict: 'refuse' } as const;
    const old = await aRun(undefined, { concurrency });
    await store.start(placeOf(schedule), { run: old, next: tick + MINUTE, replaces: [], by });
    const place = placeOf(schedule, tick + MINUTE);
    const made = await aRun(undefined, { concurrency });
    expect(await store.start(place, { run: made, next: null, replaces: [], by })).toBe('held');
    expect(await count('pack_runs.inbox')).toBe(0);
    expect(await store.start(place, { run: made, next: null, replaces: [old.runId], by })).toBe('done');
    const messages = await database.sql('select run_id from pack_runs.inbox');
    expect(messages).toEqual([{ run_id: runUuid(old.runId) }]);
    const line = await database.sql('select run_id, status from pack_runs.runs where in_line');
    expect(line).toEqual([{ run_id: runUuid(made.runId), status: 'waiting' }]);
  });

  it('that stops the schedule is audited and announced, and it is due no more', async () => {
    const schedule = await kept();
    const notice: StopNotice = {
      code: 'PLAN_HASH_MISMATCH',
      message: 'm',
      tick: schedule.next ?? 0,
      found: null,
      at: 7,
    };
    expect(
      await store.stop(placeOf(schedule), notice, { type: 'schedule.stopped', scheduleId: schedule.scheduleId }),
    ).toBe('done');
    expect(await store.find(tenantA, schedule.scheduleId)).toMatchObject({ stopped: notice, next: null });
    expect(await store.takeDue(10, LONG)).toEqual([]);
    expect(await store.ticks(tenantA, schedule.scheduleId, 10, null)).toMatchObject([
      { outcome: 'stopped', reason: 'PLAN_HASH_MISMATCH', runId: null },
    ]);
    expect(await database.sql('select tenant_id, run_id, kind, body from pack_runs.outbox')).toEqual([
      {
        tenant_id: tenantA,
        run_id: scheduleUuid(schedule.scheduleId),
        kind: 'announce',
        body: { type: 'schedule.stopped', scheduleId: schedule.scheduleId },
      },
    ]);
    expect(await count('pack_runs.audit')).toBe(2);
  });

  it('leaves a history of limited length, but for runs under way', async () => {
    const schedule = await kept(30 * MINUTE);
    let tick = schedule.next ?? 0;
    const runs: RunId[] = [];
    for (let n = 0; n < 12; n++) {
      const place = placeOf(schedule, tick);
      tick += MINUTE;
      if (n < 2) {
        const run = await aRun();
        runs.push(run.runId);
        await store.start(place, { run, next: tick, replaces: [], by });
      } else await store.skip(place, { last: place.tick, count: 1, reason: 'MISSED', next: tick });
    }
    const lines = await store.ticks(tenantA, schedule.scheduleId, 100, null);
    expect(lines.map(({ outcome }) => outcome)).toEqual([...Array.from({ length: 5 }, () => 'skipped'), 'ran', 'ran']);
    await database.sql(`update pack_runs.runs set status = 'succeeded'`);
    await store.skip(placeOf(schedule, tick), { last: tick, count: 1, reason: 'MISSED', next: null });
    expect(await store.ticks(tenantA, schedule.scheduleId, 100, null)).toHaveLength(5);
  });
});
