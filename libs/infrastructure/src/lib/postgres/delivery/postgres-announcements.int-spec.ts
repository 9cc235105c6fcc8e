import { runUuid } from '@taskrunner/core/foundation';
import type { RunId } from '@taskrunner/core/foundation';
import type { DueAnnouncement } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { aCommit, anAnnouncement, aWorker, start, submit } from '../testing/builders';
import { startTestServer } from '../testing/test-database';
import type { TestDatabase, TestServer } from '../testing/test-database';

let host: TestServer;
let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
let other: WorkerDatabase;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
  web = await database.web();
  worker = await database.worker();
  other = await database.worker();
});
afterEach(() => database.sql('delete from pack_runs.outbox'));
afterAll(() => host.stop());

async function announced(...outbox: ReturnType<typeof anAnnouncement>[]): Promise<RunId> {
  const runId = await submit(web.runStore);
  const workerSession = await worker.claims.register(aWorker());
  const claimed = (await worker.claims.claim(workerSession, 100)).find((run) => run.runId === runId);
  if (!claimed) throw new Error('not claimed');
  expect(await worker.committer.commit(aCommit(claimed, start, { outbox }))).toEqual({ kind: 'committed' });
  await worker.claims.retire(workerSession);
  return runId;
}

const take = (from = worker, overrides: Partial<Parameters<WorkerDatabase['announcements']['take']>[0]> = {}) =>
  from.announcements.take({ limit: 100, perStream: 100, busy: [], leaseMs: 60_000, ...overrides });
const types = (items: readonly DueAnnouncement[]) => items.map(({ announcement }) => announcement.type);

describe('announcements', () => {
  it('of one run and stream come one after the other, each when the one before is done', async () => {
    await announced(
      anAnnouncement(8, 'hook', { type: 'gate.ended' }),
      anAnnouncement(4, 'hook', { type: 'gate.opened' }),
      anAnnouncement(5, 'hook', { type: 'gate.counted' }),
    );
    const [first, ...more] = await take();
    expect([first?.announcement.type, first?.tries, more]).toEqual(['gate.opened', 1, []]);
    expect(await take()).toEqual([]);
    if (!first) throw new Error('none');
    await worker.announcements.postpone(first, 0, 'HTTP 500');
    const [again] = await take(other);
    expect([again?.id, again?.tries]).toEqual([first.id, 2]);
    await other.announcements.done(first);
    const [second] = await take();
    if (!second) throw new Error('none');
    expect(second.announcement.type).toBe('gate.counted');
    await worker.announcements.done(second);
    expect(types(await take())).toEqual(['gate.ended']);
  });

  it('of other runs and streams do not wait for each other', async () => {
    await announced(anAnnouncement(1, 'a'), anAnnouncement(1, 'b'), anAnnouncement(2, 'a'));
    await announced(anAnnouncement(1, 'a'));
    expect((await take()).map(({ stream }) => stream).sort()).toEqual(['a', 'a', 'b']);
  });

  it('are taken once by two workers, and again when a lease is over', async () => {
    for (let i = 0; i < 6; i++) await announced(anAnnouncement(1));
    const taken = await Promise.all([take(worker, { leaseMs: 60_000 }), take(other)]);
    const ids = taken.flat().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    await database.sql(`update pack_runs.outbox set due_at = now()`);
    const again = await take(other);
    expect(again).toHaveLength(6);
    expect(again.every(({ tries }) => tries === 2)).toBe(true);
  });

  it('leave room: of one stream so many at once, of a busy one none', async () => {
    for (let i = 0; i < 5; i++) await announced(anAnnouncement(1, 'slow'));
    await announced(anAnnouncement(1, 'fast'));
    const first = await take(worker, { limit: 3, perStream: 2 });
    expect(first.map(({ stream }) => stream).sort()).toEqual(['fast', 'slow', 'slow']);
    expect(await take(worker, { busy: ['slow'] })).toEqual([]);
    expect(await take()).toHaveLength(3);
  });

  it('that name no endpoint are spread over those of their tenant that want them, once', async () => {
    const runId = await announced();
    const body = JSON.stringify({ type: 'schedule.stopped', scheduleId: 's' });
    const insert = `insert into pack_runs.outbox (tenant_id, run_id, kind, body) values ('acme', $1, 'announce', $2)`;
    for (let i = 0; i < 2; i++) await database.sql(insert, [runUuid(runId), body]);
    expect(await take()).toEqual([]);
    const types = ['schedule.stopped', 'run.ended'] as const;
    const endpoints = [
      { tenant: 'acme', stream: 'a', types },
      { tenant: 'acme', stream: 'b', types },
      { tenant: 'acme', stream: 'c', types: ['run.ended'] as const },
      { tenant: 'globex', stream: 'd', types },
    ];
    await Promise.all([
      worker.announcements.addressToEndpoints(endpoints),
      other.announcements.addressToEndpoints(endpoints),
    ]);
    const first = await take();
    expect(first.map(({ stream, announcement }) => [stream, announcement.type]).sort()).toEqual([
      ['a', 'schedule.stopped'],
      ['b', 'schedule.stopped'],
    ]);
    for (const item of first) await worker.announcements.done(item);
    expect(await take()).toHaveLength(2);
  });

  it('that name no endpoint have places of their own in a stream, however many workers spread them at once', async () => {
    const runId = await announced();
    const body = JSON.stringify({ type: 'schedule.stopped', scheduleId: 's' });
    const insert = `insert into pack_runs.outbox (tenant_id, run_id, kind, body) values ('acme', $1, 'announce', $2)`;
    const endpoints = [{ tenant: 'acme', stream: 'a', types: ['schedule.stopped'] as const }];
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 4; i++) await database.sql(insert, [runUuid(runId), body]);
      await Promise.all(
        [worker, other, worker, other].map(({ announcements }) => announcements.addressToEndpoints(endpoints)),
      );
    }
    const [{ count }] = (await database.sql(
      `select count(*)::int as count from pack_runs.outbox where kind = 'announce' and stream = 'a'`,
    )) as [{ readonly count: number }];
    expect(count).toBe(40);
  });

  it.each(['null', '7', '{"type":"\\u0000"}', '{"type":"\\ud800","gate":"\\ud800"}'])(
    'are taken and spread beside one that no program has written: %s',
    async (body) => {
      const runId = await announced(anAnnouncement(1, 'hook'));
      const insert = `insert into pack_runs.outbox (tenant_id, run_id, kind, body, stream, place, since)
        values ('acme', $1, 'announce', $2, $3, case when $3::text is not null then 1 end, 'infinity')`;
      for (const stream of ['other', null]) await database.sql(insert, [runUuid(runId), body, stream]);
      const types = ['schedule.stopped'] as const;
      await worker.announcements.addressToEndpoints([{ tenant: 'acme', stream: 'a', types }]);
      expect((await take()).map(({ stream, since }) => [stream, since > 0]).sort()).toEqual([
        ['hook', true],
        ['other', false],
      ]);
    },
  );

  it('that are for later do not come before, and know where their gate stands', async () => {
    const runId = await announced(
      anAnnouncement(1, 'hook#reminder', { type: 'gate.reminder' }, Date.now() + 3_600_000),
    );
    expect(await take()).toEqual([]);
    await database.sql(
      `update pack_runs.outbox set due_at = now(), since = now() - interval '2 hours' where run_id = $1`,
      [runUuid(runId)],
    );
    const [item] = await take();
    expect(item).toMatchObject({ gateState: null, announcement: { type: 'gate.reminder' } });
    expect((item?.now ?? 0) - (item?.since ?? 0)).toBeGreaterThanOrEqual(7_200_000);
  });
});
