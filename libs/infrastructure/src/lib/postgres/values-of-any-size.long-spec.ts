import { sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import type { RunId } from '@taskrunner/core/foundation';
import type { ClaimedRun, WorkerSession } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { keysNeeded } from './backup/keys-needed';
import { statement } from './connection/statement';
import type { WebDatabase, WorkerDatabase } from './databases';
import {
  aCommit,
  aDecision,
  aGateOpened,
  aStep,
  aWorker,
  cancelRequest,
  start,
  submit,
  tenantA,
  tenantB,
} from './testing/builders';
import { withFreshDatabases } from './testing/fresh-databases';
import type { TestDatabase } from './testing/test-database';
import { ALL_REFERENCES } from './upkeep/object-reference';

// Values that PostgreSQL stores, and that no process can hold or no operator can search. Each takes seconds to write.

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
let me: WorkerSession;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh), {
  worker: { leaseMs: 600_000 },
});
beforeEach(async () => {
  me = await worker.claims.register(aWorker());
});

const owners = (...runs: RunId[]) =>
  database.sql('select owner from pack_runs.runs where run_id = any ($1::uuid[])', [runs.map(runUuid)]);

describe('a text of more than 512 MiB', () => {
  /** Writes values as the owner of the tables can, whose triggers they are. */
  async function force(table: string, set: string, run: RunId): Promise<void> {
    await database.sql(
      `alter table ${table} disable trigger user; update ${table} set ${set} where run_id = '${runUuid(run)}'; alter table ${table} enable trigger user`,
    );
  }

  it('is refused only to who writes it: other values are written beside it, and one of 128 MiB is', async () => {
    await database.sql(`update pack_runs.workers set name = repeat('x', 134217728)`);
    await database.sql(`alter table pack_runs.workers disable trigger user; update pack_runs.workers set name = repeat('x', 134217729);
      alter table pack_runs.workers enable trigger user; update pack_runs.workers set lease_until = now()`);
  });

  it('is claimed as an altered one, and keeps no other run from its workers and no run from a list', async () => {
    const [altered, other] = [await submit(web.runStore), await submit(web.runStore)];
    await force('pack_runs.submissions', `pack_version = repeat('x', 540000000)`, altered);
    await force(
      'pack_runs.runs',
      `outputs = to_json(repeat('x', 134217729)), evidence_reason = repeat('x', 65537)`,
      altered,
    );
    const list = () => web.runReader.list(tenantA, {}, 9, null);
    // Whoever gets this marks the run, and reads the list again.
    await expect(list()).rejects.toMatchObject({ name: 'DocumentAltered' });
    await force('pack_runs.runs', `altered = '{"code":"DOCUMENT_ALTERED","message":"x"}'`, altered);
    expect((await list()).runs.map(({ runId }) => runId).sort()).toEqual([altered, other].sort());
    const claimedRuns = await worker.claims.claim(me, 9);
    expect(claimedRuns.map(({ runId, pack }) => [runId, pack.version === ''])).toEqual(
      expect.arrayContaining([
        [altered, true],
        [other, false],
      ]),
    );
    // A statement that sets other columns is not refused for it.
    await worker.claims.retire(me);
    expect(await owners(altered, other)).toEqual([{ owner: null }, { owner: null }]);
  }, 600_000);

  it('in the rows of one run is read as an altered one', async () => {
    await submit(web.runStore);
    const [run] = (await worker.claims.claim(me, 1)) as [ClaimedRun];
    expect(await worker.committer.commit(aCommit(run, start, { steps: [aStep('s')] }))).toEqual({ kind: 'committed' });
    await web.runStore.post(tenantA, run.runId, cancelRequest, 'cancel');
    const many = 540_000_000;
    await force('pack_runs.steps', `status = repeat('x', ${many})`, run.runId);
    await force('pack_runs.inbox', `given = to_json(repeat('x', ${many}))`, run.runId);
    await force('pack_run_logs.journal', `content = convert_to(repeat('x', ${many}), 'UTF8')`, run.runId);
    expect((await worker.claims.rows(tenantA, run.runId)).steps).toContainEqual(
      expect.objectContaining({ status: '' }),
    );
    expect(await worker.claims.inboxMessages(tenantA, run.runId, 0)).toMatchObject([{ input: expect.any(String) }]);
    expect(await worker.claims.pages(tenantA, run.runId, 0)).toMatchObject([{ entries: [] }]);
  }, 600_000);

  it('in a decision takes no list of open gates away', async () => {
    const runs = [await submit(web.runStore), await submit(web.runStore)] as [RunId, RunId];
    for (const run of await worker.claims.claim(me, 2)) {
      const opens = aCommit(run, start, { gates: [aGateOpened(run, { required: 2 })], run: { status: 'waiting' } });
      expect(await worker.committer.commit(opens)).toEqual({ kind: 'committed' });
    }
    expect(await web.gateStore.decide(aDecision(runs[0], 'ben', 1_000))).toMatchObject({ kind: 'counted' });
    await force('pack_runs.decisions', `iss = repeat('x', 540000000)`, runs[0]);
    const gates = await database.sql<{ run_id: string }>(statement('open-gates').text, [tenantA, 9, null, null, null]);
    expect(gates.map(({ run_id }) => run_id).sort()).toEqual(runs.map(runUuid).sort());
  }, 600_000);

  it('in the row of one worker takes no list of workers away', async () => {
    const other = await worker.claims.register(aWorker());
    await database.sql('alter table pack_runs.workers disable trigger user');
    await database.sql(`update pack_runs.workers set name = repeat('x', 540000000) where worker_id = $1`, [me.id]);
    await database.sql('alter table pack_runs.workers enable trigger user');
    const rows = await database.sql<{ worker_id: string; name: string }>(statement('list-workers').text, [
      ...[tenantA, null, 9, 9],
    ]);
    expect(rows.map(({ worker_id, name }) => [worker_id, name === ''])).toEqual([
      [me.id, true],
      [other.id, false],
    ]);
  }, 600_000);

  it.each([
    ['environment of a profile', 'pack_runs.profiles', `environment = to_json(repeat('x', 540000000))`],
    ['reason why no worker honours it', 'pack_runs.runs', `unhonoured = repeat('x', 540000000), unplaced = true`],
  ])(
    'as the %s keeps no other run from a worker, and no list of what is not honoured',
    async (_what, table, set) => {
      const [altered, other] = [await submit(web.runStore), await submit(web.runStore, { tenant: tenantB })];
      if (table === 'pack_runs.runs') await force(table, set, altered);
      else
        await database.sql(
          `alter table ${table} disable trigger user; update ${table} set ${set} where tenant_id = '${tenantA}'; alter table ${table} enable trigger user`,
        );
      for (const [name, values] of [
        ['waiting-environments', [[]]],
        ['count-unhonoured', []],
        ['parked-kinds', [[], '', '', '', '']],
        ['claim-unserved', [me.id, 10, 0, ['none'], 0, 1]],
      ] as const)
        expect(await database.sql(statement(name).text, [...values])).toEqual(expect.any(Array));
      expect((await worker.claims.claim(me, 9)).map(({ runId }) => runId)).toContain(other);
    },
    600_000,
  );
});

describe('a document of 300 MB', () => {
  /** More than PostgreSQL searches. */
  const HUGE = `('{"signatures":[{"keyid":"' || repeat('x', 300000000) || '"}]}')::json`;

  it('is no document, has no digests, and keeps no reference and no key from being found', async () => {
    const [altered, other] = [await submit(web.runStore), await submit(web.runStore, { tenant: tenantB })];
    const digests = ['of a file', 'of another file'].map(sha256);
    const file = (digest: string | undefined) => `[{"path":"a","digest":"${digest}"}]`;
    await database.sql(
      `alter table pack_runs.submissions disable trigger user;
       update pack_runs.submissions set inputs = ${HUGE}, admission = ${HUGE}, files = '${file(digests[0])}' where run_id = '${runUuid(altered)}';
       update pack_runs.submissions set files = '${file(digests[1])}' where run_id = '${runUuid(other)}';
       alter table pack_runs.submissions enable trigger user`,
    );
    expect(await database.sql(`select pack_runs.readable(${HUGE}) as document`)).toEqual([{ document: null }]);
    const found = await database.sql<{ digest: string }>(ALL_REFERENCES);
    expect(found.map(({ digest }) => digest)).toEqual(expect.arrayContaining(digests));
    expect(await worker.objectReferences.unneeded(tenantA, digests as never, 0)).toEqual([]);
    expect(await database.sql(statement('keys-in-use').text, [null])).toEqual(expect.any(Array));
    const client = {
      query: async (text: string, values?: unknown[]) => ({ rows: await database.sql(text, values) }),
    };
    expect(await keysNeeded(client as never)).toEqual(expect.any(Array));
  }, 600_000);
});
