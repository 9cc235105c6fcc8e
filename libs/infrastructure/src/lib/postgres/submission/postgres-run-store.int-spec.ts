import { canonical, sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import type { RunId, TenantId } from '@taskrunner/core/foundation';
import type { NewRun } from '@taskrunner/core/ports';
import { DocumentAltered } from '@taskrunner/core/stored';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { statement } from '../connection/statement';
import type { WebDatabase, WorkerDatabase } from '../databases';
import {
  aCommit,
  aNewRun,
  aWorker,
  cancelRequest,
  anEnvelope,
  aStep,
  ENVIRONMENT,
  ENVIRONMENT_DIGEST,
  PLAN,
  start,
  submit,
  tenantA,
  tenantB,
} from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened));

const key = {
  key: 'k1',
  person: { iss: 'https://id.test', sub: 'ada' },
  route: 'POST /api/runs',
  bodyDigest: sha256('a'),
};

describe('creating runs', () => {
  it('keeps all that was accepted', async () => {
    const runId = await submit(web.runStore);
    const summary = await web.runReader.summary(tenantA, runId);
    expect(summary).toMatchObject({
      runId,
      status: 'queued',
      labels: { ticket: 'SEC-42' },
      counts: { total: 1, pending: 1 },
    });
    expect(summary?.evidence).toEqual({ status: 'none', digest: null, reason: null, exports: [] });
    expect(await web.runReader.documents(tenantA, runId)).toMatchObject({
      planHash: sha256(PLAN),
      environmentDigest: ENVIRONMENT_DIGEST,
      texts: { plan: PLAN, environment: ENVIRONMENT },
    });
    const records = await worker.runReader.records(tenantA, runId);
    expect(records).toMatchObject({
      inputs: { image: 'app:1' },
      gates: [],
      decisions: [],
      resolutions: [],
      artifacts: [],
      audit: { seq: 1, head: expect.stringMatching(/^sha256:/) as string },
    });
    expect(
      await database.sql('select key, value from pack_runs.run_labels where run_id = $1', [runUuid(runId)]),
    ).toEqual([{ key: 'ticket', value: 'SEC-42' }]);
  });

  it('enters each run in the audit chain once, with others and alone, and none that only repeats a key', async () => {
    const tenant = 'audited' as TenantId;
    const ids = await Promise.all(Array.from({ length: 9 }, () => web.runStore.stamp()));
    const group = { group: 'g', onConflict: 'queue' } as const;
    const runs = ids.map(({ runId, at }, i) =>
      aNewRun(runId, at, {
        tenant,
        concurrency: i > 6 ? group : null,
        idempotency: i === 0 ? { ...key, key: 'audited' } : null,
      }),
    );
    await Promise.all(runs.map((run) => web.runStore.create(run)));
    const { runId, at } = await web.runStore.stamp();
    const again = aNewRun(runId, at, { tenant, idempotency: { ...key, key: 'audited' } });
    expect(await web.runStore.create(again)).toEqual({ kind: 'replayed', runId: ids[0]?.runId });
    const rows = await database.sql<{ run: string }>(
      `select event->>'runId' as run from pack_runs.audit where tenant_id = $1 order by 1`,
      [tenant],
    );
    expect(rows.map(({ run }) => run)).toEqual(ids.map((one) => one.runId).sort());
  });

  it('creates no run where the audit chain of its tenant cannot be continued, and says so', async () => {
    const tenant = 'unaudited' as TenantId;
    const first = await submit(web.runStore, { tenant });
    const head = `select seq, head from pack_runs.audit_heads where tenant_id = $1`;
    const before = await database.sql(head, [tenant]);
    const refused = { code: 'AUDIT_CHAIN_ALTERED', tenant };
    for (const altered of [
      'update pack_runs.audit_heads set seq = seq - 1 where tenant_id = $1',
      'update pack_runs.audit_heads set seq = 9223372036854775807 where tenant_id = $1',
      'delete from pack_runs.audit_heads where tenant_id = $1',
    ]) {
      await database.sql(altered, [tenant]);
      for (const concurrency of [null, { group: 'g', onConflict: 'queue' } as const]) {
        const { runId, at } = await web.runStore.stamp();
        await expect(web.runStore.create(aNewRun(runId, at, { tenant, concurrency }))).rejects.toMatchObject(refused);
        expect(await web.runReader.summary(tenant, runId)).toBeNull();
      }
      await expect(web.gateStore.audit(tenant, { type: 'other' })).rejects.toMatchObject(refused);
      await database.sql(
        `insert into pack_runs.audit_heads select tenant_id, seq, at_ms, prev, hash from pack_runs.audit where tenant_id = $1
         on conflict (tenant_id) do update set seq = excluded.seq`,
        [tenant],
      );
    }
    expect(await database.sql(head, [tenant])).toEqual(before);
    await submit(web.runStore, { tenant });
    expect(await web.runReader.summary(tenant, first)).toMatchObject({ status: 'queued' });
  });

  it('keeps a plan once for all its runs', async () => {
    await Promise.all(Array.from({ length: 10 }, () => submit(web.runStore, { planHash: sha256('shared') })));
    const plans = await database.sql('select from pack_runs.plans where plan_hash = $1', [sha256('shared')]);
    expect(plans).toHaveLength(1);
  });

  it('keeps the manifest of a plan once, with the plan; a run keeps its own only if that is another one', async () => {
    const plan = PLAN.replace('{', '{"a":1,');
    const planHash = sha256(plan);
    const [usual, other] = ['{"name":"usual"}', '{"name":"other"}'];
    const runs: [string, RunId][] = [];
    const submitWith = async (manifest: string) =>
      void runs.push([manifest, await submit(web.runStore, { plan, planHash, manifest })]);
    await submitWith(usual);
    await Promise.all([usual, other, usual, other].map(submitWith));
    const kept = async (name: string) =>
      (
        await database.sql(`select from pack_runs.${name} where plan_bytes = $1 and manifest is not null`, [
          Buffer.from(planHash.slice(7), 'hex'),
        ])
      ).length;
    expect(await kept('submissions')).toBe(2);
    for (const [manifest, run] of runs) expect(await web.runReader.original(tenantA, run)).toMatchObject({ manifest });
    expect(await database.sql('select manifest from pack_runs.plans where plan_hash = $1', [planHash])).toEqual([
      { manifest: usual },
    ]);
  });

  it('keeps the manifest of runs of a new plan that are stored together once', async () => {
    const plan = PLAN.replace('{', '{"a":2,');
    const planHash = sha256(plan);
    const runs = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const manifest = JSON.stringify({ name: `manifest ${i % 2}` });
        return { manifest, runId: await submit(web.runStore, { plan, planHash, manifest }) };
      }),
    );
    for (const { manifest, runId } of runs)
      expect(await web.runReader.original(tenantA, runId)).toMatchObject({ manifest });
    const [kept] = await database.sql<{ rows: number }>(
      'select count(manifest)::int as rows from pack_runs.submissions where plan_bytes = $1',
      [Buffer.from(planHash.slice(7), 'hex')],
    );
    // Two groups may be stored at once, and one does not see the plan of the other.
    expect(kept?.rows).toBeGreaterThanOrEqual(6);
    expect(kept?.rows).toBeLessThan(12);
  });

  it('answers the first run to the same idempotency key, and refuses another body', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => web.runStore.stamp()));
    const outcomes = await Promise.all(
      ids.map(({ runId, at }) => web.runStore.create(aNewRun(runId, at, { idempotency: key }))),
    );
    const created = outcomes.flatMap(({ kind }, index) => (kind === 'created' ? [ids[index]?.runId] : []));
    expect(created).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.kind !== 'created') expect(outcome).toEqual({ kind: 'replayed', runId: created[0] });
    }
    const { runId, at } = await web.runStore.stamp();
    const other = aNewRun(runId, at, { idempotency: { ...key, bodyDigest: sha256('b') } });
    expect(await web.runStore.create(other)).toEqual({ kind: 'refused', code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await web.runReader.summary(tenantA, runId)).toBeNull();
    // A key is scoped to one person, route and tenant.
    const foreign = aNewRun(runId, at, { tenant: tenantB, idempotency: key });
    expect(await web.runStore.create(foreign)).toEqual({ kind: 'created', inLine: false });
  });

  it('stores what comes at once in few transactions; one that is refused takes none with it', async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, () => web.runStore.stamp()));
    const runs = ids.map(({ runId, at }, i) =>
      // The sixth run contains a byte that the database rejects.
      aNewRun(runId, at, { planHash: sha256('many'), ...(i === 5 ? { manifest: 'nul \0' } : {}) }),
    );
    const outcomes = await Promise.allSettled(runs.map((run) => web.runStore.create(run)));
    expect(outcomes.map(({ status }) => status)).toEqual(runs.map((_, i) => (i === 5 ? 'rejected' : 'fulfilled')));
    const more = await Promise.all(Array.from({ length: 60 }, () => web.runStore.stamp()));
    await Promise.all(
      more.map(({ runId, at }) => web.runStore.create(aNewRun(runId, at, { planHash: sha256('many') }))),
    );
    const [stored] = await database.sql<{ runs: number; transactions: number }>(
      `select count(*)::int as runs, count(distinct r.xmin::text)::int as transactions from pack_runs.runs r
       join pack_runs.run_sources s using (tenant_id, run_id) where s.plan_hash = $1 and run_id = any ($2::uuid[])`,
      [sha256('many'), more.map(({ runId }) => runUuid(runId))],
    );
    expect(stored?.runs).toBe(60);
    expect(stored?.transactions).toBeLessThanOrEqual(4);
    expect(await web.runReader.summary(tenantA, ids[5]?.runId as RunId)).toBeNull();
  });

  it('stores of each that comes with others what it would store of it alone', async () => {
    const supplied = (i: number): Partial<NewRun> => ({
      planHash: sha256(`plan ${i % 2}`),
      plan: `{"plan":${i % 2}}`,
      labels: { ticket: `SEC-${i}`, 'odd "key" {,}': 'back\\slash, "quote" ä' },
      workerLabels: i % 2 === 0 ? [] : ['gpu', 'zone "b", {x}'],
      sensitive: [{ name: 'password', sealed: new Uint8Array([i, 255, 0]) }],
      inputs: JSON.stringify({ text: `{${i}}`, nothing: null }),
      // The same for all runs, because documents that contain the run id would differ.
      ...{ admission: anEnvelope('admission'), admissionDigest: sha256('admission') },
      ...(i === 3 ? { idempotency: { ...key, key: 'of many' } } : {}),
    });
    const stored = async (ids: readonly { runId: RunId; at: number }[]): Promise<unknown[]> => {
      const values = [ids.map(({ runId }) => runUuid(runId))];
      const rows = await database.sql<{ run: Record<string, unknown>; order: string }>(
        `select to_jsonb(r) || to_jsonb(s) || jsonb_build_object(
           'labels', (select jsonb_agg(to_jsonb(l) - 'run_id' order by l.key) from pack_runs.run_labels l where l.run_id = r.run_id),
           'sensitive', (select jsonb_agg(to_jsonb(x) - 'run_id') from pack_runs.sensitive_inputs x where x.run_id = r.run_id),
           'plan', (select p.plan from pack_runs.plans p where p.tenant_id = s.tenant_id and p.plan_hash = s.plan_hash),
           'key', (select to_jsonb(k) - 'run_id' - 'created_at' - 'key' from pack_runs.idempotency k where k.run_id = r.run_id)
         ) as run, s.labels ->> 'ticket' as order
         from pack_runs.runs r join pack_runs.run_sources s using (tenant_id, run_id)
         where run_id = any ($1::uuid[]) order by 2`,
        values,
      );
      return rows.map(({ run: { run_id, created_ms, due_at, due_set_at, ...same } }) => {
        expect([run_id, created_ms, due_at, due_set_at]).not.toContain(null);
        return same;
      });
    };
    const together = await Promise.all(Array.from({ length: 8 }, () => web.runStore.stamp()));
    const outcomes = await Promise.all(
      together.map(({ runId, at }, i) => web.runStore.create(aNewRun(runId, at, supplied(i)))),
    );
    expect(outcomes).toEqual(together.map(() => ({ kind: 'created', inLine: false })));
    const single: typeof together = [];
    for (let i = 0; i < 8; i++) {
      const { runId, at } = await web.runStore.stamp();
      const { idempotency, ...same } = supplied(i);
      const again = idempotency ? { ...same, idempotency: { ...idempotency, key: 'alone' } } : same;
      expect(await web.runStore.create(aNewRun(runId, at, again))).toEqual({ kind: 'created', inLine: false });
      single.push({ runId, at });
    }
    expect(await stored(together)).toEqual(await stored(single));
  });

  it('takes an idempotency key again after seven days', async () => {
    const kept = { ...key, key: 'old' };
    await submit(web.runStore, { idempotency: kept });
    await database.sql(`update pack_runs.idempotency set created_at = now() - interval '8 days' where key = 'old'`);
    await expect(submit(web.runStore, { idempotency: { ...kept, bodyDigest: sha256('c') } })).resolves.toBeDefined();
  });
});

describe('letters', () => {
  it('are numbered without gaps under 20 concurrent senders', async () => {
    const runId = await submit(web.runStore);
    const posted = await Promise.all(
      Array.from({ length: 200 }, (_, i) => web.runStore.post(tenantA, runId, { type: 'time.reached' }, `k${i % 150}`)),
    );
    const places = posted.flatMap((outcome) => (outcome.kind === 'posted' ? [outcome.position] : []));
    expect(places.sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
    expect(posted.filter(({ kind }) => kind === 'known')).toHaveLength(50);
    const messages = await worker.claims.inboxMessages(tenantA, runId, 0);
    expect(messages.map(({ position }) => position)).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
    expect(await worker.claims.inboxMessages(tenantA, runId, 148)).toHaveLength(2);
  });

  it('are refused by absent, ended and halted runs, and above 1000 unread', async () => {
    const { runId } = await web.runStore.stamp();
    const post = (run: RunId, dedupe: string) => web.runStore.post(tenantA, run, { type: 'time.reached' }, dedupe);
    expect(await post(runId, 'a')).toEqual({ kind: 'refused', code: 'RUN_NOT_FOUND' });
    const foreign = await submit(web.runStore, { tenant: tenantB });
    expect(await post(foreign, 'a')).toEqual({ kind: 'refused', code: 'RUN_NOT_FOUND' });
    for (const status of ['succeeded', 'failed', 'cancelled', 'halted']) {
      const ended = await submit(web.runStore);
      expect(await post(ended, 'before')).toMatchObject({ kind: 'posted' });
      await database.sql('update pack_runs.runs set status = $2 where run_id = $1', [runUuid(ended), status]);
      expect(await post(ended, 'a')).toEqual({ kind: 'refused', code: 'RUN_ENDED' });
      expect(await post(ended, 'before')).toEqual({ kind: 'known' });
    }
    const full = await submit(web.runStore);
    await database.sql('update pack_runs.runs set inbox_seq = 1000 where run_id = $1', [runUuid(full)]);
    // A counter of messages that do not exist is an alteration.
    await expect(post(full, 'a')).rejects.toMatchObject({ code: 'DOCUMENT_ALTERED', first: { runId: full } });
    await database.sql(
      `insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms)
       select tenant_id, run_id, n, 'n' || n, '{}', 0 from pack_runs.runs, generate_series(1, 1000) n where run_id = $1`,
      [runUuid(full)],
    );
    expect(await post(full, 'a')).toEqual({ kind: 'refused', code: 'INBOX_FULL' });
    await database.sql('update pack_runs.runs set seen = 1 where run_id = $1', [runUuid(full)]);
    expect(await post(full, 'a')).toEqual({ kind: 'posted', position: 1001 });
  });

  it.each([
    ['at a position that no message has', 'select $1::text, $2::uuid, -1'],
    ['behind all messages', 'select $1::text, $2::uuid, 9'],
  ])('are not known by a row of somebody else %s, which would swallow a cancellation', async (_where, place) => {
    const runId = await submit(web.runStore);
    await database.sql(
      `insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms)
       select place.*, 'cancel', $3, 0 from (${place}) place`,
      [tenantA, runUuid(runId), JSON.stringify(cancelRequest)],
    );
    await expect(web.runStore.post(tenantA, runId, cancelRequest, 'cancel')).rejects.toMatchObject({
      code: 'DOCUMENT_ALTERED',
      first: { runId, document: 'status' },
    });
  });

  it('wake a parked run, and a cancel request shows until the journal has it', async () => {
    const workerSession = await worker.claims.register(aWorker());
    const runId = await submit(web.runStore, { tenant: 'waker' as never });
    const tenant = 'waker' as never;
    const claimed = (await worker.claims.claim(workerSession, 100)).find((run) => run.runId === runId);
    if (!claimed) throw new Error('not claimed');
    const parked = aCommit(claimed, start, { closes: true, releases: true, run: { status: 'waiting' } });
    expect(await worker.committer.commit(parked)).toEqual({ kind: 'committed' });
    const due = () =>
      database.sql('select due_at is not null as due from pack_runs.runs where run_id = $1', [runUuid(runId)]);
    expect(await due()).toEqual([{ due: false }]);
    expect(await web.runStore.post(tenant, runId, cancelRequest, 'cancel')).toEqual({ kind: 'posted', position: 1 });
    expect(await due()).toEqual([{ due: true }]);
    expect((await web.runReader.summary(tenant, runId))?.status).toBe('cancelling');
    expect((await web.runReader.list(tenant, { statuses: ['cancelling'] }, 9, null)).runs).toHaveLength(1);
    expect((await web.runReader.list(tenant, { statuses: ['waiting'] }, 9, null)).runs).toHaveLength(0);
    expect((await web.runReader.tail([{ tenant, runId }]))[0]).toMatchObject({ status: 'cancelling', lastSeq: 1 });
    await worker.claims.retire(workerSession);
  });

  it('show who cancelled a run and why: the first request, with the force of a later one, also in lists and in the records for its evidence', async () => {
    const tenant = 'canceller' as never;
    const [runId, other] = [await submit(web.runStore, { tenant }), await submit(web.runStore, { tenant })];
    expect((await web.runReader.summary(tenant, runId))?.cancellation).toBeNull();
    const asks = (sub: string, reason: string, force: boolean) =>
      ({ type: 'run.cancel-requested', by: { iss: 'https://id.test', sub }, reason, force }) as const;
    expect(await web.runStore.post(tenant, runId, { type: 'time.reached' }, 'other')).toMatchObject({ position: 1 });
    await web.runStore.post(tenant, runId, asks('ada', 'wrong target', false), 'cancel');
    await web.runStore.post(tenant, runId, asks('ops', 'now', true), 'cancel:force');
    const [posted] = await database.sql<{ at: number }>(
      'select posted_ms::float8 as at from pack_runs.inbox where run_id = $1 and position = 2',
      [runUuid(runId)],
    );
    const by = { iss: 'https://id.test', sub: 'ada', name: 'Ada' };
    const cancellation = { by, reason: 'wrong target', force: true, requestedAt: posted?.at };
    expect((await web.runReader.summary(tenant, runId))?.cancellation).toEqual(cancellation);
    expect((await worker.runReader.records(tenant, runId))?.summary.cancellation).toEqual(cancellation);
    const { runs } = await web.runReader.list(tenant, {}, 9, null);
    expect(new Map(runs.map((run) => [run.runId, run.cancellation]))).toEqual(
      new Map([[runId, cancellation], [other, null]]), // prettier-ignore
    );
    // Of another person than the requester, the run has no name.
    await web.runStore.post(tenant, other, asks('ops', 'now', true), 'cancel:force');
    expect((await web.runReader.summary(tenant, other))?.cancellation).toMatchObject({
      ...{ by: { iss: 'https://id.test', sub: 'ops', name: null }, reason: 'now', force: true },
    });
  });

  it('refuse a run whose mark of a cancellation has no request, in lists too, and show it without one once it is marked', async () => {
    const tenant = 'uncancelled' as never;
    const altered = { document: 'status', what: 'the mark of its cancellation' };
    for (const input of [
      '{}',
      JSON.stringify({ ...cancelRequest, reason: null }),
      JSON.stringify({ ...cancelRequest, by: 'ada' }),
    ]) {
      // prettier-ignore
      const runId = await submit(web.runStore, { tenant });
      await web.runStore.post(tenant, runId, cancelRequest, 'cancel');
      await database.sql('update pack_runs.inbox set given = $2 where run_id = $1', [runUuid(runId), input]);
      await expect(web.runReader.summary(tenant, runId)).rejects.toMatchObject({ first: altered });
      await expect(web.runReader.list(tenant, {}, 1, null)).rejects.toMatchObject({ first: altered });
      await web.alteredRuns.mark({ tenant, runId, ...altered, expected: 'a', found: 'b' } as never);
      expect((await web.runReader.list(tenant, {}, 1, null)).runs).toMatchObject([{ runId, cancellation: null }]);
    }
  });
});

describe('a run that somebody has altered so that it cannot be claimed', () => {
  it.each(["committed_at = 'infinity'", "due_at = '-infinity'", 'fence = 9223372036854775807', 'fence = -1'])(
    'keeps no other run of its tenant waiting: %s',
    async (change) => {
      const tenant = `claims ${change}` as TenantId;
      const [altered, other] = [await submit(web.runStore, { tenant }), await submit(web.runStore, { tenant })];
      await database.sql(`update pack_runs.runs set ${change} where run_id = $1`, [runUuid(altered)]);
      const session = await worker.claims.register(aWorker());
      const claimed = await worker.claims.claim(session, 10_000);
      expect(claimed.map(({ runId }) => runId)).toContain(other);
      await worker.claims.retire(session);
    },
  );

  it('keeps no other run with its dead worker: its number of crashes', async () => {
    const dying = await worker.claims.register(aWorker());
    const [altered, other] = [await submit(web.runStore), await submit(web.runStore)];
    await worker.claims.claim(dying, 10_000);
    await database.sql('update pack_runs.runs set crashes = 2147483647, alone_fence = fence where run_id = $1', [
      runUuid(altered),
    ]);
    await database.sql(`update pack_runs.workers set state = 'dead' where worker_id = $1`, [dying.id]);
    await database.sql(statement('free-runs').text, [2]);
    const owners = 'select owner from pack_runs.runs where run_id = any ($1::uuid[])';
    expect(await database.sql(owners, [[altered, other].map(runUuid)])).toEqual([{ owner: null }, { owner: null }]);
  });

  it('keeps no other outbox waiting', async () => {
    const runId = await submit(web.runStore);
    await database.sql(
      `insert into pack_runs.outbox (tenant_id, run_id, kind, body, due_at, tries)
       select $1, $2, 'attest', '{}', now() - interval '1 hour', t from unnest('{2147483647, 0}'::int[]) t`,
      [tenantA, runUuid(runId)],
    );
    const taken = await worker.outbox.take('attest', 99, 60_000);
    expect(taken.filter((item) => item.runId === runId).map(({ tries }) => tries)).toHaveLength(2);
  });
});

describe('times of a run that cannot be shown', () => {
  it('are those of no artifact, and none of a step', async () => {
    const runId = await submit(web.runStore);
    const late = 9_000_000_000_000_000;
    const session = await worker.claims.register(aWorker());
    const claimed = (await worker.claims.claim(session, 10_000)).find((run) => run.runId === runId);
    if (!claimed) throw new Error('not claimed');
    expect(await worker.committer.commit(aCommit(claimed, start, { steps: [aStep('a')] }))).toEqual({
      kind: 'committed',
    });
    await worker.claims.retire(session);
    await database.sql(
      'update pack_runs.steps set started_ms = $2, finished_ms = $2, next_attempt_ms = -1 where run_id = $1',
      [runUuid(runId), late],
    );
    const none = { startedAt: null, finishedAt: null };
    expect(await web.runReader.stepRow(tenantA, runId, 'a')).toMatchObject({ ...none, nextAttemptAt: null });
    expect((await web.runReader.stepRows(tenantA, runId, {}, 9, null)).at(-1)).toMatchObject(none);
    expect(await web.timingReader.stepRows(tenantA, runId, 9, null)).toMatchObject([none]);
    await database.sql(
      `insert into pack_artifacts.artifacts (tenant_id, run_id, step, execution, name, path, digest, size, media_type, created_ms)
       values ($1, $2, 'a', 1, 'n', 'p', $3, 1, 't', $4)`,
      [tenantA, runUuid(runId), sha256('x'), late],
    );
    await expect(web.runReader.artifacts(tenantA, runId)).rejects.toMatchObject({
      code: 'DOCUMENT_ALTERED',
      first: { runId, document: 'artifact' },
    });
  });
});

describe('a run of which a document was found altered', () => {
  const found = (runId: RunId, tenant = tenantA) =>
    ({ tenant, runId, document: 'plan', what: 'the plan', expected: sha256('a'), found: sha256('b') }) as const;
  const rowOf = async (runId: RunId) =>
    (
      await database.sql<{ status: string; owner: string | null; due: boolean; fence: number; altered: unknown }>(
        `select status, owner::text, due_at is not null as due, fence::int, altered from pack_runs.runs where run_id = $1`,
        [runUuid(runId)],
      )
    )[0];

  it('is halted and told to the auditors once, also while a worker drives it, who then writes nothing more', async () => {
    const runId = await submit(web.runStore);
    const workerSession = await worker.claims.register(aWorker());
    const claimed = (await worker.claims.claim(workerSession, 10_000)).find((run) => run.runId === runId);
    if (!claimed) throw new Error('not claimed');
    expect(
      await Promise.all([1, 2, 3].map(() => web.alteredRuns.mark(found(runId)))).then((all) => all.sort()),
    ).toEqual([false, false, true]);
    const code = 'DOCUMENT_ALTERED';
    expect(await rowOf(runId)).toMatchObject({
      status: 'halted',
      owner: null,
      due: false,
      fence: 2,
      altered: { code },
    });
    expect(await worker.committer.commit(aCommit(claimed, start))).toEqual({ kind: 'claim-lost' });
    expect(await web.runReader.summary(tenantA, runId)).toMatchObject({
      ...{ status: 'halted', evidence: { status: 'refused' }, waits: [] },
      error: { code, message: expect.stringContaining(sha256('b')) },
    });
    const rows = await database.sql<{ type: string }>(
      `select event->>'type' as type from pack_runs.audit where event->>'runId' = $1 order by seq`,
      [runId],
    );
    expect(rows.map(({ type }) => type)).toEqual(['run.submitted', 'document.altered']);
    await worker.claims.retire(workerSession);
  });

  it('that has ended stays as it ended, and says so; one of another tenant is not touched', async () => {
    const [ended, foreign] = [await submit(web.runStore), await submit(web.runStore, { tenant: tenantB })];
    await database.sql(`update pack_runs.runs set status = 'succeeded', due_at = null where run_id = $1`, [
      runUuid(ended),
    ]);
    expect(await web.alteredRuns.mark(found(ended))).toBe(true);
    expect(await rowOf(ended)).toMatchObject({ status: 'succeeded', fence: 0 });
    expect(await web.runReader.summary(tenantA, ended)).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
    expect(await web.alteredRuns.mark(found(foreign))).toBe(false);
    expect(await rowOf(foreign)).toMatchObject({ status: 'queued', altered: null });
  });

  it.each([
    'version = 9223372036854775807',
    'version = -9223372036854775808',
    'fence = 9223372036854775807',
    'fence = -7',
  ])('is halted also with %s, which nothing can follow', async (change) => {
    const runId = await submit(web.runStore);
    await database.sql(`update pack_runs.runs set ${change} where run_id = $1`, [runUuid(runId)]);
    expect(await web.alteredRuns.mark(found(runId))).toBe(true);
    expect(await rowOf(runId)).toMatchObject({ status: 'halted', owner: null, due: false });
    const summary = await web.runReader.summary(tenantA, runId);
    expect(summary).toMatchObject({ error: { code: 'DOCUMENT_ALTERED' } });
    expect(Number.isSafeInteger(summary?.version)).toBe(true);
  });

  it('is found by a version that no run reaches', async () => {
    const runId = await submit(web.runStore);
    for (const version of ['9223372036854775807', '-1', '9007199254740992']) {
      await database.sql('update pack_runs.runs set version = $2 where run_id = $1', [runUuid(runId), version]);
      await expect(web.runReader.summary(tenantA, runId)).rejects.toMatchObject({
        code: 'DOCUMENT_ALTERED',
        first: { document: 'run' },
      });
    }
  });

  it('is halted where the audit chain cannot be continued, which is said as well', async () => {
    const tenant = 'unmarked' as TenantId;
    const runId = await submit(web.runStore, { tenant });
    for (const change of ['set seq = seq - 1', 'set seq = 9223372036854775807']) {
      const next = await submit(web.runStore, { tenant: `${tenant} ${change}` as TenantId });
      await database.sql(`update pack_runs.audit_heads ${change} where tenant_id = $1`, [`${tenant} ${change}`]);
      const marked = web.alteredRuns.mark(found(next, `${tenant} ${change}` as TenantId));
      await expect(marked).rejects.toMatchObject({ code: 'AUDIT_CHAIN_ALTERED' });
      expect(await rowOf(next)).toMatchObject({ status: 'halted', altered: { code: 'DOCUMENT_ALTERED' } });
    }
    expect(await rowOf(runId)).toMatchObject({ status: 'queued' });
  });

  it('hands its concurrency group on', async () => {
    const concurrency = { group: 'altered', onConflict: 'queue' } as const;
    const [holder, next] = [await submit(web.runStore, { concurrency }), await submit(web.runStore, { concurrency })];
    expect(await rowOf(next)).toMatchObject({ status: 'waiting', due: false });
    await web.alteredRuns.mark(found(holder));
    expect(await rowOf(next)).toMatchObject({ status: 'queued', due: true });
  });
});

/** A statement with only the values that it refers to, renumbered from 1. */
function numbered(statement: string, values: readonly string[]): [string, string[]] {
  const named = [...new Set([...statement.matchAll(/\$(\d)/g)].map(([, n]) => Number(n)))];
  const text = statement.replaceAll(/\$(\d)/g, (_, n: string) => `$${named.indexOf(Number(n)) + 1}`);
  return [text, named.map((n) => values[n - 1] as string)];
}

describe('rows that somebody has altered', () => {
  it.each<[string, string]>([
    ['plan', `update pack_runs.plans set plan = plan || ' ' where plan_hash = $1`],
    ['profile', `update pack_runs.profiles set profile = profile || ' ' where profile_digest = $2`],
    ['environment', `update pack_runs.profiles set environment = '{}' where profile_digest = $2`],
    ['plan', `delete from pack_runs.plans where plan_hash = $1`],
    ['admission', `update pack_runs.submissions set pack_name = 'other' where run_id = $3`],
    ['admission', `update pack_runs.submissions set admission = '{}' where run_id = $3`],
    ['admission', `update pack_runs.submissions set admission_digest = $1 where run_id = $3`],
  ])('are no %s of a run: %s', async (document, statement) => {
    const plan = canonical({ inputs: { image: 'app:1' }, of: statement });
    const profile = canonical({ of: statement, environment: ENVIRONMENT_DIGEST });
    const runId = await submit(web.runStore, {
      ...{ plan, planHash: sha256(plan), profile, profileDigest: sha256(profile) },
    });
    expect((await web.runReader.documents(tenantA, runId))?.planHash).toBe(sha256(plan));
    const [text, values] = numbered(statement, [sha256(plan), sha256(profile), runUuid(runId)]);
    await database.sql(text, values);
    const altered = { code: 'DOCUMENT_ALTERED', first: { runId, tenant: tenantA, document } };
    await expect(web.runReader.documents(tenantA, runId)).rejects.toMatchObject(altered);
    await expect(web.runReader.original(tenantA, runId)).rejects.toMatchObject(altered);
    await expect(worker.runReader.records(tenantA, runId)).rejects.toMatchObject(altered);
    if (document !== 'admission') return;
    await expect(web.runReader.summary(tenantA, runId)).rejects.toMatchObject(altered);
    const listed = web.runReader.list(tenantA, {}, 1, null);
    await expect(listed).rejects.toMatchObject(altered);
    await web.alteredRuns.mark({ ...altered.first, document: 'admission', what: 'it', expected: 'a', found: 'b' });
    expect((await web.runReader.list(tenantA, {}, 1, null)).runs).toMatchObject([{ runId, status: 'halted' }]);
  });

  it.each([
    `labels = '{"a":"\\u0000"}'`,
    `labels = '{"\\ud800":"a"}'`,
    `requester = '{"iss":"i","sub":"s","name":"\\udfff"}'`,
  ])('take no list away with a text that no query reads: %s', async (change) => {
    const tenant = `texts ${change}` as TenantId;
    const [runId, other] = [await submit(web.runStore, { tenant }), await submit(web.runStore, { tenant })];
    await database.sql(`update pack_runs.submissions set ${change} where run_id = $1`, [runUuid(runId)]);
    for (const filter of [
      { text: 'sec-42' },
      { labels: [{ key: 'ticket', value: 'SEC-42' }] },
      { requester: { iss: 'https://id.test', sub: 'ada' } },
    ]) {
      const { runs } = await web.runReader.list(tenant, filter, 9, null).catch((error: unknown) => {
        if (!DocumentAltered.is(error)) throw error;
        return { runs: [{ runId: other }] };
      });
      expect(runs.map((run) => run.runId)).toContain(other);
    }
    const altered = { code: 'DOCUMENT_ALTERED', first: { runId, tenant, document: 'run' } };
    await expect(web.runReader.list(tenant, {}, 9, null)).rejects.toMatchObject(altered);
  });

  it.each([
    `manifest = ''`,
    `manifest = 'steps: ['`,
    `manifest = '7'`,
    `files = 'null'`,
    `files = '7'`,
    `files = '[{"path":"../x","digest":"sha256:${'0'.repeat(64)}","size":1,"executable":false}]'`,
    `pack_signatures = '7'`,
    `pack_signatures = '{"a":1}'`,
    `pack_signatures = '[{"hint":"h","envelope":{}}]'`,
    `labels = '[]'`,
    `forms = '7'`,
    `inputs = '{"image":"\\ud800"}'`,
  ])('are no original of a rerun with %s', async (change) => {
    const runId = await submit(web.runStore);
    expect((await web.runReader.original(tenantA, runId))?.labels).toEqual({ ticket: 'SEC-42' });
    await database.sql(`update pack_runs.submissions set ${change} where run_id = $1`, [runUuid(runId)]);
    const altered = { code: 'DOCUMENT_ALTERED', first: { runId } };
    await expect(web.runReader.original(tenantA, runId)).rejects.toMatchObject(altered);
  });

  it('are marked although there is a mark that no query reads', async () => {
    const tenant = 'unreadable' as TenantId;
    const runId = await submit(web.runStore, { tenant });
    for (const mark of [
      String.raw`{"code":"\u0000"}`,
      String.raw`{"code":"DOCUMENT_ALTERED","message":"\ud800"}`,
      String.raw`{"code":"DOCUMENT_ALTERED","message":"x","more":[{"\uDC00":1}]}`,
    ]) {
      await database.sql(
        `update pack_runs.runs set altered = $2, created_ms = 9e15, status = 'succeeded', due_at = null where run_id = $1`,
        [runUuid(runId), mark],
      );
      const altered = await web.runReader.list(tenant, {}, 9, null).catch((error: unknown) => error);
      expect(altered).toMatchObject({ code: 'DOCUMENT_ALTERED', first: { runId } });
      // The finding quotes such a text, which is readable there.
      const first = { ...(altered as DocumentAltered).first, found: String.raw`["\u0000"]` };
      expect(await web.alteredRuns.mark(first)).toBe(true);
      expect(await web.alteredRuns.mark(first)).toBe(false);
      expect((await web.runReader.list(tenant, {}, 9, null)).runs).toMatchObject([{ runId, status: 'succeeded' }]);
    }
  });
});
