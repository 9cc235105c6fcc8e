import { setTimeout as delay } from 'node:timers/promises';
import { sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import type { TenantId } from '@taskrunner/core/foundation';
import type { ClaimedRun, Commit } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { CRASHES_TO_POISON } from './claimed-run';
import { openPool } from '../connection/connection';
import { DatabaseClock } from '../connection/database-clock';
import { openLeaseDatabase } from '../workers/lease-database';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { PostgresClaims } from './postgres-claims';
import { aCommit, aWorker, after, start, submit, tenantA, tenantB, PLAN } from '../testing/builders';
import { withFreshDatabases } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

/** Lease of workers that die in a test. */
const LEASE_MS = 1_500;

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
// Long enough that no lease expires by itself on a busy machine.
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh), {
  worker: { leaseMs: 60_000 },
});

const tenants = (runs: readonly ClaimedRun[]) => runs.map(({ tenant }) => tenant);

describe('claiming', () => {
  it('hands over a run with all that drives it, once, under a new fence', async () => {
    const runId = await submit(web.runStore);
    const workerSession = await worker.claims.register(aWorker());
    const claimed = await worker.claims.claim(workerSession, 5);
    expect(claimed).toEqual([
      expect.objectContaining({
        tenant: tenantA,
        runId,
        fence: 1,
        crashes: 0,
        quarantine: false,
        plan: PLAN,
        planHash: sha256(PLAN),
        inputs: { image: 'app:1' },
        lastSeq: 0,
        head: null,
        mac: null,
        seen: 0,
      }),
    ]);
    expect(await worker.claims.claim(workerSession, 5)).toEqual([]);
    expect(await worker.claims.journalPosition(tenantA, runId)).toEqual({ fence: 1, lastSeq: 0, head: null });
    expect(await worker.claims.journalPosition(tenantB, runId)).toBeNull();
  });

  it('is fair: ten thousand due runs of one tenant do not delay another', async () => {
    const one = await submit(web.runStore);
    await database.sql(
      `insert into pack_runs.submissions select (r).* from (
         select jsonb_populate_record(s, jsonb_build_object('run_id', pack_runs.uuidv7())) r
         from pack_runs.submissions s, generate_series(1, 10000) where s.run_id = $1) rows`,
      [runUuid(one)],
    );
    await database.sql(
      `insert into pack_runs.runs (tenant_id, run_id, environment_digest, isolation, created_ms, due_at)
       select s.tenant_id, s.run_id, r.environment_digest, r.isolation, 0, now()
       from pack_runs.run_sources s, pack_runs.runs r where r.run_id = $1 and s.run_id <> $1`,
      [runUuid(one)],
    );
    for (let i = 0; i < 3; i++) await submit(web.runStore, { tenant: tenantB });
    await submit(web.runStore, { tenant: 'carol' as TenantId });
    const workerSession = await worker.claims.register(aWorker());
    const first = tenants(await worker.claims.claim(workerSession, 6));
    expect(first.filter((tenant) => tenant === tenantA)).toHaveLength(2);
    expect(first.filter((tenant) => tenant === tenantB)).toHaveLength(2);
    expect(first.filter((tenant) => tenant === 'carol')).toHaveLength(1);
    // Single free slots go to the tenants in turn.
    const next = [...(await worker.claims.claim(workerSession, 1)), ...(await worker.claims.claim(workerSession, 1))];
    expect(tenants(next).sort()).toEqual([tenantA, tenantB]);
  });

  it('gives no run to two workers', async () => {
    for (let i = 0; i < 40; i++) await submit(web.runStore, { tenant: `t${i % 4}` as TenantId });
    const workerSessions = await Promise.all(Array.from({ length: 5 }, () => worker.claims.register(aWorker())));
    const claimed: ClaimedRun[] = [];
    while (claimed.length < 40) {
      for (const runs of await Promise.all(workerSessions.map((each) => worker.claims.claim(each, 3))))
        claimed.push(...runs);
    }
    expect(new Set(claimed.map(({ runId }) => runId)).size).toBe(40);
    expect(claimed).toHaveLength(40);
  });

  it.each([
    ['environment', { environments: [sha256('another')] }],
    ['isolation', { isolations: ['none/v1', 'bwrap-open/v2'] }],
  ])('leaves a run whose %s it does not honour to a worker that does', async (_, description) => {
    await submit(web.runStore);
    const other = await worker.claims.register(aWorker(description));
    expect(await worker.claims.claim(other, 5)).toEqual([]);
    const fitting = await worker.claims.register(aWorker({ environments: [sha256('x'), ...aWorker().environments] }));
    expect(await worker.claims.claim(fitting, 5)).toHaveLength(1);
  });

  it('of a named run hands over that run, as the claim of all does', async () => {
    await submit(web.runStore);
    const runId = await submit(web.runStore);
    const workerSession = await worker.claims.register(aWorker());
    const claimed = await worker.claims.claimNamed(workerSession, { tenant: tenantA, runId });
    expect(claimed).toMatchObject({
      runId,
      fence: 1,
      plan: PLAN,
      inputs: { image: 'app:1' },
      head: null,
      untouched: true,
    });
    expect(await worker.claims.claimNamed(workerSession, { tenant: tenantA, runId })).toBeNull();
    const [first] = await worker.claims.claim(workerSession, 5);
    const { admission, admissionDigest, committedAt, ...same } = first ?? {};
    expect(Object.keys(claimed ?? {}).sort()).toEqual(
      Object.keys({ admission, admissionDigest, committedAt, ...same }).sort(),
    );
    expect(claimed).toMatchObject({ ...same, runId });
  });

  it.each([
    ['another worker owns', `owner = (select worker_id from pack_runs.workers limit 1)`],
    ['is not due yet', `due_at = now() + interval '1 minute', due_set_at = now()`],
    ['waits without a time', `due_at = null`],
    ['waits for workers with its labels', `unplaced = true`],
    ['this worker has passed on', `passed_by = array(select worker_id from pack_runs.workers)`],
    ['needs another environment', `environment_digest = decode(repeat('00', 32), 'hex')`],
    ['needs another sandbox', `isolation = 'other/v1'`],
    ['needs labels that it does not have', `worker_labels = array['gpu']`],
    ['has a fence that nobody has written', `fence = 9007199254740991`],
  ])('of a named run leaves one that %s', async (_, altered) => {
    const runId = await submit(web.runStore);
    const workerSession = await worker.claims.register(aWorker());
    await database.sql(`update pack_runs.runs set ${altered} where run_id = $1`, [runUuid(runId)]);
    expect(await worker.claims.claimNamed(workerSession, { tenant: tenantA, runId })).toBeNull();
    expect(await worker.claims.claim(workerSession, 5)).toEqual([]);
  });

  it('of a named run finds it in its tenant only, for a living worker, and does not wait for a lock', async () => {
    const runId = await submit(web.runStore);
    const workerSession = await worker.claims.register(aWorker());
    expect(await worker.claims.claimNamed(workerSession, { tenant: tenantB, runId })).toBeNull();
    expect(
      await worker.claims.claimNamed(
        { id: '018bcfe5-6800-7000-8000-000000000000', leaseMs: 1 },
        { tenant: tenantA, runId },
      ),
    ).toBeNull();
    const pool = openPool(database.url('worker'), { applicationName: 'lock' });
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query('select from pack_runs.runs for update');
      expect(await worker.claims.claimNamed(workerSession, { tenant: tenantA, runId })).toBeNull();
    } finally {
      await client.query('rollback');
      client.release();
      await pool.end();
    }
    expect(await worker.claims.claimNamed(workerSession, { tenant: tenantA, runId })).toMatchObject({ runId });
  });

  it('tells where the journal ends: position, head, mac, letters seen', async () => {
    const runId = await submit(web.runStore);
    const workerSession = await worker.claims.register(aWorker());
    const [claimed] = await worker.claims.claim(workerSession, 1);
    if (!claimed) throw new Error('not claimed');
    await web.runStore.post(tenantA, runId, { type: 'time.reached' }, 'a');
    const first = aCommit(claimed, start, { entries: 3 });
    const parked = { seen: 1, closes: true, releases: true, dueAt: 0, mac: 'cd'.repeat(32) };
    const second = aCommit(claimed, after(first), { entries: 2, ...parked, run: { lastLine: 9 } });
    for (const commit of [first, second]) expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
    expect(await worker.claims.claim(workerSession, 1)).toEqual([
      expect.objectContaining({
        lastSeq: 5,
        lastLine: 9,
        head: second.page.hash,
        mac: 'cd'.repeat(32),
        seen: 1,
        fence: 2,
      }),
    ]);
    const pages = await worker.claims.pages(tenantA, runId, 0);
    expect(pages.map(({ first: seq, prev }) => [seq, prev])).toEqual([
      [1, claimed.admissionDigest],
      [4, first.page.hash],
    ]);
    expect(await worker.claims.pages(tenantA, runId, 3)).toEqual(pages.slice(1));
    expect(await worker.claims.pages(tenantA, runId, 5)).toEqual([]);
  });

  it('tells where the last snapshot stands, also where pages without one follow, and reads some pages from there', async () => {
    const runId = await submit(web.runStore);
    const workerSession = await worker.claims.register(aWorker());
    const [claimed] = await worker.claims.claim(workerSession, 1);
    if (!claimed) throw new Error('not claimed');
    expect(claimed.snapshotSeq).toBeNull();
    const commits = [aCommit(claimed, start, { entries: 3 })];
    for (const isSnapshot of [true, false, true, false])
      commits.push(aCommit(claimed, after(commits.at(-1) as Commit), { entries: 2, isSnapshot }));
    for (const commit of commits) expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
    expect(await worker.claims.resume(workerSession, claimed)).toMatchObject({ lastSeq: 11, snapshotSeq: 8 });
    await worker.claims.release(claimed, null);
    expect(await worker.claims.claim(workerSession, 1)).toEqual([expect.objectContaining({ snapshotSeq: 8 })]);
    const pages = await worker.claims.pages(tenantA, runId, 7, 1);
    expect(pages.map(({ first, prev }) => [first, prev])).toEqual([[8, commits[2]?.page.hash]]);
    expect((await worker.claims.pages(tenantA, runId, 0, 2)).map(({ first }) => first)).toEqual([1, 4]);
  });

  it('tells of which runs nothing is written yet, and how many letters have come', async () => {
    const [bare, step, gate, page] = [
      await submit(web.runStore),
      await submit(web.runStore),
      await submit(web.runStore),
      await submit(web.runStore),
    ];
    await web.runStore.post(tenantA, bare, { type: 'time.reached' }, 'a');
    await database.sql(
      `insert into pack_runs.steps (tenant_id, run_id, parent, place, step, attempts, kind, status) values ($1, $2, '', 0, 'a', 0, 'run', 'succeeded')`,
      [tenantA, runUuid(step)],
    );
    await database.sql(
      `insert into pack_runs.gates (tenant_id, run_id, gate, approval, state, gate_digest, request, required, expires_at, opened_ms)
       values ($1, $2, 'g', 'a', 'open', 'sha256:0', '{}', 1, now(), 0)`,
      [tenantA, runUuid(gate)],
    );
    await database.sql(
      `insert into pack_run_logs.journal (tenant_id, run_id, first_seq, fence, hash, mac, content) values ($1, $2, 2, 1, '\\x00', '\\x00', '\\x00')`,
      [tenantA, runUuid(page)],
    );
    const claimed = await worker.claims.claim(await worker.claims.register(aWorker()), 5);
    const reported = new Map(claimed.map(({ runId, untouched, inbox }) => [runId, [untouched, inbox]]));
    expect(reported).toEqual(
      new Map([
        [bare, [true, 1]],
        [step, [false, 0]],
        [gate, [false, 0]],
        [page, [false, 0]],
      ]),
    );
  });

  it('gives back what it claimed when the answer was lost', async () => {
    await submit(web.runStore);
    const pool = openPool(database.url('worker'), { max: 1 });
    const query = pool.query.bind(pool) as (config: { name: string }) => Promise<unknown>;
    let losing = true;
    pool.query = (async (config: { name: string }) => {
      const answer = await query(config);
      if (config.name === 'claim-runs' && losing) {
        losing = false;
        throw Object.assign(new Error('lost'), { code: 'ECONNRESET' });
      }
      return answer;
    }) as never;
    const claims = new PostgresClaims(pool, new DatabaseClock());
    const workerSession = await claims.register(aWorker());
    await expect(claims.claim(workerSession, 5)).rejects.toThrow('lost');
    const again = await claims.claim(workerSession, 5);
    expect(again).toEqual([expect.objectContaining({ fence: 2, crashes: 0 })]);
    await pool.end();
  });

  it('sees mail of its own runs only', async () => {
    const runId = await submit(web.runStore);
    const foreign = await submit(web.runStore, { tenant: tenantB });
    const workerSession = await worker.claims.register(aWorker());
    await worker.claims.claim(workerSession, 1);
    await web.runStore.post(tenantA, runId, { type: 'time.reached' }, 'a');
    await web.runStore.post(tenantB, foreign, { type: 'time.reached' }, 'a');
    expect(await worker.claims.inboxPositions(workerSession)).toEqual([{ tenant: tenantA, runId, inbox: 1 }]);
  });
});

describe('going on with a run', () => {
  it('gives it as it stands, under the same fence, to who still owns it and to nobody else', async () => {
    await submit(web.runStore);
    const [mine, other] = [await worker.claims.register(aWorker()), await worker.claims.register(aWorker())];
    const [claimed] = await worker.claims.claim(mine, 1);
    if (!claimed) throw new Error('not claimed');
    const commit = aCommit(claimed, start, { run: { lastLine: 3 } });
    await worker.committer.commit(commit);
    const resumed = await worker.claims.resume(mine, claimed);
    const stands = { lastSeq: 1, lastLine: 3, head: commit.page.hash, mac: commit.mac };
    expect(resumed).toEqual({ ...claimed, untouched: false, ...stands, committedAt: expect.any(Number) as number });
    expect(await worker.claims.resume(other, claimed)).toBeNull();
    expect(await worker.claims.resume(mine, { ...claimed, fence: 2 })).toBeNull();
    expect(await worker.committer.commit(aCommit(claimed, after(commit)))).toEqual({ kind: 'committed' });
    await database.sql(`update pack_runs.workers set state = 'dead' where worker_id = $1`, [mine.id]);
    expect(await worker.claims.resume(mine, claimed)).toBeNull();
  });
});

describe('giving up a run', () => {
  const claimOne = async () => {
    const runId = await submit(web.runStore);
    const workerSession = await worker.claims.register(aWorker());
    const [claimed] = await worker.claims.claim(workerSession, 1);
    if (!claimed) throw new Error('not claimed');
    return { runId, workerSession, claimed };
  };

  it('halts it: no owner, audited, not claimable; only under its fence', async () => {
    const { runId, workerSession, claimed } = await claimOne();
    expect(await worker.claims.halt({ ...claimed, fence: 7 }, 'JOURNAL_TAMPERED', 'page 3')).toBe(false);
    expect((await web.runReader.summary(tenantA, runId))?.status).toBe('queued');
    // After a lost answer the second attempt gets the same result and adds no audit entry.
    for (let i = 0; i < 2; i++) expect(await worker.claims.halt(claimed, 'JOURNAL_TAMPERED', 'page 3')).toBe(true);
    const summary = await web.runReader.summary(tenantA, runId);
    expect(summary).toMatchObject({
      status: 'halted',
      error: { code: 'JOURNAL_TAMPERED' },
      evidence: { status: 'refused' },
    });
    expect(await worker.claims.claim(workerSession, 5)).toEqual([]);
    expect(await worker.committer.commit(aCommit(claimed, start))).toEqual({ kind: 'claim-lost' });
    const rows = await database.sql('select event from pack_runs.audit order by seq');
    expect(rows).toEqual([
      { event: { type: 'run.submitted', runId } },
      { event: { type: 'run.halted', runId, code: 'JOURNAL_TAMPERED', detail: 'page 3' } },
    ]);
  });

  it('releases it without counting a crash; with a wait it comes back later', async () => {
    const { runId, workerSession, claimed } = await claimOne();
    await worker.claims.release(claimed, null);
    const [again] = await worker.claims.claim(workerSession, 1);
    expect(again).toMatchObject({ runId, fence: 2, crashes: 0 });
    await worker.claims.release(claimed, null);
    expect(await worker.claims.claim(workerSession, 1)).toEqual([]);
    if (again) await worker.claims.release(again, [{ kind: 'executor', id: 'x', since: 1, until: null }]);
    expect(await worker.claims.claim(workerSession, 1)).toEqual([]);
    const summary = await web.runReader.summary(tenantA, runId);
    expect(summary).toMatchObject({ status: 'waiting', waits: [{ kind: 'executor' }] });
  });

  it('retires: its runs are due at once, without a crash', async () => {
    const { workerSession } = await claimOne();
    await worker.claims.retire(workerSession);
    expect(await worker.claims.renew(workerSession)).toMatchObject({ held: false });
    const other = await worker.claims.register(aWorker());
    expect(await worker.claims.claim(other, 5)).toEqual([expect.objectContaining({ fence: 2, crashes: 0 })]);
  });
});

describe('leases', () => {
  beforeEach(async () => {
    worker = await database.worker({ leaseMs: LEASE_MS });
  });

  /** Renews the lease every 50 ms until stopped. */
  const keepAlive = (workerSession: { id: string; leaseMs: number }) => {
    let alive = true;
    const done = (async () => {
      while (alive) {
        await worker.claims.renew(workerSession);
        await delay(50);
      }
    })();
    return async () => {
      alive = false;
      await done;
    };
  };

  it('free the runs of a dead worker, count a crash, fence it off, and lead to quarantine at two and for long no further', async () => {
    const runId = await submit(web.runStore);
    const living = await worker.claims.register(aWorker());
    const stop = keepAlive(living);
    const untilFreed = async (): Promise<void> => {
      await delay(LEASE_MS * 1.5);
      let freed = 0;
      for (; freed === 0; await delay(100)) freed = await worker.claims.sweep(living);
      expect(freed).toBe(1);
    };
    let claimed: ClaimedRun | undefined;
    for (const crashes of [0, 1, 2]) {
      const dying = await worker.claims.register(aWorker());
      [claimed] = await worker.claims.claim(dying, 1);
      expect(claimed).toMatchObject({ runId, crashes, quarantine: crashes === 2 });
      await untilFreed();
      expect(await worker.claims.renew(dying)).toMatchObject({ held: false });
      if (claimed) expect(await worker.committer.commit(aCommit(claimed, start))).toEqual({ kind: 'claim-lost' });
      expect(await worker.claims.claim(dying, 1)).toEqual([]);
    }
    // A worker that dies while the run's process starts is not counted. One that dies after the process began to drive the run is counted.
    const counted = async (): Promise<unknown> => (await database.sql('select crashes from pack_runs.runs'))[0];
    expect(await counted()).toEqual({ crashes: 2 });
    const dying = await worker.claims.register(aWorker());
    [claimed] = await worker.claims.claim(dying, 1);
    if (claimed) {
      expect(await worker.claims.beginIsolated({ ...claimed, fence: claimed.fence - 1 })).toBe(false);
      expect(await worker.claims.beginIsolated(claimed)).toBe(true);
    }
    await untilFreed();
    expect(await counted()).toEqual({ crashes: 3 });
    [claimed] = await worker.claims.claim(living, 1);
    expect(claimed).toMatchObject({ runId, crashes: 2, quarantine: true });
    if (claimed) {
      // The run's process died, and this worker noticed. A report under an earlier fence has no effect.
      await worker.claims.markPoisoned({ ...claimed, fence: claimed.fence - 1 });
      expect(await worker.claims.claim(living, 1)).toEqual([]);
      await worker.claims.markPoisoned(claimed);
      [claimed] = await worker.claims.claim(living, 1);
      expect(claimed).toMatchObject({ runId, crashes: CRASHES_TO_POISON, quarantine: true });
    }
    if (claimed) {
      // A committed step result resets the count.
      const progressed = aCommit(claimed, start, { closes: true, releases: true, dueAt: 0, run: { progressed: true } });
      expect(await worker.committer.commit(progressed)).toEqual({ kind: 'committed' });
    }
    expect(await worker.claims.claim(living, 1)).toEqual([expect.objectContaining({ crashes: 0, quarantine: false })]);
    await stop();
  });

  it('are swept by nobody who has not renewed in time for a full lease', async () => {
    await submit(web.runStore);
    const dead = await worker.claims.register(aWorker());
    await worker.claims.claim(dead, 1);
    await delay(LEASE_MS * 1.5);
    // As after an outage: all leases have expired, and this worker is the first to return.
    const first = await worker.claims.register(aWorker());
    expect(await worker.claims.sweep(first)).toBe(0);
    await worker.claims.renew(first);
    await delay(LEASE_MS * 0.8);
    await worker.claims.renew(first);
    await delay(LEASE_MS * 0.4);
    await worker.claims.renew(first);
    // This object swept less than a second ago and would skip the sweep. A new object has no such state.
    const fresh = await database.worker({ leaseMs: LEASE_MS });
    expect(await fresh.claims.sweep(first)).toBe(0);
    // A late worker that was not swept continues.
    expect(await worker.claims.renew(dead)).toMatchObject({ held: true });
  });

  it('are swept by nobody whose own last renewal is from before an outage, however steady it was', async () => {
    await submit(web.runStore);
    const dead = await worker.claims.register(aWorker());
    await worker.claims.claim(dead, 1);
    const steady = await worker.claims.register({ ...aWorker(), name: 'steady' });
    await database.sql(`update pack_runs.workers set lease_until = now() where worker_id = '${dead.id}'`);
    await database.sql(
      `update pack_runs.workers set steady_since = now() - interval '1 hour',
       renewed_at = now() - lease_ms * interval '0.6 millisecond' where worker_id = '${steady.id}'`,
    );
    const fresh = await database.worker({ leaseMs: LEASE_MS });
    expect(await fresh.claims.sweep(steady)).toBe(0);
    expect(await worker.claims.renew(dead)).toMatchObject({ held: true });
  });

  it('are renewed over a connection of their own', async () => {
    const workerSession = await worker.claims.register(aWorker());
    const lease = openLeaseDatabase(database.url('worker'));
    expect(await lease.renew(workerSession)).toMatchObject({ held: true });
    await worker.claims.retire(workerSession);
    expect(await lease.renew(workerSession)).toMatchObject({ held: false });
    await lease.close();
  });

  it('give the clock the time of the database', async () => {
    const workerSession = await worker.claims.register(aWorker());
    // The machine's clock is set back by one day. The time between the two readings is far less than a day on any machine.
    const wrong = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 86_400_000);
    const { at } = await worker.claims.renew(workerSession);
    const now = worker.clock.now();
    wrong.mockRestore();
    expect(Math.abs(now - at)).toBeLessThan(3_600_000);
  });
});
