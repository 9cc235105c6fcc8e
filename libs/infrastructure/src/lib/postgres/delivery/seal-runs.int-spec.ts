import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, type RunId } from '@taskrunner/core/foundation';
import type { OutboxItem, SealedEvidence } from '@taskrunner/core/ports';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { tenantA } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import { anArchive, anEndedRun, dayOf, makeDay } from '../testing/sealed-run';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened));
beforeAll(() => makeDay(database, dayOf(40)));

/** Evidence with as many exports and chunks as the run has places before it: what is of one run is no other's. */
function evidenceOf(runId: RunId, place: number): SealedEvidence {
  const part = { offset: place, size: 1, sha256: sha256('x') };
  const chunk = { firstLine: 1, lines: 1 + place, step: 's', execution: 1, chunk: 0, at: 1, part };
  const destinations = Array.from({ length: place }, (_, i) => ({ destination: `d${i}`, artifacts: i % 2 === 1 }));
  return {
    ...{ tenant: tenantA, runId, bundle: sha256(`bundle of ${runId}`), bundleSize: 9 + place },
    ...{ statement: sha256(`statement of ${runId}`), statements: {}, exports: destinations },
    archive: { journal: { ...anArchive.journal, offset: 512 * place }, chunks: place === 0 ? [] : [chunk] },
  };
}

/** Ended runs whose seals have begun, in the order of these places. */
async function begun(
  count: number,
): Promise<readonly { readonly item: OutboxItem; readonly evidence: SealedEvidence }[]> {
  const runs: RunId[] = [];
  for (let i = 0; i < count; i++) runs.push(await anEndedRun({ database, web, worker, daysAgo: 40, sealed: false }));
  const items = await worker.outbox.take('attest', count, 60_000);
  return runs.map((runId, place) => {
    const item = items.find((one) => one.runId === runId);
    if (!item) throw new Error('nothing to seal');
    return { item, evidence: evidenceOf(runId, place) };
  });
}

const sealAll = (seals: Awaited<ReturnType<typeof begun>>) =>
  Promise.allSettled(seals.map(({ item, evidence }) => worker.outbox.seal(item, evidence)));

/** Statements that wrote rows of `table` for these runs: rows of one statement have one transaction id. */
async function transactionsOf(table: string, runs: readonly RunId[]): Promise<number> {
  const [row] = await database.sql<{ n: number }>(
    `select count(distinct xmin::text)::int as n from ${table} where run_id = any ($1)`,
    [runs.map(runUuid)],
  );
  return row?.n ?? 0;
}

async function rowsOf(table: string, columns: string, runId: RunId): Promise<readonly unknown[]> {
  return database.sql(`select ${columns} from pack_artifacts.${table} where run_id = $1 order by 1`, [runUuid(runId)]);
}

/** The runs of the last entries of the audit chain. */
async function lastAudited(count: number): Promise<readonly unknown[]> {
  const entries = await database.sql<{ event: unknown }>(
    'select event from pack_runs.audit where tenant_id = $1 order by seq desc limit $2',
    [tenantA, count],
  );
  return entries.reverse().map(({ event }) => event);
}

it('runs that are sealed at once are stored by one statement, each with its own rows and audit entry', async () => {
  const seals = await begun(4);
  const runs = seals.map(({ item }) => item.runId);
  expect(await sealAll(seals)).toEqual(runs.map(() => ({ status: 'fulfilled', value: true })));
  expect(await transactionsOf('pack_artifacts.attestations', runs)).toBe(1);
  for (const [place, { evidence }] of seals.entries()) {
    const { runId, bundle, bundleSize } = evidence;
    expect(await rowsOf('attestations', 'bundle, bundle_size::int, statements', runId)).toEqual([
      { bundle, bundle_size: bundleSize, statements: {} },
    ]);
    expect(await rowsOf('archives', 'journal_offset::int', runId)).toEqual([{ journal_offset: 512 * place }]);
    expect(await rowsOf('exports', 'destination, artifacts', runId)).toEqual(
      evidence.exports.map(({ destination, artifacts }) => ({ destination, artifacts })),
    );
    expect(await rowsOf('archived_chunks', 'last_line::int', runId)).toEqual(
      place === 0 ? [] : [{ last_line: 1 + place }],
    );
    expect(await web.runReader.summary(tenantA, runId)).toMatchObject({ evidence: { status: 'sealed' } });
  }
  expect(await lastAudited(4)).toEqual(
    seals.map(({ evidence: { runId, bundle, statement } }) => ({ type: 'run.sealed', runId, bundle, statement })),
  );
  expect(await database.sql('select from pack_runs.outbox where run_id = any ($1)', [runs.map(runUuid)])).toEqual([]);
});

it('a run that somebody has marked as sealed is sealed nevertheless', async () => {
  const [seal] = await begun(1);
  if (!seal) throw new Error('no run');
  const { runId } = seal.item;
  await database.sql(`update pack_runs.runs set evidence_status = 'sealed' where run_id = $1`, [runUuid(runId)]);
  expect(await sealAll([seal])).toEqual([{ status: 'fulfilled', value: true }]);
  expect(await rowsOf('attestations', 'bundle', runId)).toEqual([{ bundle: seal.evidence.bundle }]);
});

it('a run that cannot be sealed keeps no other from it', async () => {
  const seals = await begun(3);
  const [first, broken, last] = seals.map(({ item }) => item.runId);
  if (!first || !broken || !last) throw new Error('no runs');
  await database.sql(
    `insert into pack_artifacts.archives select tenant_id, run_id, 0, 0, '' from pack_runs.runs where run_id = $1`,
    [runUuid(broken)],
  );
  expect(await sealAll(seals)).toEqual([
    { status: 'fulfilled', value: true },
    {
      status: 'rejected',
      reason: expect.objectContaining({
        code: 'DOCUMENT_ALTERED',
        first: expect.objectContaining({ runId: broken, document: 'evidence' }) as unknown,
      }) as unknown,
    },
    { status: 'fulfilled', value: true },
  ]);
  expect((await lastAudited(2)).map((event) => (event as { runId: RunId }).runId).sort()).toEqual([first, last].sort());
});

it('a run that was sealed before is said to be, beside others', async () => {
  const seals = await begun(2);
  const [, second] = seals;
  if (!second) throw new Error('no runs');
  await worker.outbox.seal(second.item, { ...second.evidence, bundle: sha256('before') });
  expect(await sealAll(seals)).toEqual([
    { status: 'fulfilled', value: true },
    { status: 'fulfilled', value: false },
  ]);
  expect(await rowsOf('attestations', 'bundle', second.item.runId)).toEqual([{ bundle: sha256('before') }]);
});

it('a run that has an attestation of somebody else is not sealed, its item stays, and it keeps no other from it', async () => {
  const seals = await begun(3);
  const [first, foreign, last] = seals;
  if (!first || !foreign || !last) throw new Error('no runs');
  const { runId } = foreign.item;
  await database.sql(
    `insert into pack_artifacts.attestations (tenant_id, run_id, bundle, bundle_size, statement, statements, sealed_ms)
     select tenant_id, run_id, 'a bundle', 1, 's', '{}', pack_runs.now_ms() from pack_runs.runs where run_id = $1`,
    [runUuid(runId)],
  );
  const altered = { code: 'DOCUMENT_ALTERED', message: expect.stringContaining('found attestations') as string };
  expect(await sealAll(seals)).toEqual([
    { status: 'fulfilled', value: true },
    { status: 'rejected', reason: expect.objectContaining(altered) as unknown },
    { status: 'fulfilled', value: true },
  ]);
  // Nor if nobody else is sealed with it.
  await expect(worker.outbox.seal(foreign.item, foreign.evidence)).rejects.toMatchObject(altered);
  expect(await database.sql('select from pack_runs.outbox where run_id = $1', [runUuid(runId)])).toHaveLength(1);
  await database.sql('delete from pack_artifacts.attestations where run_id = $1', [runUuid(runId)]);
  expect(await worker.outbox.seal(foreign.item, foreign.evidence)).toBe(true);
});

it('a run whose row is locked waits, and no other waits with it', async () => {
  const seals = await begun(3);
  const [first, locked, last] = seals;
  if (!first || !locked || !last) throw new Error('no runs');
  const client = new Client({ connectionString: database.url('admin') });
  await client.connect();
  await client.query('begin');
  await client.query('select from pack_runs.runs where run_id = $1 for update', [runUuid(locked.item.runId)]);
  const ended: string[] = [];
  const sealing = seals.map(({ item, evidence }) =>
    worker.outbox.seal(item, evidence).then((sealed) => (ended.push(item.runId), sealed)),
  );
  expect(await Promise.all([sealing[0], sealing[2]])).toEqual([true, true]);
  expect(ended).toEqual([first.item.runId, last.item.runId]);
  await client.query('rollback');
  await client.end();
  expect(await sealing[1]).toBe(true);
});

describe('ended runs', () => {
  it('are taken by the worker that drove them, and by others only after a while', async () => {
    const runId = await anEndedRun({ database, web, worker, daysAgo: 40, sealed: false });
    const another = await database.worker();
    expect(await another.outbox.take('attest', 9, 60_000)).toEqual([]);
    await database.sql(`update pack_runs.outbox set due_at = due_at - interval '10 seconds' where run_id = $1`, [
      runUuid(runId),
    ]);
    expect(await another.outbox.take('attest', 9, 60_000)).toEqual([expect.objectContaining({ runId })]);
    expect(await another.outbox.take('attest', 9, 60_000)).toEqual([]);
  });

  it('need no statement to be taken by that worker', async () => {
    const runId = await anEndedRun({ database, web, worker, daysAgo: 40, sealed: false });
    const row = () =>
      database.sql<{ id: string; tries: number }>(
        'select outbox_id as id, tries, due_at, xmin::text from pack_runs.outbox where run_id = $1',
        [runUuid(runId)],
      );
    const [before] = await row();
    const taken = await worker.outbox.take('attest', 9, 60_000);
    expect(taken.find((item) => item.runId === runId)).toMatchObject({ id: before?.id, tries: 1 });
    expect(await worker.outbox.take('attest', 9, 60_000)).toEqual([]);
    expect(await row()).toEqual([before]);
    expect(before?.tries).toBe(0);
  });

  it.each([
    ['held', (item: OutboxItem) => worker.outbox.hold(item, 0)],
    ['postponed', (item: OutboxItem) => worker.outbox.postpone(item, 0, 'pending', 'away')],
  ])('are taken by anybody once they were %s', async (_what, done) => {
    const runId = await anEndedRun({ database, web, worker, daysAgo: 40, sealed: false });
    const another = await database.worker();
    const [item] = await worker.outbox.take('attest', 9, 60_000);
    if (!item) throw new Error('nothing to seal');
    await done(item);
    expect(await another.outbox.take('attest', 9, 60_000)).toEqual([expect.objectContaining({ runId })]);
  });
});
