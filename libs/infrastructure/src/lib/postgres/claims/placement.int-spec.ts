import { runUuid } from '@taskrunner/core/foundation';
import { searched } from '@taskrunner/core/testing';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { statement } from '../connection/statement';
import { aWorker, cancelRequest, submit, tenantA } from '../testing/builders';
import { withFreshDatabases } from '../testing/fresh-databases';
import { rowsRead } from '../testing/rows-read';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

const place = () => database.sql(statement('mark-unplaced').text);
const steady = () => database.sql(`update pack_runs.workers set steady_since = now() - interval '1 hour'`);

/** Sealed runs are not ended early. */
const NEVER = { isolations: [], waitMs: 0 };

describe('a run whose steps ask for labels', () => {
  it('is claimed only by a worker that has them all', async () => {
    const run = await submit(web.runStore, { workerLabels: ['gpu', 'linux'] });
    const free = await submit(web.runStore);
    for (const labels of [['gpu'], ['linux', 'x'], []]) {
      const lacking = await worker.claims.register(aWorker({ labels }));
      const claimed = await worker.claims.claim(lacking, 5);
      expect(claimed.map(({ runId }) => runId)).not.toContain(run);
      for (const one of claimed) await worker.claims.release(one, null);
    }
    const fitting = await worker.claims.register(aWorker({ labels: ['x', 'linux', 'gpu'] }));
    const claimed = (await worker.claims.claim(fitting, 5)).map(({ runId }) => runId);
    expect(claimed.sort()).toEqual([run, free].sort());
  });

  it('waits for workers also beside a run with a version that nothing can follow', async () => {
    const [altered, other] = [
      await submit(web.runStore, { workerLabels: ['none'] }),
      await submit(web.runStore, { workerLabels: ['none'] }),
    ];
    await database.sql('update pack_runs.runs set version = 9223372036854775807 where run_id = $1', [runUuid(altered)]);
    await place();
    for (const run of [altered, other])
      expect(await web.runReader.summary(tenantA, run)).toMatchObject({
        status: 'waiting',
        version: expect.any(Number),
      });
  });

  it('that nobody has waits for workers, visibly, and comes back with the first who has them', async () => {
    const run = await submit(web.runStore, { workerLabels: ['gpu', 'linux'] });
    const plain = await worker.claims.register(aWorker());
    await steady();
    await worker.claims.sweep(plain);
    const waits = [{ kind: 'workers', id: 'gpu,linux', until: null }];
    expect(await web.runReader.summary(tenantA, run)).toMatchObject({ status: 'waiting', waits });
    const fitting = await worker.claims.register(aWorker({ labels: ['gpu', 'linux'] }));
    expect(await worker.claims.claim(fitting, 5)).toEqual([]);
    await place();
    expect(await web.runReader.summary(tenantA, run)).toMatchObject({ status: 'queued', waits: [] });
    expect(await worker.claims.claim(fitting, 5)).toHaveLength(1);
  });

  it('is handed out to be ended once nobody has had them for long enough, and not before', async () => {
    const run = await submit(web.runStore, { workerLabels: ['gpu'] });
    const plain = await worker.claims.register(aWorker());
    await place();
    expect(await worker.claims.claimUnserved(plain, 60_000, NEVER, 5)).toEqual([]);
    await database.sql(`update pack_runs.runs set due_at = now() - interval '2 minutes'`);
    const fitting = await worker.claims.register(aWorker({ labels: ['gpu'] }));
    expect(await worker.claims.claimUnserved(plain, 60_000, NEVER, 5)).toEqual([]);
    await worker.claims.retire(fitting);
    const [claimed] = await worker.claims.claimUnserved(plain, 60_000, NEVER, 5);
    expect(claimed).toMatchObject({ runId: run, fence: 1 });
  });

  it('can be cancelled by any worker while nothing of it has run', async () => {
    const run = await submit(web.runStore, { workerLabels: ['gpu'] });
    const plain = await worker.claims.register(aWorker());
    await place();
    await web.runStore.post(tenantA, run, cancelRequest, 'cancel');
    expect((await worker.claims.claim(plain, 5)).map(({ runId }) => runId)).toEqual([run]);
  });

  it('does not slow down claims of others: thousands with labels that this worker lacks cost one probe', async () => {
    const one = await submit(web.runStore, { workerLabels: ['gpu'] });
    await database.sql(
      `insert into pack_runs.runs (tenant_id, run_id, environment_digest, isolation, created_ms, due_at, worker_labels)
       select tenant_id, pack_runs.uuidv7(), environment_digest, isolation, 0, now(), worker_labels
       from pack_runs.runs, generate_series(1, ${searched(2_000, 10_000)}) where run_id = $1`,
      [runUuid(one)],
    );
    await database.sql(
      `insert into pack_runs.runs (tenant_id, run_id, environment_digest, isolation, created_ms, status)
       select tenant_id, pack_runs.uuidv7(), environment_digest, isolation, 0, 'succeeded'
       from pack_runs.runs, generate_series(1, ${searched(20_000, 100_000)}) where run_id = $1`,
      [runUuid(one)],
    );
    await submit(web.runStore);
    await database.sql('vacuum analyze');
    const plain = await worker.claims.register(aWorker());
    const client = new Client({ connectionString: database.url('worker') });
    await client.connect();
    try {
      const values = [plain.id, 5, '', 1, [], []];
      expect(await rowsRead(client, statement('claim-runs').text, values)).toBeLessThan(200);
    } finally {
      await client.end();
    }
  });
});
