import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonical, sha256 } from '@taskrunner/core/canonical';
import { chainFault } from '@taskrunner/core/evidence';
import { runUuid, scheduleUuid } from '@taskrunner/core/foundation';
import type { RunId, StepId } from '@taskrunner/core/foundation';
import type { ClaimedRun } from '@taskrunner/core/ports';
import { MemoryObjects } from '@taskrunner/core/testing';
import { CronerCalendar } from '../../calendar/croner-calendar';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { aCommit, after, aStep, aWorker, cancelRequest, start, submit, tenantA, tenantB } from '../testing/builders';
import { aSchedule } from '../testing/schedules';
import { startTestServer, type TestDatabase, type TestServer } from '../testing/test-database';
import { backUpDatabase } from './backup-database';
import { restoreDatabase, type RestoredDatabase } from './restore-database';
import { resumeRuns } from './resume-runs';
import { settleRecovered } from './settle-recovered';

let host: TestServer;
let source: TestDatabase;
let target: TestDatabase;
let home: string;
let before: { web: WebDatabase; worker: WorkerDatabase };

beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
});
afterAll(() => host.stop());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'taskrunner-settle-'));
  source = await host.database();
  target = await host.database();
  before = { web: await source.web(), worker: await source.worker() };
});
afterEach(async () => {
  await source.close();
  await target.close();
  await rm(home, { recursive: true });
});

/** A run whose only step has these effects. */
async function aRun(effects: 'once' | 'idempotent', supplied: Parameters<typeof submit>[1] = {}): Promise<RunId> {
  const plan = canonical({ inputs: { image: 'app:1' }, graph: { nodes: [{ kind: 'run', id: 'act', effects }] } });
  return submit(before.web.runStore, { plan, planHash: sha256(plan), ...supplied });
}

/** Backs up, restores into the other database, and opens it as services would. */
async function moved(): Promise<{ web: WebDatabase; worker: WorkerDatabase; reported: RestoredDatabase }> {
  const folder = join(home, 'backup');
  const objects = new MemoryObjects();
  await backUpDatabase(source.url('maintain'), { folder, product: '0.1.0', objects, copyObjects: false });
  const asked = { mode: 'check', keys: [], keysMode: 'check', expected: null } as const;
  const reported = await restoreDatabase(target.url('maintain'), {
    ...{ folder, objects, calendar: new CronerCalendar() },
    ...asked,
  });
  return { web: await target.web(), worker: await target.worker(), reported };
}

async function claimed({ worker }: { readonly worker: WorkerDatabase }): Promise<readonly ClaimedRun[]> {
  return worker.claims.claim(await worker.claims.register(aWorker()), 99);
}

describe('after a restore', () => {
  it('a run goes on under a fence that no worker of before has, and those write nothing', async () => {
    const run = await aRun('idempotent');
    const [old] = await claimed(before);
    if (!old) throw new Error('not claimed');
    const first = aCommit(old, start, { steps: [aStep('act', { status: 'running' })] });
    await before.worker.committer.commit(first);
    const { worker, reported } = await moved();
    expect(reported).toMatchObject({ standing: [], goingOn: 1 });
    const [now] = await claimed({ worker });
    expect(now).toMatchObject({ runId: run, lastSeq: 1, crashes: 0 });
    expect(now?.fence).toBeGreaterThan(old.fence + 100_000);
    // A worker from before the restore is still alive and connects to this database.
    expect(await worker.committer.commit(aCommit(old, after(first)))).not.toEqual({ kind: 'committed' });
    if (now) expect(await worker.committer.commit(aCommit(now, after(first)))).toEqual({ kind: 'committed' });
    expect(await target.sql(`select from pack_runs.workers where name = 'worker-1'`)).toHaveLength(1);
  });

  it('a run that may act once stands, whatever comes, until somebody lets it go on; what it has lent stands, too', async () => {
    const run = await aRun('once');
    const unreadable = await submit(before.web.runStore, { tenant: tenantB });
    const [old] = (await claimed(before)).filter(({ runId }) => runId === run);
    if (!old) throw new Error('not claimed');
    const assignment = {
      name: 'fan[0]::act#1',
      step: 'fan' as StepId,
      first: 0,
      last: 0,
      items: 1,
      body: '[]',
      mac: 'cd',
    };
    const assignments = { dispatched: [assignment], revoked: [], settled: [] };
    await before.worker.committer.commit(aCommit(old, start, { assignments }));
    const { web, worker, reported } = await moved();
    expect(reported.standing).toEqual(
      expect.arrayContaining([
        { tenant: tenantA, runId: run },
        { tenant: tenantB, runId: unreadable },
      ]),
    );
    const workerSession = await worker.claims.register(aWorker());
    const dispatched = async () => [
      (await worker.claims.claim(workerSession, 99)).map(({ runId }) => runId),
      await worker.assignments.claim(workerSession),
    ];
    expect(await dispatched()).toEqual([[], null]);
    expect(await web.runReader.summary(tenantA, run)).toMatchObject({
      status: 'waiting',
      waits: [{ kind: 'restore', id: null, until: null }],
    });
    const stuck = async (reason: 'any' | 'restore') =>
      (await web.runReader.list(tenantA, { stuck: reason }, 9, null)).runs.map(({ runId, stuck: why }) => [runId, why]);
    expect([await stuck('any'), await stuck('restore')]).toEqual([[[run, 'restore']], [[run, 'restore']]]);
    const held = await web.runReader.summary(tenantA, run);
    expect(held?.stuck).toBe('restore');
    // Restored runs that no worker drives are not counted as load.
    expect(await web.backlog()).toMatchObject({ ownedRuns: 0, stuck: { restore: 2 } });
    await web.runStore.post(tenantA, run, cancelRequest, 'cancel');
    await worker.claims.sweep(workerSession);
    expect(await dispatched()).toEqual([[], null]);

    const resume = (id: RunId | null) =>
      resumeRuns(target.url('maintain'), { tenant: tenantA, run: id, reason: 'looked at the registry' });
    await expect(resume(unreadable)).rejects.toMatchObject({ code: 'DB_RUN_UNKNOWN' });
    expect(await resume(run)).toEqual([run]);
    expect([await stuck('any'), (await web.backlog()).stuck.restore]).toEqual([[], 1]);
    // A changed view has another version.
    const resumed = await web.runReader.summary(tenantA, run);
    expect([resumed?.stuck, resumed?.version !== held?.version]).toEqual([null, true]);
    await expect(resume(null)).rejects.toMatchObject({ code: 'DB_RUN_UNKNOWN' });
    expect(await dispatched()).toEqual([[run], expect.objectContaining({ name: assignment.name })]);
    const audit = await web.auditChain.entries(tenantA, 0, 99);
    expect(chainFault(audit)).toBeNull();
    expect(audit.slice(-2).map(({ event }) => (typeof event === 'string' ? JSON.parse(event) : event))).toEqual([
      expect.objectContaining({
        type: 'database.restored',
        backup: reported.digest,
        takenAt: reported.manifest.takenAt,
        standingRuns: 1,
      }),
      expect.objectContaining({ type: 'run.resumed', runId: run, reason: 'looked at the registry' }),
    ]);
  });

  it('a run that waits for its group goes on waiting when it is let go', async () => {
    const concurrency = { group: 'deploy', onConflict: 'queue' } as const;
    const [holder, waiting] = [await aRun('once', { concurrency }), await aRun('once', { concurrency })];
    const { worker, web } = await moved();
    await resumeRuns(target.url('maintain'), { tenant: tenantA, run: null, reason: 'all seen' });
    expect((await claimed({ worker })).map(({ runId }) => runId)).toEqual([holder]);
    expect(await web.runReader.summary(tenantA, waiting)).toMatchObject({
      status: 'waiting',
      waits: [{ kind: 'concurrency', id: 'deploy', until: null }],
    });
  });

  it('a row with a fence, a version, a position or a tick that nothing can follow keeps no other from going on', async () => {
    const [acting, altered, other] = [await aRun('once'), await aRun('idempotent'), await aRun('idempotent')];
    const { at, scheduleId } = await before.web.scheduleStore.stamp();
    await before.web.scheduleStore.create(aSchedule(scheduleId, at), 9, { type: 'schedule.created' });
    await source.sql(
      `update pack_runs.runs set fence = 9223372036854775807, version = 9223372036854775807 where run_id in ('${runUuid(altered)}', '${runUuid(acting)}');
       insert into pack_runs.event_heads (tenant_id, position, removed) values ('acme', 9223372036854775807, 9223372036854775807)
         on conflict (tenant_id) do update set position = excluded.position, removed = excluded.removed;
       update pack_runs.schedules set next_ms = -9223372036854775808`,
    );
    const restored = await moved();
    expect(restored.reported).toMatchObject({ standing: [{ runId: acting }], goingOn: 2, skipped: 0 });
    expect((await claimed(restored)).map(({ runId }) => runId)).toEqual([other]);
    expect(await target.sql('select position - removed as events from pack_runs.event_heads')).toEqual([
      { events: '0' },
    ]);
  });

  it('runs that have ended stay as they were', async () => {
    await aRun('once');
    const [run] = await claimed(before);
    if (!run) throw new Error('not claimed');
    const ending = { closes: true, releases: true, run: { status: 'succeeded', finishedAt: 1 } } as const;
    await before.worker.committer.commit(aCommit(run, start, ending));
    const { reported, web } = await moved();
    expect(reported).toMatchObject({ standing: [], goingOn: 0 });
    expect(await web.runReader.summary(tenantA, run.runId)).toMatchObject({ status: 'succeeded' });
  });

  it('a value of one run that no index can hold keeps no other from going on', async () => {
    const [altered, other] = [await aRun('idempotent'), await aRun('idempotent', { tenant: tenantB })];
    expect(await claimed(before)).toHaveLength(2);
    await source.sql(
      `update pack_runs.runs set worker_labels = (select array_agg(md5(n::text) || md5((-n)::text)) from generate_series(1, 400) n)
       where run_id = $1`,
      [runUuid(altered)],
    );
    const { worker } = await moved();
    expect((await claimed({ worker })).map(({ runId }) => runId)).toEqual([other]);
  });

  it('ticks that were due are skipped, whatever the schedule says of those that were missed', async () => {
    const { at, scheduleId } = await before.web.scheduleStore.stamp();
    const audit = { type: 'schedule.created' };
    const minute = Math.floor(at / 60_000) * 60_000;
    await before.web.scheduleStore.create(aSchedule(scheduleId, minute - 2_000 * 60_000), 9, audit);
    const { scheduleId: paused } = await before.web.scheduleStore.stamp();
    await before.web.scheduleStore.create(aSchedule(paused, minute, { paused: true, tenant: tenantB }), 9, audit);
    const { web, reported } = await moved();
    expect(reported.skipped).toBe(1);
    const ticks = await web.scheduleStore.ticks(tenantA, scheduleId, 9, null);
    expect(new Set(ticks.map(({ outcome, reason }) => `${outcome} ${reason}`))).toEqual(new Set(['skipped MISSED']));
    expect(ticks.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(2_001);
    // No tick that was due is left. The next tick may have become due meanwhile.
    const next = (await web.scheduleStore.find(tenantA, scheduleId))?.next ?? 0;
    expect(next).toBeGreaterThan(Date.parse(reported.manifest.takenAt));
    expect(next).toBe((ticks[0]?.last ?? 0) + 60_000);
    expect((await web.scheduleStore.find(tenantB, paused))?.next).toBe(minute);
  });

  it('a damaged row of one tenant is told, and holds up neither the restore nor other tenants', async () => {
    const { at, scheduleId } = await before.web.scheduleStore.stamp();
    const audit = { type: 'schedule.created' };
    await before.web.scheduleStore.create(aSchedule(scheduleId, at - 600_000), 9, audit);
    const { scheduleId: broken } = await before.web.scheduleStore.stamp();
    await before.web.scheduleStore.create(aSchedule(broken, at - 600_000, { tenant: tenantB }), 9, audit);
    const { scheduleId: outside } = await before.web.scheduleStore.stamp();
    await before.web.scheduleStore.create(aSchedule(outside, at - 600_000, { tenant: tenantB }), 9, audit);
    await source.sql(`update pack_runs.schedules set cron = 'every day' where schedule_id = $1`, [
      scheduleUuid(broken),
    ]);
    await source.sql(`update pack_runs.schedules set time_zone = 'Nowhere' where schedule_id = $1`, [
      scheduleUuid(outside),
    ]);
    // The next entry would have the number of an existing one.
    await source.sql(`update pack_runs.audit_heads set seq = 0 where tenant_id = $1`, [tenantB]);
    const { web, reported } = await moved();
    expect(reported.skipped).toBe(1);
    expect(reported.stoppedSchedules).toEqual([
      { tenant: tenantB, scheduleId: broken, reason: expect.stringContaining('every day') as string },
      { tenant: tenantB, scheduleId: outside, reason: expect.stringContaining('Nowhere') as string },
    ]);
    expect(reported.unaudited).toEqual([{ tenant: tenantB, reason: expect.stringContaining('audit_pkey') as string }]);
    const { event } = (await web.auditChain.entries(tenantA, 0, 99)).at(-1) ?? {};
    expect(event).toMatchObject({ type: 'database.restored' });
    const stopped = await web.scheduleStore.find(tenantB, broken);
    expect(stopped?.stopped).toMatchObject({ code: 'SCHEDULE_CRON', tick: at - 600_000 });
    expect(await web.scheduleStore.takeDue(99, 60_000)).not.toContainEqual({ tenant: tenantB, scheduleId: broken });
  });

  it('a request that was answered before is not done again', async () => {
    const idempotency = { key: 'k', person: { iss: 'i', sub: 's' }, route: 'r', bodyDigest: sha256('b') };
    const run = await aRun('idempotent', { idempotency });
    const { web } = await moved();
    expect(await web.runStore.replayed(tenantA, idempotency)).toBe(run);
    expect(await web.runReader.summary(tenantA, run)).toMatchObject({ status: 'queued' });
  });
});

describe('a database that came back by other means', () => {
  const settle = () => settleRecovered(source.url('maintain'), new CronerCalendar());

  it('is settled like a restored one, once no worker lives there', async () => {
    const [acting, other] = [await aRun('once'), await aRun('idempotent', { tenant: tenantB })];
    const old = await claimed(before);
    expect(old).toHaveLength(2);
    await expect(settle()).rejects.toMatchObject({
      code: 'RESTORE_IN_USE',
      message: expect.stringMatching(/^workers have a lease: worker-1 until \d{4}-\d\d-\d\dT[\d:.]+Z$/),
      remediation: expect.stringContaining('wait until their leases have expired'),
    });
    await source.sql(`update pack_runs.workers set lease_until = now() - interval '1 day'`);
    expect(await settle()).toEqual({
      ...{ standing: [{ tenant: tenantA, runId: acting }], goingOn: 1, skipped: 0 },
      ...{ stoppedSchedules: [], unaudited: [] },
    });
    const now = await claimed(before);
    expect(now.map(({ runId }) => runId)).toEqual([other]);
    expect(now[0]?.fence).toBeGreaterThan(100_000);
    const { event } = (await before.web.auditChain.entries(tenantA, 0, 99)).at(-1) ?? {};
    expect(event).toMatchObject({ type: 'database.restored', backup: null, takenAt: null, standingRuns: 1 });
    // Row security is restored.
    expect(await source.sql(`select from pg_class where relrowsecurity and not relforcerowsecurity`)).toEqual([]);
  });

  it('is refused while another release has migrated it', async () => {
    await source.sql(`insert into pack_runs.migrations (timestamp, name) values (1999999999999, 'Later1999999999999')`);
    await expect(settle()).rejects.toMatchObject({
      code: 'BACKUP_SCHEMA',
      message: expect.stringContaining('Later1999999999999'),
    });
  });
});
