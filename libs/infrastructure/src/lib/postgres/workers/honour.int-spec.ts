import { sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import type { ClaimedRun, WorkerSession, ParkedKind } from '@taskrunner/core/ports';
import type { Pool } from 'pg';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { openPool } from '../connection/connection';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { PostgresRunEnvironments } from './postgres-run-environments';
import { aWorker, cancelRequest, ENVIRONMENT, ENVIRONMENT_DIGEST, submit, tenantA } from '../testing/builders';
import { withFreshDatabases } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

describe('runs that nobody can honour', () => {
  const SEALED = JSON.stringify({ schema: 'taskrunner.environment.v1', mode: 'sealed', isolation: 'bwrap-sealed/v1' });
  const sealed = { environment: SEALED, environmentDigest: sha256(SEALED), profileDigest: sha256('sealed profile') };
  const able = () => aWorker({ isolations: ['bwrap-open/v2', 'bwrap-sealed/v1'], environments: [sha256(SEALED)] });
  const SEALING = ['bwrap-sealed/v1'];
  const lost = { digest: sha256(SEALED), tenants: [tenantA], parts: 'isolation' };
  const mark = (workerSession: WorkerSession) => environments.mark(workerSession, [lost]);
  const never = { isolations: SEALING, waitMs: 60_000 };
  let environments: PostgresRunEnvironments;
  let pool: Pool;

  beforeEach(() => {
    pool = openPool(database.url('worker'), { max: 2 });
    environments = new PostgresRunEnvironments(pool, 0);
  });
  afterEach(() => pool.end());

  it('say which part is missing and since when, and are claimed to be ended once they have waited, by one worker only', async () => {
    await submit(web.runStore);
    const runId = await submit(web.runStore, sealed);
    const workerSession = await worker.claims.register(aWorker());
    expect(await mark(workerSession)).toEqual([
      { tenant: tenantA, runId, parts: 'isolation', since: expect.any(Number) },
    ]);
    expect(await mark(workerSession)).toEqual([]);
    expect(await web.runReader.summary(tenantA, runId)).toMatchObject({
      status: 'waiting',
      waits: [{ kind: 'environment', id: 'isolation', since: expect.stringMatching(/^2.*Z$/), until: null }],
    });
    expect(await environments.unhonoured()).toEqual([{ parts: 'isolation', runs: 1, oldestMs: expect.any(Number) }]);
    expect(await worker.claims.claimUnserved(workerSession, 0, never, 5)).toEqual([]);
    expect(await worker.claims.claimUnserved(workerSession, 60_000, { isolations: [], waitMs: 0 }, 5)).toEqual([]);
    const claims = [1, 2].map(() => worker.claims.claimUnserved(workerSession, 60_000, { ...never, waitMs: 0 }, 5));
    const claimed = (await Promise.all(claims)).flat();
    expect(claimed).toEqual([expect.objectContaining({ runId, fence: 1, mac: null, unhonoured: 'isolation' })]);
    expect(await environments.unhonoured()).toEqual([]);
  });

  it('are marked also beside a run with a version and a time that nobody writes', async () => {
    const [altered, other] = [await submit(web.runStore, sealed), await submit(web.runStore, sealed)];
    await database.sql(
      `update pack_runs.runs set version = 9223372036854775807, due_at = '-infinity' where run_id = $1`,
      [runUuid(altered)],
    );
    const workerSession = await worker.claims.register(aWorker());
    const marked = await mark(workerSession);
    expect(marked.map(({ runId, since }) => `${runId} ${Number.isFinite(since)}`).sort()).toEqual(
      [`${altered} true`, `${other} true`].sort(),
    );
    expect(await environments.unhonoured()).toEqual([{ parts: 'isolation', runs: 2, oldestMs: expect.closeTo(0, -6) }]);
  });

  it('are claimed to be ended at once if somebody asks to cancel them', async () => {
    const runId = await submit(web.runStore, sealed);
    const workerSession = await worker.claims.register(aWorker());
    await mark(workerSession);
    expect(await worker.claims.claimUnserved(workerSession, 60_000, never, 5)).toEqual([]);
    await web.runStore.post(tenantA, runId, cancelRequest, 'cancel');
    const claimed = await worker.claims.claimUnserved(workerSession, 60_000, never, 5);
    expect(claimed).toEqual([expect.objectContaining({ runId })]);
  });

  it('are left alone while one worker lives that can, and come back to one that comes', async () => {
    const runId = await submit(web.runStore, sealed);
    const workerSession = await worker.claims.register(aWorker());
    const sealing = await worker.claims.register(able());
    expect(await mark(workerSession)).toEqual([]);
    // Its probe now has another result: it is alive, but claims no more such runs.
    await worker.claims.describe(sealing, aWorker());
    expect(await worker.claims.claim(sealing, 5)).toEqual([]);
    expect(await mark(workerSession)).toHaveLength(1);
    expect(await environments.waiting([])).toEqual([{ digest: lost.digest, tenants: [tenantA], text: SEALED }]);
    expect(await environments.unmark(sealing)).toBe(0);
    await worker.claims.describe(sealing, able());
    expect(await environments.unmark(sealing)).toBe(1);
    expect(await web.runReader.summary(tenantA, runId)).toMatchObject({ status: 'queued', waits: [] });
    expect(await worker.claims.claim(sealing, 5)).toEqual([expect.objectContaining({ runId })]);
  });

  it('go from one worker to the next while one may, then stay with the last to be ended, or wait', async () => {
    const runId = await submit(web.runStore);
    const [first, second] = [await worker.claims.register(aWorker()), await worker.claims.register(aWorker())];
    const [one] = await worker.claims.claim(first, 5);
    expect(await worker.claims.pass(one as ClaimedRun, 'egress', true)).toBe(true);
    expect(await worker.claims.claim(first, 5)).toEqual([]);
    const [other] = await worker.claims.claim(second, 5);
    expect(other).toMatchObject({ runId, fence: 2 });
    // The last worker ends the run that it could not pass on.
    expect(await worker.claims.pass(other as ClaimedRun, 'egress', true)).toBe(false);
    expect(await worker.claims.journalPosition(tenantA, runId)).toMatchObject({ fence: 2 });
    // A waiting run reports its reason, and is offered to workers that have not claimed it yet.
    expect(await worker.claims.pass(other as ClaimedRun, 'egress', false)).toBe(true);
    expect(await web.runReader.summary(tenantA, runId)).toMatchObject({
      waits: [{ kind: 'environment', id: 'egress' }],
    });
    expect([await environments.unmark(first), await environments.unmark(second)]).toEqual([0, 0]);
    const third = await worker.claims.register(aWorker());
    expect(await environments.unmark(third)).toBe(1);
    expect(await worker.claims.claim(third, 5)).toHaveLength(1);
  });

  it('are found while they sleep, one of a kind, and woken together', async () => {
    const sleeping = [await submit(web.runStore), await submit(web.runStore)];
    await submit(web.runStore, sealed);
    await database.sql(`update pack_runs.runs set due_at = now() + interval '1 hour'`);
    const kinds = await environments.parked([sha256(SEALED)], null);
    expect(kinds).toEqual([expect.objectContaining({ tenant: tenantA, environment: ENVIRONMENT })]);
    expect(await environments.parked([sha256(SEALED), ENVIRONMENT_DIGEST], null)).toEqual([]);
    expect(await environments.parked([sha256(SEALED)], kinds[0] as ParkedKind)).toEqual([]);
    expect(await environments.wake(kinds[0] as ParkedKind)).toBe(2);
    const workerSession = await worker.claims.register(aWorker());
    const claimed = (await worker.claims.claim(workerSession, 5)).map(({ runId }) => runId);
    expect(claimed.sort()).toEqual(sleeping.sort());
  });

  it('are known to the webservice, which sees nothing else of workers', async () => {
    const enforcing = () => web.workerDirectory.enforcing('bwrap-sealed/v1');
    expect(await enforcing()).toEqual({ live: 0, honouring: 0 });
    await worker.claims.register(aWorker());
    expect(await enforcing()).toEqual({ live: 1, honouring: 0 });
    const sealing = await worker.claims.register(able());
    expect(await enforcing()).toEqual({ live: 2, honouring: 1 });
    await worker.claims.retire(sealing);
    expect(await enforcing()).toEqual({ live: 1, honouring: 0 });
    const pool = openPool(database.url('web'), { max: 1 });
    await expect(pool.query('select * from pack_runs.workers')).rejects.toMatchObject({ code: '42501' });
    await pool.end();
  });
});
