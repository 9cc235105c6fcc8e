import { sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import type { RunId } from '@taskrunner/core/foundation';
import type { ClaimedRun } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import {
  aCommit,
  aDecision,
  after,
  aResolution,
  aStep,
  aWorker,
  cancelRequest,
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
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened), { web: { connections: 10 } });

/** A run with an open gate that waits for a resolution of execution 2 of a step. */
async function attentive(releases = true): Promise<{ runId: RunId; claimed: ClaimedRun }> {
  const runId = await submit(web.runStore);
  const workerSession = await worker.claims.register(aWorker());
  const claimed = (await worker.claims.claim(workerSession, 100)).find((run) => run.runId === runId);
  if (!claimed) throw new Error('not claimed');
  const commit = aCommit(claimed, start, {
    steps: [aStep('pay', { parent: 'group', status: 'needs_attention', error: { execution: 2 } })],
    gates: [
      {
        kind: 'opened',
        gate: 'approve',
        approval: 'security',
        gateDigest: sha256('gate'),
        request: {},
        show: null,
        required: 1,
        expiresAt: 4e12,
      },
    ],
    releases,
    run: { status: 'waiting' },
  });
  expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
  if (releases) await worker.claims.retire(workerSession);
  return { runId, claimed };
}

const about = { parent: 'group', execution: 2 };
const messages = async (runId: RunId) => worker.claims.inboxMessages(tenantA, runId, 0);

describe('a resolution', () => {
  it('counts once: letter, record, audit row, and the run is due', async () => {
    const { runId } = await attentive();
    const resolution = aResolution(runId, 'ben', 1_000, { ...about, outputs: { receipt: 'r' } });
    expect(await web.attentionStore.resolve(resolution)).toEqual({ kind: 'counted' });
    expect(await messages(runId)).toMatchObject([
      { position: 1, input: { type: 'attention.resolved' }, envelope: resolution.envelope, response: { receipt: 'r' } },
    ]);
    expect((await worker.runReader.records(tenantA, runId))?.resolutions).toEqual([resolution.envelope]);
    const [run] = await database.sql<{ due: boolean }>(
      'select due_at <= now() as due from pack_runs.runs where run_id = $1',
      [runUuid(runId)],
    );
    expect(run?.due).toBe(true);
    const audited = `select from pack_runs.audit where event->>'type' = 'attention.resolution' and event->>'sub' = 'ben'`;
    expect(await database.sql(audited)).toHaveLength(1);
    // After a lost answer, the same record is sent again and gets the same result.
    expect(await web.attentionStore.resolve(resolution)).toEqual({ kind: 'counted' });
    const other = aResolution(runId, 'cy', 1_001, { ...about, outcome: 'failed' });
    expect(await web.attentionStore.resolve(other)).toEqual({
      kind: 'known',
      outcome: 'succeeded',
      person: resolution.person,
      envelope: resolution.envelope,
    });
    expect(await messages(runId)).toHaveLength(1);
  });

  it('is not kept out by a last decision in the future that nobody has signed', async () => {
    const { runId } = await attentive();
    const now = await web.gateStore.now();
    const setBack = () =>
      database.sql('update pack_runs.runs set last_decided_ms = $2 where run_id = $1', [
        runUuid(runId),
        now + 3_600_000,
      ]);
    expect(await web.gateStore.decide(aDecision(runId, 'ben', now))).toMatchObject({ kind: 'counted' });
    await setBack();
    expect(await web.attentionStore.resolve(aResolution(runId, 'cy', now, about))).toEqual({ kind: 'again' });
    expect(await web.attentionStore.resolve(aResolution(runId, 'cy', now + 1, about))).toEqual({ kind: 'counted' });
  });

  it('is not kept out by a decision in the future that is none: the run is altered', async () => {
    const { runId } = await attentive();
    await database.sql(
      `insert into pack_runs.decisions (tenant_id, run_id, gate, decision_id, decision, iss, sub, decided_ms, envelope, record_digest, name)
       values ($1, $2, 'x', 'y', 'approved', 'i', 's', 200000000000000, 'null', 'd', '')`,
      [tenantA, runUuid(runId)],
    );
    await database.sql('update pack_runs.runs set last_decided_ms = 200000000000000 where run_id = $1', [
      runUuid(runId),
    ]);
    const resolution = aResolution(runId, 'cy', await web.gateStore.now(), about);
    await expect(web.attentionStore.resolve(resolution)).rejects.toMatchObject({
      code: 'DOCUMENT_ALTERED',
      first: { runId, document: 'decision' },
    });
  });

  it.each(['seen = -5', 'refused_position = 9'])(
    'is not refused for a position that no message has: the run is altered by %s',
    async (change) => {
      const { runId } = await attentive();
      await database.sql(`update pack_runs.runs set ${change} where run_id = $1`, [runUuid(runId)]);
      await expect(web.attentionStore.resolve(aResolution(runId, 'cy', 1_000, about))).rejects.toMatchObject({
        code: 'DOCUMENT_ALTERED',
        first: { runId, document: 'status' },
      });
    },
  );

  it('is not kept out by the row of one that is none, nor by a message under its key: the run is altered', async () => {
    const { runId } = await attentive();
    const refused = (document: string) =>
      expect(web.attentionStore.resolve(aResolution(runId, 'cy', 1_000, about))).rejects.toMatchObject({
        code: 'DOCUMENT_ALTERED',
        first: { runId, document },
      });
    await database.sql(
      `insert into pack_runs.resolutions (tenant_id, run_id, step, execution, outcome, iss, sub, decided_ms, envelope, record_digest)
       values ($1, $2, 'pay', 2, 'failed', 'i', 's', 1, '{}', 'd')`,
      [tenantA, runUuid(runId)],
    );
    await refused('resolution');
    await database.sql('delete from pack_runs.resolutions where run_id = $1', [runUuid(runId)]);
    await database.sql(
      `insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms) values ($1, $2, 7, 'resolution:2:pay', '{}', 0)`,
      [tenantA, runUuid(runId)],
    );
    await refused('status');
  });

  it('of twenty in parallel, exactly one counts', async () => {
    const { runId } = await attentive();
    const at = await web.gateStore.now();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        for (let time = at + i; ; time += 20) {
          const outcome = await web.attentionStore.resolve(aResolution(runId, `p${i}`, time, about));
          if (outcome.kind !== 'again') return outcome.kind;
        }
      }),
    );
    expect(outcomes.filter((kind) => kind === 'counted')).toHaveLength(1);
    expect(outcomes.filter((kind) => kind === 'known')).toHaveLength(19);
    expect(await messages(runId)).toHaveLength(1);
  });

  it('is refused for another execution, a step that needs none, another run and another tenant', async () => {
    const { runId } = await attentive();
    const refused = { kind: 'refused', code: 'ATTENTION_NOT_NEEDED' };
    const ask = (overrides: object) =>
      web.attentionStore.resolve(aResolution(runId, 'ben', 1_000, { ...about, ...overrides }));
    expect(await ask({ execution: 1 })).toEqual(refused);
    expect(await ask({ step: 'other' })).toEqual(refused);
    expect(await ask({ tenant: tenantB })).toEqual({ kind: 'refused', code: 'RUN_ENDED' });
    expect(await messages(runId)).toEqual([]);
  });

  it('is refused behind a cancel or a rejection that no worker has read', async () => {
    const cancelled = await attentive();
    await web.runStore.post(tenantA, cancelled.runId, cancelRequest, 'cancel');
    const rejected = await attentive();
    await web.gateStore.decide(aDecision(rejected.runId, 'ben', 1_000, { decision: 'rejected' }));
    for (const { runId } of [cancelled, rejected]) {
      const late = await web.attentionStore.resolve(aResolution(runId, 'ben', 2_000, about));
      expect(late).toEqual({ kind: 'refused', code: 'RUN_ENDED' });
    }
  });

  it('counts again once the worker has read the rejection and a cleanup step needs attention', async () => {
    const { runId, claimed } = await attentive(false);
    await web.gateStore.decide(aDecision(runId, 'ben', 1_000, { decision: 'rejected' }));
    const [page] = await worker.claims.pages(tenantA, runId, 0);
    if (!page) throw new Error('no page');
    const commit = aCommit(claimed, after({ page, seen: 0 } as never), { seen: 1, run: { status: 'waiting' } });
    expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
    expect(await web.attentionStore.resolve(aResolution(runId, 'ben', 2_000, about))).toEqual({ kind: 'counted' });
  });
});

it.each(['{"execution":"two"}', '{"execution":1e99}', String.raw`{"execution":"\u0000"}`])(
  'a step whose row has an execution that is none, %s, needs no resolution',
  async (error) => {
    const { runId } = await attentive();
    await database.sql(`update pack_runs.steps set error = $2 where run_id = $1`, [runUuid(runId), error]);
    const resolution = aResolution(runId, 'ben', 1_000, about);
    expect(await web.attentionStore.resolve(resolution)).toMatchObject({ kind: 'refused' });
  },
);
