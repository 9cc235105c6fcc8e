import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, scheduleUuid } from '@taskrunner/core/foundation';
import type { RunId, TenantId } from '@taskrunner/core/foundation';
import { DocumentAltered } from '@taskrunner/core/stored';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { aCommit, aGateOpened, aWorker, start, submit, tenantA } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import { aSchedule } from '../testing/schedules';
import { anArchive, anEndedRun, dayOf, makeDay } from '../testing/sealed-run';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened));

/** A document through which nobody can walk. */
const DEEP = `('{"code":"DOCUMENT_ALTERED","message":"x","needs_attention":' || repeat('[', 30000) || repeat(']', 30000) || ',"type":"a"}')::json`;

/** Alters a row of a run. The stack is the one of somebody who stores such a document. */
async function alter(table: string, change: string, runId: RunId): Promise<void> {
  await database.sql(
    `begin; set local max_stack_depth = '7MB'; update ${table} set ${change} where run_id = '${runUuid(runId)}'; commit`,
  );
}

/** The first read finds the run; its mark is written then, as by the webservice. */
async function foundIn(list: () => Promise<unknown>): Promise<DocumentAltered> {
  const error = await list().then(
    () => new Error('nothing was found'),
    (refused: unknown) => refused as Error,
  );
  if (!DocumentAltered.is(error)) throw error;
  for (const found of error.all) await web.alteredRuns.mark(found);
  return error;
}

describe('a document through which nobody can walk', () => {
  it.each(['error', 'outputs', 'counts', 'waits', 'message'])(
    'takes no list of runs away as %s of a run, which is marked',
    async (column) => {
      const tenant = `deep ${column}` as TenantId;
      const [runId, other] = [await submit(web.runStore, { tenant }), await submit(web.runStore, { tenant })];
      await alter('pack_runs.runs', `${column} = ${DEEP}`, runId);
      const list = () => web.runReader.list(tenant, {}, 9, null);
      expect((await foundIn(list)).first).toMatchObject({ runId, document: 'run' });
      expect((await list()).runs).toMatchObject([{ runId: other }, { runId, status: 'halted' }]);
      expect(JSON.stringify(await list()).length).toBeLessThan(20_000);
    },
  );

  it.each(['initiators', 'requester', 'labels'])(
    'takes no list of runs away as %s of its source, and no route of the run fails otherwise',
    async (column) => {
      const tenant = `deep ${column}` as TenantId;
      const [runId, other] = [await submit(web.runStore, { tenant }), await submit(web.runStore, { tenant })];
      await alter('pack_runs.submissions', `${column} = ${DEEP}`, runId);
      const altered = { code: 'DOCUMENT_ALTERED', first: { runId } };
      await expect(web.runReader.summary(tenant, runId)).rejects.toMatchObject(altered);
      if (column !== 'requester') await expect(web.runReader.original(tenant, runId)).rejects.toMatchObject(altered);
      for (const filter of [{ text: 'sec-42' }, { labels: [{ key: 'ticket', value: 'SEC-42' }] }, {}])
        await web.runReader.list(tenant, filter, 9, null).catch((error: unknown) => {
          if (!DocumentAltered.is(error)) throw error;
        });
      const list = () => web.runReader.list(tenant, {}, 9, null);
      expect((await foundIn(list)).first.runId).toBe(runId);
      expect((await list()).runs).toMatchObject([{ runId: other }, { runId, status: 'halted' }]);
    },
  );

  it('is no mark of a run, and keeps no run from being halted', async () => {
    const tenant = 'deep altered' as TenantId;
    const runId = await submit(web.runStore, { tenant });
    await alter('pack_runs.runs', `altered = ${DEEP}, version = -1`, runId);
    const list = () => web.runReader.list(tenant, {}, 9, null);
    await foundIn(list);
    expect((await list()).runs).toMatchObject([{ runId, status: 'halted', error: { code: 'DOCUMENT_ALTERED' } }]);
    expect(await web.gateStore.open(tenant, 9, null)).toEqual([]);
  });

  it.each(['request', 'show', 'envelope', 'altered', 'counts'])(
    'takes no list of open gates away as %s',
    async (column) => {
      const tenant = `deep gates ${column}` as TenantId;
      const ids = [await submit(web.runStore, { tenant }), await submit(web.runStore, { tenant })];
      const [runId, other] = ids as [RunId, RunId];
      const session = await worker.claims.register(aWorker());
      for (const run of await worker.claims.claim(session, 10_000))
        if (ids.includes(run.runId)) {
          const commit = aCommit(run, start, { gates: [aGateOpened(run)] });
          expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
        }
      await worker.claims.retire(session);
      if (column === 'envelope')
        await database.sql(
          `insert into pack_runs.decisions (tenant_id, run_id, gate, decision_id, decision, iss, sub, decided_ms, envelope, record_digest)
           values ($1, $2, 'approve', gen_random_uuid(), 'approved', 'i', 's', 1, '{}', $3)`,
          [tenant, runUuid(runId), sha256('x')],
        );
      const table = column === 'envelope' ? 'decisions' : ['altered', 'counts'].includes(column) ? 'runs' : 'gates';
      await alter(`pack_runs.${table}`, `${column} = ${DEEP}`, runId);
      const open = async () => (await web.gateStore.open(tenant, 9, null)).map((row) => row.runId);
      // Neither a mark nor the numbers of steps belong to what is shown of a gate.
      if (table === 'runs') return expect(await open()).toEqual([other, runId]);
      expect((await foundIn(open)).first.runId).toBe(runId);
      expect(await open()).toEqual([other]);
      return undefined;
    },
  );

  it('keeps no run from becoming due', async () => {
    const runId = await submit(web.runStore);
    await alter('pack_runs.runs', `counts = ${DEEP}`, runId);
    await database.sql("update pack_runs.runs set due_at = now() - interval '1 hour' where run_id = $1", [
      runUuid(runId),
    ]);
    await alter('pack_runs.runs', `counts = '{"needs_attention":"many"}'`, runId);
    await database.sql("update pack_runs.runs set due_at = now() - interval '2 hours' where run_id = $1", [
      runUuid(runId),
    ]);
    await alter('pack_runs.runs', `counts = '{"needs_attention":2}', due_at = now()`, runId);
    expect(await database.sql('select stuck from pack_runs.runs where run_id = $1', [runUuid(runId)])).toEqual([
      { stuck: 'attention' },
    ]);
  });
});

describe('a column of a run that no row of the product has', () => {
  it.each([
    [`status = 'HACKED'`, 'the status'],
    [`evidence_status = 'HACKED'`, 'the status of its evidence'],
    [`status = 'waiting', outputs = '{"r":"evil"}'`, 'its outputs'],
    [`status = 'waiting', error = '{"code":"EVIL"}'`, 'its error'],
    [`outputs = '7'`, 'its outputs'],
    [`message = '[]'`, 'its message'],
  ])('is found: %s', async (change, what) => {
    const tenant = `column ${change}` as TenantId;
    const runId = await submit(web.runStore, { tenant });
    await alter('pack_runs.runs', change, runId);
    await expect(web.runReader.summary(tenant, runId)).rejects.toMatchObject({
      code: 'DOCUMENT_ALTERED',
      first: { runId, what },
    });
    const list = () => web.runReader.list(tenant, {}, 9, null);
    await foundIn(list);
    expect((await list()).runs).toMatchObject([{ runId, status: 'halted', outputs: null }]);
  });
});

it('the gate that was approved before is altered at a time that cannot be shown', async () => {
  const tenant = 'approved before' as TenantId;
  const [earlier, later] = [await submit(web.runStore, { tenant }), await submit(web.runStore, { tenant })];
  const session = await worker.claims.register(aWorker());
  for (const run of await worker.claims.claim(session, 10_000))
    if (run.runId === earlier) await worker.committer.commit(aCommit(run, start, { gates: [aGateOpened(run)] }));
  await worker.claims.retire(session);
  await alter('pack_runs.gates', `state = 'approved', ended_ms = 7`, earlier);
  expect(await web.runReader.approvedBefore(tenant, later, Date.now())).toMatchObject({ approvedAt: 7 });
  await alter('pack_runs.gates', `ended_ms = -9000000000000000000`, earlier);
  await expect(web.runReader.approvedBefore(tenant, later, Date.now())).rejects.toMatchObject({
    code: 'DOCUMENT_ALTERED',
    first: { runId: earlier },
  });
});

describe('an ended run that is not sealed yet', () => {
  beforeAll(() => makeDay(database, dayOf(40)));
  const ended = () => anEndedRun({ database, web, worker, daysAgo: 40, sealed: false });

  it.each([
    `pack_signatures = '{}'`,
    `pack_signatures = '[7]'`,
    `pack_signatures = ${DEEP}`,
    `files = 'null'`,
    `files = '[7]'`,
  ])('has no records with %s', async (change) => {
    const runId = await ended();
    await alter('pack_runs.submissions', change, runId);
    const altered = { code: 'DOCUMENT_ALTERED', first: { runId } };
    await expect(worker.runReader.records(tenantA, runId)).rejects.toMatchObject(altered);
  });

  const MOST = '9223372036854775807';
  it.each([
    `insert into pack_artifacts.archives select tenant_id, run_id, 0, 0, '' from pack_runs.runs where run_id = $1`,
    `insert into pack_artifacts.archived_chunks select tenant_id, run_id, 1, '[]' from pack_runs.runs where run_id = $1`,
    `insert into pack_artifacts.exports (tenant_id, run_id, destination, artifacts, requested_ms)
     select tenant_id, run_id, 'd', false, 0 from pack_runs.runs where run_id = $1`,
  ])('is not sealed beside a row that somebody else has written, and its seal is blocked: %s', async (insert) => {
    const runId = await ended();
    await database.sql(insert, [runUuid(runId)]);
    await database.sql(`update pack_runs.runs set version = ${MOST} where run_id = $1`, [runUuid(runId)]);
    const item = (await worker.outbox.take('attest', 99, 1)).find((one) => one.runId === runId);
    if (!item) throw new Error('nothing to seal');
    await expect(worker.outbox.seal(item, evidenceOf(runId))).rejects.toMatchObject({
      code: 'DOCUMENT_ALTERED',
      first: { runId, document: 'evidence' },
    });
    await worker.outbox.postpone(item, 1, 'blocked', 'DOCUMENT_ALTERED: it');
    expect(await rowOf(runId)).toEqual([{ evidence_status: 'blocked', evidence_reason: 'DOCUMENT_ALTERED: it' }]);
  });

  it('is sealed with a version that nothing can follow, and its export is settled', async () => {
    const runId = await ended();
    const most = () => database.sql(`update pack_runs.runs set version = ${MOST} where run_id = $1`, [runUuid(runId)]);
    await most();
    const item = (await worker.outbox.take('attest', 99, 1)).find((one) => one.runId === runId);
    if (!item) throw new Error('nothing to seal');
    expect(await worker.outbox.seal(item, evidenceOf(runId))).toBe(true);
    expect(await rowOf(runId)).toEqual([{ evidence_status: 'sealed', evidence_reason: null }]);
    await most();
    const due = { tenant: tenantA, runId, destination: 'd', artifacts: false, tries: 1, ageMs: 1 };
    await worker.exports.settle(due, { status: 'delivered' });
    expect(await database.sql('select status from pack_artifacts.exports where run_id = $1', [runUuid(runId)])).toEqual(
      [{ status: 'delivered' }],
    );
  });

  const rowOf = (runId: RunId) =>
    database.sql('select evidence_status, evidence_reason from pack_runs.runs where run_id = $1', [runUuid(runId)]);

  function evidenceOf(runId: RunId) {
    const part = { offset: 7, size: 1, sha256: sha256('x') };
    const chunk = { firstLine: 1, lines: 1, step: 's', execution: 1, chunk: 0, at: 1, part };
    return {
      ...{ tenant: tenantA, runId, bundle: sha256(`bundle of ${runId}`), bundleSize: 9, statement: sha256('s') },
      ...{ statements: {}, exports: [{ destination: 'd', artifacts: false }] },
      archive: { ...anArchive, chunks: [chunk] },
    };
  }
});

describe('the places of the log of a sealed run', () => {
  beforeAll(() => makeDay(database, dayOf(41)));

  it.each([
    `'7'`,
    `'[null]'`,
    DEEP,
    `'[{"firstLine":1,"lines":1}]'`,
    `'[{"firstLine":1,"lines":1e12,"step":"s","execution":1,"chunk":0,"at":1,"part":null}]'`,
    `'[{"firstLine":1,"lines":1,"step":"\\ud800","execution":1,"chunk":0,"at":1,"part":null}]'`,
    `'[{"firstLine":1,"lines":1,"step":"s","execution":1,"chunk":0,"at":1,"part":7}]'`,
  ])('are altered with a list that is none: %s', async (chunks) => {
    const runId = await anEndedRun({ database, web, worker, daysAgo: 41 });
    expect((await web.archives.chunks(tenantA, runId, 0))?.chunks).toHaveLength(1);
    await alter('pack_artifacts.archived_chunks', `chunks = ${chunks}`, runId);
    await expect(web.archives.chunks(tenantA, runId, 0)).rejects.toMatchObject({
      code: 'DOCUMENT_ALTERED',
      first: { runId, document: 'log' },
    });
  });
});

describe('a schedule with a document through which nobody can walk', () => {
  it.each(['labels', 'pack', 'creator', 'stopped', 'record'])('takes no list of schedules away: %s', async (column) => {
    const tenant = `deep schedules ${column}` as TenantId;
    for (const other of [false, true]) {
      const { scheduleId } = await web.scheduleStore.stamp();
      await web.scheduleStore.create(aSchedule(scheduleId, null, { tenant }), 100, { type: 'schedule.created' });
      if (other) continue;
      await database.sql(
        `begin; set local max_stack_depth = '7MB'; update pack_runs.schedules set ${column} = ${DEEP}
         where schedule_id = '${scheduleUuid(scheduleId)}'; commit`,
      );
      expect(await web.scheduleStore.find(tenant, scheduleId)).toMatchObject({ scheduleId });
    }
    const listed = await web.scheduleStore.list(tenant, 9, null);
    expect(listed).toHaveLength(2);
    expect(JSON.stringify(listed).length).toBeLessThan(10_000);
  });

  it('is found although a run of its history has such an admission', async () => {
    const tenant = 'deep ticks' as TenantId;
    const { scheduleId } = await web.scheduleStore.stamp();
    await web.scheduleStore.create(aSchedule(scheduleId, null, { tenant }), 100, { type: 'schedule.created' });
    const runId = await submit(web.runStore, { tenant });
    await database.sql(
      `insert into pack_runs.schedule_ticks (tenant_id, schedule_id, tick_ms, last_ms, count, outcome, run_id, decided_ms)
       values ($1, $2, 1, 1, 1, 'ran', $3, 1)`,
      [tenant, scheduleUuid(scheduleId), runUuid(runId)],
    );
    await alter('pack_runs.submissions', `admission = ${DEEP}`, runId);
    expect((await web.scheduleStore.due(tenant, scheduleId))?.active).toEqual([{ runId, admission: null }]);
    expect(await web.scheduleStore.ticks(tenant, scheduleId, 9, null)).toMatchObject([{ runId }]);
  });
});
