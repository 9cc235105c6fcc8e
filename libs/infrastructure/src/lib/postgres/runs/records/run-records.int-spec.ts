import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../../embedded-postgres/embedded-postgres';
import { statement } from '../../connection/statement';
import { submit, tenantA } from '../../testing/builders';
import { rowsRead } from '../../testing/rows-read';
import { startTestServer } from '../../testing/test-database';
import type { TestDatabase, TestServer } from '../../testing/test-database';

const ROWS = 1_000;

let host: TestServer;
let database: TestDatabase;
let client: Client;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
  client = new Client({ connectionString: database.url('web') });
  await client.connect();
}, 120_000);
afterAll(async () => {
  await client.end();
  await host.stop();
});

it('reads only the rows of its runs, also if its plan was made while the tables were empty', async () => {
  await client.query('set plan_cache_mode = force_generic_plan');
  await client.query('begin');
  await client.query('select pack_runs.set_tenant($1)', [tenantA]);
  await client.query(`prepare records (text, uuid[]) as ${statement('run-records').text}`);
  await client.query(`execute records ('${tenantA}', '{}')`);

  const web = await database.web();
  await submit(web.runStore);
  const [run] = await database.sql<{ run_id: string }>('select run_id from pack_runs.runs');
  await database.sql(
    `insert into pack_runs.submissions
     select (jsonb_populate_record(s, jsonb_build_object('run_id', pack_runs.uuidv7(1700000000000 + n * 1000)))).*
     from pack_runs.submissions s, generate_series(1, ${ROWS}) n`,
  );

  expect(await rowsRead(client, `execute records ('${tenantA}', '{${run?.run_id}}')`, [])).toBeLessThan(100);
});
