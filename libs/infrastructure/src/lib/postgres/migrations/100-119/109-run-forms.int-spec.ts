import { startEmbeddedPostgres } from '../../../embedded-postgres/embedded-postgres';
import { migrateDatabase } from '../../schema/migrate';
import { UNPACKED } from '../../testing/unpacked';
import { startTestServer, type TestServer } from '../../testing/test-database';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
});
afterAll(() => host.stop());

it('RunForms adds a column to a database of the release before, which its services need not fill', async () => {
  const database = await host.database();
  await database.sql(UNPACKED);
  await database.sql('alter table pack_runs.run_sources drop column forms');
  await database.sql(`delete from pack_runs.migrations where name ~ '^(RunForms|PackedAdmissions)'`);
  expect((await migrateDatabase(database.url('owner'))).ran).toEqual([
    'RunForms1764000001090',
    'PackedAdmissions1764000001260',
  ]);
  const columns = await database.sql(
    `select data_type as type, is_nullable as nullable, column_default as initial from information_schema.columns
     where table_schema = 'pack_runs' and table_name = 'run_sources' and column_name = 'forms'`,
  );
  expect(columns).toEqual([{ type: 'json', nullable: 'YES', initial: null }]);
});
