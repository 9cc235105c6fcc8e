import { existsSync } from 'node:fs';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { maintainDatabase } from '../upkeep/maintain';
import { migrateDatabase } from './migrate';
import { migrationNames } from '../migrations/migrations';
import { aCommit, after, aStep, aWorker, start, submit, tenantA } from '../testing/builders';
import { anEndedRun, DAY_MS, dayOf, makeDay } from '../testing/sealed-run';
import { startTestServer, type TestServer } from '../testing/test-database';

// The oldest supported release, as packaged by Debian; all other tests run on the newest. TASKRUNNER_TEST_PG_BIN runs any test on another
// release: set it to the folder of its programs.
const PROGRAMS = '/usr/lib/postgresql/15/bin';
const isThere = existsSync(`${PROGRAMS}/initdb`);
if (!isThere) {
  if (process.env['CI'] === 'true') throw new Error(`PostgreSQL 15 is not in ${PROGRAMS}: install postgresql-15`);
  process.stdout.write(`skipped: PostgreSQL 15 is not in ${PROGRAMS} (apt-get install postgresql-15)\n`);
}

(isThere ? describe : describe.skip)('PostgreSQL 15', () => {
  let host: TestServer;
  beforeAll(async () => {
    host = await startTestServer(startEmbeddedPostgres, PROGRAMS);
  });
  afterAll(() => host?.stop());

  it('is what runs', async () => {
    const database = await host.database('empty');
    const [row] = await database.sql<{ release: number }>(
      `select current_setting('server_version_num')::int / 10000 as release`,
    );
    expect(row?.release).toBe(15);
  });

  it('takes every migration', async () => {
    const database = await host.database('empty');
    expect((await migrateDatabase(database.url('owner'))).ran).toEqual(migrationNames);
  });

  it('takes, claims and commits runs, sweeps them, and refuses the commits of a lost claim', async () => {
    const database = await host.database();
    const [web, worker] = [await database.web(), await database.worker({ leaseMs: 1_500 })];
    const runId = await submit(web.runStore);
    const first = await worker.claims.register(aWorker());
    const [run] = await worker.claims.claim(first, 1);
    if (!run) throw new Error('not claimed');
    const commit = aCommit(run, start, { steps: [aStep('a')] });
    expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
    const second = await worker.claims.register(aWorker());
    for (let freed = 0; freed === 0;) {
      await worker.claims.renew(second);
      await new Promise((resolve) => setTimeout(resolve, 100));
      freed = await worker.claims.sweep(second);
    }
    const [again] = await worker.claims.claim(second, 1);
    expect(again).toMatchObject({ runId, fence: 2, crashes: 1 });
    expect(await worker.committer.commit(aCommit(run, after(commit)))).toEqual({ kind: 'claim-lost' });
    expect(await worker.claims.pages(tenantA, runId, 0)).toHaveLength(1);
  });

  it('drops partitions that are past retention', async () => {
    const database = await host.database();
    const [web, worker] = [await database.web(), await database.worker()];
    await makeDay(database, dayOf(40));
    await anEndedRun({ database, web, worker, daysAgo: 40 });
    const retention = {
      journal: 14 * DAY_MS,
      runs: 30 * DAY_MS,
      evidence: 35 * DAY_MS,
      events: 7 * DAY_MS,
      tenants: [],
    };
    expect(await maintainDatabase(database.url('maintain'), retention)).toMatchObject({
      dropped: 3,
      runs: 1,
      evidence: 1,
    });
  });
});
