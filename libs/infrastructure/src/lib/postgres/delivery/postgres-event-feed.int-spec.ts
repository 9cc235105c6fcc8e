import { runUuid, type RunId, type TenantId } from '@taskrunner/core/foundation';
import type { FeedEvent } from '@taskrunner/core/ports';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { aCommit, aDecision, aWorker, cancelRequest, start, submit, tenantA, tenantB } from '../testing/builders';
import { withFreshDatabases } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';
import { maintainDatabase } from '../upkeep/maintain';

const DAY_MS = 86_400_000;

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

async function eventsAfter(position: number | null, tenant: TenantId = tenantA): Promise<readonly FeedEvent[]> {
  const page = await web.eventFeed.after(tenant, position, 1_000);
  if (page.kind !== 'page') throw new Error(page.kind);
  return page.events;
}
const reported = (events: readonly FeedEvent[]) =>
  events.map(({ type, status, gate, decision }) => [type, status ?? gate, decision]);
const maintain = () =>
  maintainDatabase(database.url('maintain'), {
    ...{ journal: 14 * DAY_MS, runs: 30 * DAY_MS, evidence: 100 * DAY_MS, events: 7 * DAY_MS, tenants: [] },
  });

const connected = async (): Promise<Client> => {
  const client = new Client({ connectionString: database.url('admin') });
  await client.connect();
  return client;
};

/** Changes a run in a transaction of this connection, and leaves it open. */
async function change(client: Client, run: RunId, status: string): Promise<void> {
  await client.query('begin');
  await client.query('update pack_runs.runs set status = $2 where run_id = $1', [runUuid(run), status]);
}

describe('the feed of a tenant', () => {
  it('has what happens to runs and gates, whoever does it, and nothing of other tenants', async () => {
    const runId = await submit(web.runStore);
    const other = await submit(web.runStore, { tenant: tenantB });
    const workerSession = await worker.claims.register(aWorker());
    const claimed = (await worker.claims.claim(workerSession, 5)).find((run) => run.runId === runId);
    if (!claimed) throw new Error('not claimed');
    const gate = { gate: 'approve', approval: 'x', gateDigest: claimed.planHash, request: {}, show: null, required: 1 };
    const opened = { kind: 'opened' as const, ...gate, expiresAt: 4e12 };
    expect(await worker.committer.commit(aCommit(claimed, start, { gates: [opened] }))).toEqual({ kind: 'committed' });
    await web.gateStore.decide(aDecision(runId, 'ben', 1));
    await web.runStore.post(tenantA, runId, cancelRequest, 'cancel');
    const events = await eventsAfter(null);
    expect(reported(events)[0]).toEqual(['run.created', 'queued', null]);
    expect(reported(events.slice(1)).sort()).toEqual(
      [
        ['run.changed', 'running', null],
        ['gate.opened', 'open', null],
        ['gate.decided', 'approve', 'approved'],
        ['gate.closed', 'approved', null],
        ['run.changed', 'cancelling', null],
      ].sort(),
    );
    expect(new Set(events.map((event) => event.runId))).toEqual(new Set([runId]));
    expect(events.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
    await database.sql(
      `update pack_runs.runs set status = 'failed', evidence_status = 'sealed', evidence_digest = '\\x00' where run_id = $1`,
      [runUuid(runId)],
    );
    expect(reported(await eventsAfter(6)).sort()).toEqual([
      ['evidence.sealed', null, null],
      ['run.ended', 'failed', null],
    ]);
    expect((await eventsAfter(null, tenantB)).map((event) => [event.position, event.runId])).toEqual([[1, other]]);
    const client = new Client({ connectionString: database.url('web') });
    await client.connect();
    const forged = `insert into pack_runs.events (tenant_id, type, run) values ('${tenantA}', 'run.ended', gen_random_uuid())`;
    await expect(client.query(forged)).rejects.toMatchObject({ code: '42501' });
    await client.query(`select pack_runs.place_events('${tenantB}', 10)`);
    await client.end();
  });

  it('serves no position below which an event can still appear, though transactions commit in another order', async () => {
    const [late, early] = [await submit(web.runStore), await submit(web.runStore)];
    expect((await eventsAfter(null)).length).toBe(2);
    // It has written its event, and others commit later ones before it.
    const [slow, quick] = [await connected(), await connected()];
    await change(slow, late, 'running');
    await change(quick, early, 'running');
    await quick.query('commit');
    const first = await eventsAfter(2);
    expect(first.map(({ position, runId }) => [position, runId])).toEqual([[3, early]]);
    await change(quick, early, 'waiting');
    await quick.query('commit');
    await slow.query('commit');
    await Promise.all([slow.end(), quick.end()]);
    const second = await eventsAfter(3);
    expect(second.map(({ position }) => position)).toEqual([4, 5]);
    expect(new Set(second.map(({ runId }) => runId))).toEqual(new Set([early, late]));
  });

  it('has no gap, no double and the order of each run while many write and many read', async () => {
    const [RUNS, WRITERS] = [18, 6];
    const STATUSES = ['running', 'waiting', 'running', 'waiting', 'succeeded'];
    let isOver = false;
    const reader = async (): Promise<FeedEvent[]> => {
      const seen: FeedEvent[] = [];
      for (let isLast = false; ; isLast = isOver) {
        const page = await web.eventFeed.after(tenantA, seen.at(-1)?.position ?? 0, 7);
        if (page.kind !== 'page') throw new Error(page.kind);
        seen.push(...page.events);
        if (isLast && page.events.length === 0) return seen;
      }
    };
    const readers = Array.from({ length: 3 }, reader);
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      const client = await connected();
      for (let n = writer; n < RUNS; n += WRITERS) {
        const runId = await submit(web.runStore);
        for (const status of STATUSES) {
          await change(client, runId, status);
          // Others write and commit before this one does.
          for (let turn = 0; turn < (writer % 3) * 5; turn++) await new Promise(setImmediate);
          await client.query('commit');
        }
      }
      await client.end();
    });
    await Promise.all(writers).finally(() => (isOver = true));
    const all = await Promise.all(readers);
    for (const seen of all) {
      expect(seen.map(({ position }) => position)).toEqual(
        Array.from({ length: RUNS * (STATUSES.length + 1) }, (_, n) => n + 1),
      );
      expect(seen).toEqual(all[0]);
    }
    const byRun = new Map<RunId, FeedEvent[]>();
    for (const event of all[0] ?? []) byRun.set(event.runId, [...(byRun.get(event.runId) ?? []), event]);
    expect(byRun.size).toBe(RUNS);
    for (const events of byRun.values()) expect(events.map(({ status }) => status)).toEqual(['queued', ...STATUSES]);
  }, 120_000);

  it('goes by retention from its beginning, and says so to who asks for what is gone', async () => {
    const [first] = [await submit(web.runStore), await submit(web.runStore)];
    expect((await eventsAfter(null)).length).toBe(2);
    await submit(web.runStore);
    // The first is young again: what is removed is a beginning, so nothing is removed after it.
    await database.sql(`update pack_runs.events set at_ms = at_ms - $1::bigint where run <> $2`, [
      8 * DAY_MS,
      runUuid(first),
    ]);
    await maintain();
    expect((await eventsAfter(0)).length).toBe(3);
    await database.sql(`update pack_runs.events set at_ms = at_ms - $1::bigint where run = $2`, [
      8 * DAY_MS,
      runUuid(first),
    ]);
    await submit(web.runStore);
    await maintain();
    expect(await web.eventFeed.after(tenantA, 2, 10)).toEqual({ kind: 'gone', oldest: 3, head: 4 });
    expect((await eventsAfter(3)).map(({ position }) => position)).toEqual([4]);
    expect((await eventsAfter(null)).map(({ position }) => position)).toEqual([4]);
    expect(await web.eventFeed.after(tenantA, 5, 10)).toMatchObject({ kind: 'gone', head: 4 });
    expect(await web.eventFeed.after(tenantB, 0, 10)).toEqual({ kind: 'page', events: [], oldest: 0, head: 0 });
  });
});
