import { Client } from 'pg';
import { runUuid } from '@taskrunner/core/foundation';
import { copyRows } from '../testing/full-database';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { statement } from '../connection/statement';
import { aCommit, aWorker, start, submit } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import { rowsRead } from '../testing/rows-read';
import type { TestDatabase } from '../testing/test-database';

// Runs that wait at gates are only rows: no claim reads them, and no worker keeps state for them.

const WAITING = Number(process.env['TASKRUNNER_WAITING_RUNS'] ?? 3_000);
const DAY_MS = 86_400_000;

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened));

/** Number of rows that a claim reads; the claims are rolled back. */
async function touched(worker_id: string): Promise<number> {
  const client = new Client({ connectionString: database.url('worker'), options: '-c jit=off -c enable_seqscan=off' });
  await client.connect();
  try {
    await client.query('begin');
    return await rowsRead(client, statement('claim-runs').text, [worker_id, 50, '', 1, [], []]);
  } finally {
    await client.end();
  }
}

it(`${WAITING} runs that wait at gates are nothing that a claim looks at`, async () => {
  const workerSession = await worker.claims.register(aWorker());
  const seed = await submit(web.runStore);
  const [claimed] = await worker.claims.claim(workerSession, 1);
  if (!claimed) throw new Error('nothing was claimed');
  const dueAt = Date.now() + DAY_MS;
  const parks = aCommit(claimed, start, { releases: true, dueAt, run: { status: 'waiting' } });
  expect(await worker.committer.commit(parks)).toMatchObject({ kind: 'committed' });
  await submit(web.runStore);
  const single = await touched(workerSession.id);

  const more = await database.sql<{ id: string }>(
    `select pack_runs.uuidv7(1700000000000 + n * 1000)::text as id from generate_series(1, ${WAITING}) n`,
  );
  const ids = more.map(({ id }) => id);
  for (const table of ['pack_runs.submissions', 'pack_runs.runs']) await copyRows(database, table, runUuid(seed), ids);
  await database.sql(
    `insert into pack_runs.steps (tenant_id, run_id, step, parent, place, kind, status, attempts)
     select r.tenant_id, r.run_id, 's' || n, '', n, 'gate', 'waiting', 1 from pack_runs.runs r, generate_series(1, 5) n
     where r.status = 'waiting' and r.run_id <> $1`,
    [runUuid(seed)],
  );
  await database.sql(
    `insert into pack_runs.gates (tenant_id, run_id, gate, approval, state, gate_digest, request, required, expires_at, opened_ms)
     select tenant_id, run_id, 's1', 'people', 'open', '', '{}', 1, now() + interval '1 day', 1 from pack_runs.runs
     where status = 'waiting' and run_id <> $1`,
    [runUuid(seed)],
  );
  const [{ count } = { count: 0 }] = await database.sql<{ count: number }>(
    `select count(*)::int as count from pack_runs.runs where status = 'waiting' and owner is null and due_at > now()`,
  );
  expect(count).toBe(WAITING + 1);
  await database.sql('vacuum analyze');

  await submit(web.runStore);
  const beside = await touched((await worker.claims.register(aWorker())).id);
  expect(beside).toBeLessThan(single + 20);
}, 300_000);
