import { sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import type { StuckReason } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { aCommit, aWorker, start, submit, tenantA, tenantB } from '../testing/builders';
import { startTestServer, type TestDatabase, type TestServer } from '../testing/test-database';

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

let host: TestServer;
let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
const waited: number[] = [];
const flushes: [number, number][] = [];

beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
  web = await database.web();
  worker = await database.worker({
    claimsWatch: { onClaimed: (ms) => waited.push(ms) },
    onFlushed: (runs, ms) => flushes.push([runs, ms]),
  });
});
afterAll(async () => {
  await database.close();
  await host.stop();
});

it('an empty installation has nothing before it', async () => {
  const none = {
    dueRuns: 0,
    oldestDueMs: 0,
    ownedRuns: 0,
    openGates: 0,
    pendingEvidence: 0,
    failingEvidence: 0,
    oldestEvidenceMs: 0,
    strandedRuns: 0,
    oldestStrandedMs: 0,
    liveWorkers: 0,
    partitionDays: 14,
    stuck: { attention: 0, halted: 0, blocked: 0, restore: 0 },
  };
  // Midnight may have passed since the template was migrated.
  await database.sql('select pack_run_logs.make_partitions(14)');
  expect(await web.backlog()).toEqual(none);
  expect(await worker.backlog()).toEqual(none);
});

it('both services see the same numbers, over tenants; the trace of a submission reaches claim and outbox', async () => {
  await submit(web.runStore, { traceContext: TRACE });
  await submit(web.runStore, { tenant: tenantB });
  expect(await web.backlog()).toMatchObject({ dueRuns: 2, oldestDueMs: expect.any(Number), ownedRuns: 0 });

  const workerSession = await worker.claims.register(aWorker());
  const claimed = await worker.claims.claim(workerSession, 5);
  expect(claimed.map(({ tenant, traceContext }) => [tenant, traceContext])).toEqual([
    [tenantA, TRACE],
    [tenantB, undefined],
  ]);
  expect(waited).toHaveLength(2);
  for (const ms of waited) expect(ms).toBeGreaterThanOrEqual(0);
  expect(await web.backlog()).toMatchObject({ dueRuns: 0, oldestDueMs: 0, ownedRuns: 2 });

  const [first, second] = claimed;
  if (!first || !second) throw new Error('not claimed');
  const gate = {
    kind: 'opened',
    gate: 'g',
    approval: 'a',
    gateDigest: first.planHash,
    request: {},
    show: {},
    required: 1,
    expiresAt: Date.now() + 3_600_000,
  } as const;
  await worker.committer.commit(aCommit(first, start, { gates: [gate] }));
  await worker.committer.commit(
    aCommit(second, start, {
      releases: true,
      outbox: [{ kind: 'attest' }],
      run: { status: 'failed', finishedAt: 5 },
    }),
  );
  expect(flushes.map(([runs]) => runs)).toEqual([1, 1]);
  expect(await web.backlog()).toMatchObject({ ownedRuns: 1, openGates: 1, pendingEvidence: 1, failingEvidence: 0 });
  expect((await worker.backlog()).oldestEvidenceMs).toBeGreaterThanOrEqual(0);

  const [item] = await worker.outbox.take('attest', 1, 60_000);
  if (!item) throw new Error('no item');
  expect(item).not.toHaveProperty('traceContext');
  await worker.outbox.postpone(item, 1_000, 'pending', 'no signer');
  expect(await web.backlog()).toMatchObject({ pendingEvidence: 1, failingEvidence: 1 });
});

it('due are only runs that a living worker can claim; those that none can are stranded, and those that need a person stuck', async () => {
  const before = await web.backlog();
  await submit(web.runStore, { tenant: tenantB });
  const nobodys = sha256('of a release that is gone');
  await submit(web.runStore, { tenant: tenantB, environment: '{"schema":"x"}', environmentDigest: nobodys });
  await submit(web.runStore, { tenant: tenantB, workerLabels: ['gpu'] });
  expect(await web.backlog()).toMatchObject({ dueRuns: before.dueRuns + 1, strandedRuns: 2, liveWorkers: 1 });

  const workerSession = await worker.claims.register(aWorker({ name: 'another' }));
  const [claimed] = await worker.claims.claim(workerSession, 1);
  if (!claimed) throw new Error('not claimed');
  await worker.committer.commit(
    aCommit(claimed, start, { run: { status: 'waiting', counts: { total: 1, needs_attention: 1 } } }),
  );
  expect(await web.backlog()).toMatchObject({
    liveWorkers: 2,
    stuck: { attention: 1, halted: 0, blocked: 0, restore: 0 },
  });
  const stuck = async (why: StuckReason | 'any') =>
    (await web.runReader.list(tenantB, { stuck: why }, 5, null)).runs.map(({ runId }) => runId);
  expect(await stuck('attention')).toEqual([claimed.runId]);
  expect(await stuck('any')).toEqual([claimed.runId]);
  expect(await stuck('halted')).toEqual([]);
  await worker.claims.halt(claimed, 'JOURNAL_TAMPERED', 'it differs');
  expect(await web.backlog()).toMatchObject({ stuck: { attention: 0, halted: 1, blocked: 0, restore: 0 } });
  expect(await stuck('halted')).toEqual([claimed.runId]);

  const ended = await submit(web.runStore, { tenant: tenantB });
  const [last] = await worker.claims.claim(workerSession, 1);
  if (!last) throw new Error('not claimed');
  const seals = { releases: true, outbox: [{ kind: 'attest' } as const] };
  await worker.committer.commit(aCommit(last, start, { ...seals, run: { status: 'failed', finishedAt: 5 } }));
  const items = (await worker.outbox.take('attest', 5, 60_000)).filter(({ runId }) => runId === ended);
  expect(items).toHaveLength(1);
  for (const item of items) await worker.outbox.postpone(item, 0, 'blocked', 'SECRET_IN_EVIDENCE: x');
  expect(await stuck('blocked')).toEqual([ended]);
  expect(await web.backlog()).toMatchObject({ stuck: { attention: 0, halted: 1, blocked: 1, restore: 0 } });
  const reasons = (await web.runReader.list(tenantB, { stuck: 'any' }, 5, null)).runs.map((one) => [
    one.runId,
    one.stuck,
  ]);
  expect(reasons).toEqual([
    [ended, 'blocked'],
    [claimed.runId, 'halted'],
  ]);
});

it('a time and a version that nobody writes keep no numbers away', async () => {
  const runId = await submit(web.runStore, { tenant: tenantB });
  const before = await web.backlog();
  await database.sql("update pack_runs.runs set due_at = '-infinity', fence = -1 where run_id = $1", [runUuid(runId)]);
  expect(await web.backlog()).toMatchObject({ dueRuns: before.dueRuns, strandedRuns: before.strandedRuns });
  await database.sql('delete from pack_runs.runs where run_id = $1', [runUuid(runId)]);
});

it('the days for which there are partitions are counted to the first that is missing', async () => {
  const day = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
  await database.sql(`drop table pack_run_logs.places_${day}`);
  expect(await worker.backlog()).toMatchObject({ partitionDays: 4 });
});

it('the database refuses what is no traceparent', async () => {
  await expect(submit(web.runStore, { traceContext: "00-'; drop table x" })).rejects.toThrow(/trace_context/);
});

it('says how its pools are used', async () => {
  // A refused statement gives its connection back a moment after its answer.
  for (let tries = 0; tries < 200 && web.pools()[0]?.used !== 0; tries++) await new Promise((go) => setTimeout(go, 50));
  expect(web.pools()).toEqual([{ pool: 'ordinary', used: 0, idle: expect.any(Number), waiting: 0 }]);
  expect(worker.pools().map(({ pool }) => pool)).toEqual(['ordinary', 'flush']);
});

it('a statement that takes longer than configured is ended', async () => {
  const impatient = await database.web({ statementTimeoutMs: 1_000 });
  await database.sql(`create function pack_runs.slow() returns int language sql as 'select 1 from pg_sleep(30)'`);
  await database.sql(`create or replace function pack_runs.now_ms() returns bigint language sql as $$
    select (extract(epoch from clock_timestamp()) * 1000)::bigint from pg_sleep(30)$$`);
  await expect(impatient.runStore.stamp()).rejects.toMatchObject({ code: '57014' });
});
