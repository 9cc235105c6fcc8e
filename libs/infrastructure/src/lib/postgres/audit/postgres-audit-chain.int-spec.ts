import { canonical, digestOf, sha256 } from '@taskrunner/core/canonical';
import { chainFault } from '@taskrunner/core/evidence';
import type { TenantId } from '@taskrunner/core/foundation';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { aCommit, anEnvelope, aStep, aWorker, start, submit, tenantA, tenantB } from '../testing/builders';
import { anArchive } from '../testing/sealed-run';
import { withFreshDatabases } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

const ENVELOPE = anEnvelope('checkpoint');

/** Appends entries of any kind. */
async function append(tenant: TenantId, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await web.gateStore.audit(tenant, { type: 'test', n, text: 'a "é" €' });
}

async function checkpoint(tenant: TenantId): Promise<void> {
  const status = await web.auditChain.status(tenant, 1_000);
  if (status.kind !== 'grown') throw new TypeError(status.kind);
  await web.auditChain.keep(tenant, { ...status, envelope: ENVELOPE });
}

it('gives entries that are a chain, of the tenant alone, page by page', async () => {
  await append(tenantA, 5);
  await append(tenantB, 1);
  const all = await web.auditChain.entries(tenantA, 0, 100);
  expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  expect(chainFault(all)).toBeNull();
  expect(await web.auditChain.entries(tenantA, 3, 1)).toEqual([all[3]]);
  expect(await web.auditChain.entries(tenantB, 0, 100)).toHaveLength(1);
});

it('says which tenants are due: those whose chain has grown, a while after their last checkpoint', async () => {
  expect(await web.auditChain.due(0, 10)).toEqual([]);
  await append(tenantA, 2);
  await append(tenantB, 1);
  expect([...(await web.auditChain.due(60_000, 10))].sort()).toEqual([tenantA, tenantB].sort());
  await checkpoint(tenantA);
  await checkpoint(tenantB);
  expect(await web.auditChain.status(tenantA, 10)).toEqual({ kind: 'unchanged' });
  expect(await web.auditChain.due(0, 10)).toEqual([]);
  await append(tenantA, 1);
  expect(await web.auditChain.due(60_000, 10)).toEqual([]);
  expect(await web.auditChain.due(0, 10)).toEqual([tenantA]);
});

it('keeps checkpoints, the first of those that cover as much, and shows them to their tenant', async () => {
  await append(tenantA, 2);
  await checkpoint(tenantA);
  const [first] = await web.auditChain.checkpoints(tenantA, 0, 10);
  const entries = await web.auditChain.entries(tenantA, 0, 10);
  expect(first).toMatchObject({ count: 2, head: entries[1]?.hash, envelope: ENVELOPE });
  await web.auditChain.keep(tenantA, { count: 2, head: digestOf('x'), at: 1, envelope: ENVELOPE });
  await append(tenantA, 1);
  await checkpoint(tenantA);
  expect((await web.auditChain.checkpoints(tenantA, 0, 10)).map(({ count, head }) => [count, head])).toEqual([
    [2, entries[1]?.hash],
    [3, (await web.auditChain.entries(tenantA, 2, 1))[0]?.hash],
  ]);
  expect(await web.auditChain.checkpoints(tenantA, 2, 10)).toHaveLength(1);
  expect(await web.auditChain.checkpoints(tenantB, 0, 10)).toEqual([]);
});

it('shows checkpoints whose row somebody has given another time with the signed one', async () => {
  await append(tenantA, 1);
  await checkpoint(tenantA);
  const at = Date.parse('2026-01-01T00:00:00.000Z');
  const signed = { schema: 'taskrunner.checkpoint.v1', tenant: tenantA, count: 1, head: sha256('head') };
  const envelopes = [anEnvelope(canonical({ ...signed, at: new Date(at).toISOString() })), ENVELOPE];
  for (const [i, envelope] of envelopes.entries()) {
    await database.sql('update pack_runs.audit_checkpoints set at_ms = 9000000000000000, envelope = $1', [
      JSON.stringify(envelope),
    ]);
    expect(await web.auditChain.checkpoints(tenantA, 0, 10)).toMatchObject([{ count: 1, at: i === 0 ? at : 0 }]);
  }
});

it('checks a long chain in parts', async () => {
  await append(tenantA, 5);
  expect(await web.auditChain.status(tenantA, 2)).toMatchObject({ kind: 'grown', count: 2 });
  const status = await web.auditChain.status(tenantA, 2);
  if (status.kind === 'grown') await web.auditChain.keep(tenantA, { ...status, envelope: ENVELOPE });
  expect(await web.auditChain.status(tenantA, 2)).toMatchObject({ kind: 'grown', count: 4 });
  expect(await web.auditChain.status(tenantA, 3)).toMatchObject({ kind: 'grown', count: 5 });
});

it.each<[string, string, number]>([
  ['an entry is gone', `delete from pack_runs.audit where seq = 4`, 4],
  ['the last entries are gone', `delete from pack_runs.audit where seq > 3`, 4],
  ['an entry is changed', `update pack_runs.audit set event = '{"type":"other"}' where seq = 4`, 4],
  ['an entry does not follow', `update pack_runs.audit set prev = sha256('x') where seq = 3`, 3],
  [
    'the chain was rolled back, with its counter',
    `with gone as (delete from pack_runs.audit where seq > 1) update pack_runs.audit_heads h set seq = 1, head = a.hash, prev = null
     from pack_runs.audit a where a.tenant_id = h.tenant_id and a.seq = 1`,
    2,
  ],
])('%s: then nothing is signed', async (_what, sql, entry) => {
  await append(tenantA, 2);
  await checkpoint(tenantA);
  await append(tenantA, 3);
  await database.sql(sql);
  expect(await web.auditChain.due(0, 10)).toEqual([tenantA]);
  expect(await web.auditChain.status(tenantA, 1_000)).toEqual({ kind: 'broken', entry });
});

it('lets no role change or remove a checkpoint', async () => {
  await append(tenantA, 1);
  await checkpoint(tenantA);
  const kept = await web.auditChain.checkpoints(tenantA, 0, 10);
  for (const role of ['web', 'worker', 'maintain', 'audit'])
    for (const change of [
      'update pack_runs.audit_checkpoints set at_ms = 9',
      'delete from pack_runs.audit_checkpoints',
    ])
      // The statement is either rejected, or row-level security hides the row from it.
      await database
        .sql(
          `begin; set local role taskrunner_${role}; select set_config('taskrunner.tenant', '${tenantA}', true); ${change}; commit`,
        )
        .catch(() => database.sql('rollback'));
  expect(await web.auditChain.checkpoints(tenantA, 0, 10)).toEqual(kept);
});

it('has an entry for the seal of a run', async () => {
  const runId = await submit(web.runStore);
  const workerSession = await worker.claims.register(aWorker());
  const [claimed] = await worker.claims.claim(workerSession, 1);
  if (!claimed) throw new Error('not claimed');
  await worker.committer.commit(aCommit(claimed, start, { steps: [aStep('s')], outbox: [{ kind: 'attest' }] }));
  const [item] = await worker.outbox.take('attest', 1, 1);
  if (!item) throw new Error('no item');
  const [bundle, statement] = [sha256('bundle'), sha256('statement')];
  const evidence = { tenant: tenantA, runId, bundle, bundleSize: 1, statement, statements: {}, exports: [], archive: anArchive }; // prettier-ignore
  expect(await worker.outbox.seal(item, evidence)).toBe(true);
  // Already sealed by another worker: no second entry is added.
  expect(await worker.outbox.seal(item, { ...evidence, bundle: sha256('other') })).toBe(false);
  const entries = await web.auditChain.entries(tenantA, 0, 10);
  expect(entries.map(({ event }) => event)).toEqual([
    { type: 'run.submitted', runId },
    { type: 'run.sealed', runId, bundle, statement },
  ]);
});
