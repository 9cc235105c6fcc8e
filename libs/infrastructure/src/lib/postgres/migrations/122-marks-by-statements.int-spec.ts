import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { migrateDatabase } from '../schema/migrate';
import { aCommit, aWorker, start, submit } from '../testing/builders';
import { UNPACKED } from '../testing/unpacked';
import { startTestServer, type TestServer } from '../testing/test-database';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
});
afterAll(() => host.stop());

it('MarksByStatements moves columns of runs, keeps what they hold, and tells nobody of a change', async () => {
  const database = await host.database();
  const web = await database.web();
  const worker = await database.worker();
  const session = await worker.claims.register(aWorker());
  for (let n = 0; n < 4; n += 1) await submit(web.runStore);
  const [first, second, third] = await worker.claims.claim(session, 3);
  if (!first || !second || !third) throw new Error('not claimed');
  const counts = { needs_attention: 2, running: 1 };
  await worker.committer.commit(aCommit(first, start, { run: { status: 'waiting', counts } }));
  await worker.committer.commit(aCommit(second, start, { releases: true, run: { status: 'failed', finishedAt: 5 } }));
  await database.sql(UNPACKED);
  await database.sql(`
    alter table pack_runs.runs drop column stuck, add column stuck text collate "C";
    create index runs_stuck on pack_runs.runs (tenant_id, stuck, run_id) where stuck is not null;
    create function pack_runs.mark_run() returns trigger language plpgsql as $$ begin return new; end $$;
    create trigger mark before update on pack_runs.runs for each row execute function pack_runs.mark_run();
    delete from pack_runs.migrations where name ~ '^(MarksByStatements|PackedAdmissions|ColumnsInOrder)'`);
  const rows = () => database.sql('select to_jsonb(r) - $1 as run from pack_runs.runs r order by run_id', ['stuck']);
  const events = () => database.sql('select count(*)::int as events from pack_runs.events');
  const before = [await rows(), await events()];
  expect((await migrateDatabase(database.url('owner'))).ran).toEqual([
    'MarksByStatements1764000001220',
    'PackedAdmissions1764000001260',
    'ColumnsInOrder1764000001270',
  ]);
  expect([await rows(), await events()]).toEqual(before);
  const stuck = await database.sql<{ stuck: string }>('select stuck from pack_runs.runs order by run_id');
  expect(stuck.map((row) => row.stuck)).toEqual(['attention', null, null, null]);
});
