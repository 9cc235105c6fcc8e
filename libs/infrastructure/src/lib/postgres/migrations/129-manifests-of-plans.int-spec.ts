import { runUuid, type RunId } from '@taskrunner/core/foundation';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { migrateDatabase } from '../schema/migrate';
import { submit, tenantA } from '../testing/builders';
import { startTestServer, type TestServer } from '../testing/test-database';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
});
afterAll(() => host.stop());

it('gives plans of before their manifest, which later runs then do not keep', async () => {
  const database = await host.database();
  const { runStore } = await database.web();
  const runs = [await submit(runStore), await submit(runStore), await submit(runStore)];
  const manifests = async (of: readonly RunId[]) =>
    (
      await database.sql<{ manifest: string | null }>(
        'select manifest from pack_runs.submissions where run_id = any($1::uuid[]) order by run_id',
        [of.map(runUuid)],
      )
    ).map(({ manifest }) => manifest);
  expect(await manifests(runs)).toEqual([null, null, null]);
  const plans = () =>
    database.sql<{ tenant_id: string; manifest: string | null }>(
      'select tenant_id, manifest from pack_runs.plans order by plan_hash',
    );
  const forced = () =>
    database.sql(`select relname, relrowsecurity, relforcerowsecurity from pg_class
      where oid in ('pack_runs.plans'::regclass, 'pack_runs.submissions'::regclass) order by 1`);
  const [stored, secured] = [await plans(), await forced()];
  const own = stored[0]?.manifest;
  expect(stored).toEqual([{ tenant_id: tenantA, manifest: expect.any(String) }]);

  // As the release before has stored them: each run has the manifest, some with the hash of the plan as text.
  await database.sql(`
    alter table pack_runs.plans no force row level security;
    alter table pack_runs.submissions no force row level security;
    update pack_runs.submissions s set manifest = p.manifest from pack_runs.plans p where s.manifest is null;
    update pack_runs.submissions set plan_hash = pack_runs.digest_text(plan_bytes), plan_bytes = null
      where run_id <> (select max(run_id::text)::uuid from pack_runs.submissions);
    update pack_runs.plans set manifest = null;
    insert into pack_runs.plans (tenant_id, plan_hash, plan)
      select tenant_id, 'sha256:' || repeat('f', 64), plan from pack_runs.plans;
    alter table pack_runs.plans force row level security;
    alter table pack_runs.submissions force row level security`);
  const before = await submit(runStore);
  expect(await manifests([before])).toEqual([own]);
  await database.sql(`delete from pack_runs.migrations where name like 'ManifestsOfPlans%'`);

  expect((await migrateDatabase(database.url('owner'))).ran).toEqual(['ManifestsOfPlans1764000001290']);
  expect(await plans()).toEqual([...stored, { tenant_id: tenantA, manifest: null }]);
  expect(await forced()).toEqual(secured);
  const after = await submit(runStore);
  expect(await manifests([...runs, before, after])).toEqual([own, own, own, own, null]);
  // Readers have one for each run.
  expect(await database.sql('select manifest from pack_runs.run_sources')).toEqual(Array(5).fill({ manifest: own }));
});
