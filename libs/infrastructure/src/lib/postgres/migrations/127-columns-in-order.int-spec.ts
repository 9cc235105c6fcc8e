import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { ownerDataSource } from '../schema/data-source';
import { migrateDatabase } from '../schema/migrate';
import { aCommit, aWorker, start, submit } from '../testing/builders';
import { startTestServer, type TestServer } from '../testing/test-database';
import { columnsInOrder } from './127-columns-in-order';
import { migrations } from './migrations';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
});
afterAll(() => host.stop());

/** Everything that belongs to the table of runs, by name. */
const BELONGS = `
select 'column ' || attname as name, format_type(atttypid, atttypmod) || ' ' || attnotnull || ' ' || attcollation || ' ' || attgenerated::text
  || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '') || coalesce(' ' || attacl::text, '') as says
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = 'pack_runs.runs'::regclass and attnum > 0 and not attisdropped
union all select 'rights', relacl::text || relrowsecurity || relforcerowsecurity || reloptions::text || relowner::regrole
from pg_class where oid = 'pack_runs.runs'::regclass
union all select 'policy ' || policyname, permissive || cmd || roles::text || coalesce(qual, '') || coalesce(with_check, '')
from pg_policies where schemaname = 'pack_runs' and tablename = 'runs'
union all select 'index ' || indexname, indexdef from pg_indexes where schemaname = 'pack_runs' and tablename = 'runs'
union all select 'trigger ' || tgname, pg_get_triggerdef(oid) from pg_trigger where tgrelid = 'pack_runs.runs'::regclass and not tgisinternal
order by 1`;

it('keeps runs, rights, policies, indexes and triggers, and goes on with running sessions', async () => {
  const database = await host.database();
  const [web, worker] = [await database.web(), await database.worker()];
  const session = await worker.claims.register(aWorker());
  for (let n = 0; n < 3; n += 1) await submit(web.runStore);
  const [first, second] = await worker.claims.claim(session, 2);
  if (!first || !second) throw new Error('not claimed');
  await worker.committer.commit(aCommit(first, start, { run: { status: 'waiting', counts: { needs_attention: 2 } } }));
  // Another order, and a column that was dropped.
  await database.sql(`
    alter table pack_runs.runs add column former uuid;
    alter table pack_runs.runs no force row level security;
    update pack_runs.runs set former = owner;
    alter table pack_runs.runs force row level security;
    drop index pack_runs.runs_owned, pack_runs.runs_due, pack_runs.runs_labelled;
    alter table pack_runs.runs drop column stuck, drop column owner;
    alter table pack_runs.runs rename column former to owner;
    alter table pack_runs.runs add column stuck text collate "C" generated always as (pack_runs.stuck_of(status, evidence_status, counts, owner)) stored;
    create index runs_owned on pack_runs.runs (owner) where owner is not null;
    create index runs_stuck on pack_runs.runs (tenant_id, stuck, run_id) where stuck is not null;
    delete from pack_runs.migrations where name like 'ColumnsInOrder%'`);
  const rows = () => database.sql('select to_jsonb(r) as run from pack_runs.runs r order by run_id');
  const before = [await rows(), await database.sql(BELONGS)];
  expect((await migrateDatabase(database.url('owner'))).ran).toEqual(['ColumnsInOrder1764000001270']);
  expect([await rows(), await database.sql(BELONGS)]).toEqual(before);
  expect(before[1]?.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['policy web', 'trigger leave_group', 'index runs_by_status']),
  );
  // Statements that sessions have prepared are planned for the new table.
  await submit(web.runStore);
  expect(await worker.claims.claim(session, 9)).toHaveLength(2);
  expect(await worker.committer.commit(aCommit(second, start, { run: { status: 'running' } }))).toMatchObject({
    kind: 'committed',
  });
});

it('has every column, default, right, policy, index and trigger of the table before', async () => {
  const database = await host.database('empty');
  const source = ownerDataSource(database.url('owner'));
  source.setOptions({ migrations: migrations.slice(0, migrations.indexOf(columnsInOrder)) });
  await source.initialize();
  await source.query('create schema if not exists pack_runs');
  await source.runMigrations({ transaction: 'each' });
  await source.destroy();
  const before = await database.sql(BELONGS);
  expect(before.length).toBeGreaterThan(60);
  expect((await migrateDatabase(database.url('owner'))).ran).toContain('ColumnsInOrder1764000001270');
  expect(await database.sql(BELONGS)).toEqual(before);
});

it('has what changes often together', async () => {
  const database = await host.database();
  const columns = await database.sql<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = 'pack_runs.runs'::regclass and attnum > 0 order by attnum`,
  );
  const all = columns.map(({ name }) => name);
  const names = all.slice(all.indexOf('fence'), all.indexOf('stuck') + 1);
  expect(names.slice(0, 3)).toEqual(['fence', 'claim_seq', 'owner']);
  expect(names.slice(3, 11)).toEqual(
    'due_at due_set_at started_ms finished_ms status waits outputs journaled_steps'.split(' '),
  );
  expect(names.slice(11, 17)).toEqual(['last_seq', 'committed_at', 'head', 'counts', 'version', 'fed_version']);
  expect(names.slice(17)).toEqual(['evidence_digest', 'evidence_status', 'stuck']);
});
