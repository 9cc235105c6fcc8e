import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, type RunId } from '@taskrunner/core/foundation';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { openPool } from './connection/connection';
import { openWorkerDatabase, type WebDatabase, type WorkerDatabase } from './databases';
import { statement } from './connection/statement';
import { aWorker, submit, tenantA } from './testing/builders';
import { anEndedRun } from './testing/sealed-run';
import { withFreshDatabases } from './testing/fresh-databases';
import { once, type TestDatabase } from './testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

/** Tables with the source, messages, output and decisions of a run. */
const TABLES = [
  'pack_run_logs.chunks',
  'pack_run_logs.journal',
  'pack_run_logs.places',
  'pack_runs.decisions',
  'pack_runs.gates',
  'pack_runs.inbox',
  'pack_runs.releases',
  'pack_runs.resolutions',
  'pack_runs.submissions',
];

/** A run that has ended, with a row in each of the tables. */
async function aRun(sealed: boolean): Promise<RunId> {
  const run = await anEndedRun({ database, web, worker, daysAgo: 0, sealed });
  const key = `'${tenantA}', '${runUuid(run)}'`;
  for (const row of [
    `inbox (tenant_id, run_id, position, dedupe, given, posted_ms) values (${key}, 1, 'd', '{}', 1)`,
    `gates (tenant_id, run_id, gate, approval, state, gate_digest, request, required, expires_at, opened_ms)
       values (${key}, 'g', 'a', 'approved', 'd', '{}', 1, now(), 1)`,
    `decisions (tenant_id, run_id, decision_id, gate, decision, iss, sub, decided_ms, record_digest, envelope)
       values (${key}, 'd', 'g', 'approved', 'i', 's', 1, 'd', '{}')`,
    `resolutions (tenant_id, run_id, step, execution, outcome, iss, sub, decided_ms, record_digest, envelope)
       values (${key}, 's', 1, 'failed', 'i', 's', 1, 'd', '{}')`,
    `releases (tenant_id, run_id, decided_ms, envelope) values (${key}, 1, '{}')`,
  ])
    await database.sql(`insert into pack_runs.${row}`);
  return run;
}

const asWorker = (text: string) => once(database.url('worker'), text);

/** The tables in which a worker's role finds rows of the run. */
async function readable(run: RunId): Promise<readonly string[]> {
  const asked = TABLES.map((table) => `select '${table}' as name from ${table} where run_id = '${runUuid(run)}'`);
  const rows = await asWorker(`${asked.join(' union ')} order by 1`);
  return rows.map(({ name }) => String(name));
}

const sealedAgo = (run: RunId, minutes: number) =>
  database.sql(
    `update pack_artifacts.attestations set sealed_ms = pack_runs.now_ms() - $2::int * 60000 where run_id = $1`,
    [runUuid(run), minutes],
  );

const denied = { code: '42501' };

describe('what the role of workers reads of a run', () => {
  it('is all of it until it is sealed, and for ten minutes more', async () => {
    const [ended, sealed] = [await aRun(false), await aRun(true)];
    expect(await readable(ended)).toEqual(TABLES);
    await sealedAgo(sealed, 9);
    expect(await readable(sealed)).toEqual(TABLES);
  });

  it('is nothing after that', async () => {
    const run = await aRun(true);
    await sealedAgo(run, 11);
    expect(await readable(run)).toEqual([]);
    expect(await worker.claims.pages(tenantA, run, 0)).toEqual([]);
    expect(await worker.claims.inboxMessages(tenantA, run, 0)).toEqual([]);
    expect(await worker.claims.admission(tenantA, run)).toBeNull();
    expect(await worker.runReader.records(tenantA, run)).toBeNull();
  });

  it('does not come back, whatever a worker writes to the run', async () => {
    const run = await aRun(true);
    await sealedAgo(run, 11);
    await asWorker(
      `update pack_runs.runs set status = 'running', evidence_status = 'none', evidence_digest = null, owner = gen_random_uuid(),
         due_at = now(), finished_ms = null where run_id = '${runUuid(run)}'`,
    );
    expect(await readable(run)).toEqual([]);
    await expect(asWorker('delete from pack_artifacts.attestations')).rejects.toMatchObject(denied);
    await expect(asWorker('update pack_artifacts.attestations set sealed_ms = 9e12')).rejects.toMatchObject(denied);
    await expect(asWorker('truncate pack_artifacts.attestations')).rejects.toMatchObject(denied);
    await expect(asWorker('update pack_runs.submissions set rerun_of = run_id')).rejects.toMatchObject(denied);
    await expect(asWorker('set row_security = off; select from pack_runs.inbox')).rejects.toMatchObject(denied);
    await expect(asWorker('set role taskrunner_owner')).rejects.toMatchObject(denied);
    await expect(asWorker('set role taskrunner_maintain')).rejects.toMatchObject(denied);
  });

  it('is all of it again while a rerun of it is not sealed', async () => {
    const run = await aRun(true);
    await sealedAgo(run, 11);
    const again = await submit(web.runStore, { rerunOf: run });
    expect(await readable(run)).toEqual(TABLES);
    expect(await worker.claims.admission(tenantA, run)).not.toBeNull();
    await database.sql(
      `insert into pack_artifacts.attestations (tenant_id, run_id, bundle, bundle_size, statement, statements, sealed_ms)
       values ($1, $2, '', 1, '', '{}', 1)`,
      [tenantA, runUuid(again)],
    );
    expect(await readable(run)).toEqual([]);
  });

  it('leaves others what they read', async () => {
    const run = await aRun(true);
    await sealedAgo(run, 11);
    expect(await web.runReader.documents(tenantA, run)).not.toBeNull();
    expect(await web.logStore.read(tenantA, run, 0, 9)).toHaveLength(1);
    const [maintained] = await once(
      database.url('maintain'),
      'select count(*)::int as pages from pack_run_logs.journal',
    );
    expect(maintained).toEqual({ pages: 1 });
  });
});

describe('a login of its own for a pool of workers', () => {
  it('is a member of the role: it works as the role does, reads no more, and is closed alone', async () => {
    const expired = await aRun(true);
    await sealedAgo(expired, 11);
    const { username, password } = new URL(database.url('worker'));
    await database.sql(`create role taskrunner_worker_pool login in role ${username} password '${password}'`);
    const url = database.url('worker').replace(username, 'taskrunner_worker_pool');
    const run = await submit(web.runStore);
    const pool = await openWorkerDatabase(url, { allowLoss: true });
    try {
      const workerSession = await pool.claims.register(aWorker());
      expect(await pool.claims.claim(workerSession, 9)).toMatchObject([{ runId: run }]);
      expect(await once(url, 'select from pack_run_logs.journal')).toEqual([]);
      await expect(once(url, 'select event from pack_runs.audit')).rejects.toMatchObject(denied);
    } finally {
      await pool.close();
    }
    await database.sql('alter role taskrunner_worker_pool nologin');
    await expect(once(url, 'select')).rejects.toMatchObject({ code: '28000' });
    await expect(asWorker('select')).resolves.toHaveLength(1);
    await database.sql('drop role taskrunner_worker_pool');
  });
});

describe('the sweep of objects', () => {
  it('still sees what sealed runs name', async () => {
    const [file, free] = [sha256('f'), sha256('x')];
    const run = await submit(web.runStore, { files: [{ path: 'a', digest: file, size: 1, executable: false }] });
    await database.sql(
      `insert into pack_artifacts.attestations (tenant_id, run_id, bundle, bundle_size, statement, statements, sealed_ms)
       values ($1, $2, '', 1, '', '{}', 1)`,
      [tenantA, runUuid(run)],
    );
    expect(await readable(run)).toEqual([]);
    await worker.objectReferences.unneeded(tenantA, [file, free], 0);
    expect(await worker.objectReferences.unneeded(tenantA, [file, free], 0)).toEqual([free]);
  });

  it('of a worker of the release before is refused, and takes nothing for unneeded', async () => {
    const before = `
      select d.digest from pack_runs.run_sources r, unnest(pack_runs.digests_in(r.files, r.inputs)) d (digest)
      where r.tenant_id = $1 and pack_runs.digests_in(r.files, r.inputs) && $2::text[]
      union all
      select d.digest from pack_runs.schedules s, unnest(pack_runs.digests_in(s.source -> 'files', s.inputs)) d (digest)
      where s.tenant_id = $1 and d.digest = any($2::text[])`;
    const pool = openPool(database.url('worker'), { max: 1 });
    try {
      const text = statement('suspect-objects').text.replace('  /*needed*/', before);
      const asked = pool.query({ text, values: [tenantA, [sha256('f')], 0] });
      await expect(asked).rejects.toMatchObject({ ...denied, message: 'permission denied for table schedules' });
    } finally {
      await pool.end();
    }
    expect(await database.sql('select from pack_artifacts.object_suspects')).toEqual([]);
  });
});

/** Tables with a run's rows that stay readable after the seal, with the reason. */
const OPEN: Readonly<Record<string, string>> = {
  'pack_artifacts.archived_chunks': 'its columns are closed',
  'pack_artifacts.archives': 'where a rerun finds the journal of its original',
  'pack_artifacts.artifacts': 'exports; the sweep of objects',
  'pack_artifacts.attestations': 'exports; the sweep of objects',
  'pack_artifacts.exports': 'deliveries come after the seal',
  'pack_artifacts.stored_values': 'the sweep of objects',
  'pack_runs.assignments': 'goes before the run ends',
  'pack_runs.executions': 'goes before the run ends',
  'pack_runs.idempotency': 'its columns are closed',
  'pack_runs.outbox': 'goes when it is told',
  'pack_runs.run_labels': 'its columns are closed',
  'pack_runs.runs': 'the row of every claim; deliveries count its version up',
  'pack_runs.sensitive_inputs': 'goes with the seal',
  'pack_runs.steps': 'its columns are closed, but for key and status',
};

describe('tables with rows of runs', () => {
  it('are out of reach once the run is sealed, or it is said why not', async () => {
    const rows = await database.sql<{ name: string; bound: boolean }>(
      `select c.oid::regclass::text as name, coalesce(bool_and(p.qual like '%attestations%is_done_again(tenant_id, run_id)%'), true) as bound
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attname = 'run_id'
       join pg_policies p on p.schemaname = n.nspname and p.tablename = c.relname and 'taskrunner_worker' = any (p.roles)
         and p.cmd in ('ALL', 'SELECT')
       where c.relkind in ('r', 'p') and not c.relispartition group by c.oid order by 1`,
    );
    const names = (bound: boolean) => rows.filter((row) => row.bound === bound).map(({ name }) => name);
    expect(names(true)).toEqual(TABLES);
    expect(names(false)).toEqual(Object.keys(OPEN));
  });
});

describe('columns that the role of workers reads', () => {
  it('are those that its statements need', async () => {
    const rows = await database.sql<{ name: string; columns: string }>(
      `select c.oid::regclass::text as name,
         case when has_table_privilege('taskrunner_worker', c.oid, 'select') then '*'
           else string_agg(a.attname, ' ' order by a.attnum) end as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         and has_column_privilege('taskrunner_worker', c.oid, a.attnum, 'select')
       where n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts') and c.relkind in ('r', 'p', 'v', 'm', 'f')
       group by c.oid order by 1`,
    );
    expect(rows.map(({ name, columns }) => `${name}: ${columns}`)).toEqual([
      'pack_artifacts.archives: *',
      'pack_artifacts.artifacts: *',
      'pack_artifacts.attestations: *',
      'pack_artifacts.exports: *',
      'pack_artifacts.object_looks: *',
      'pack_artifacts.object_store: *',
      'pack_artifacts.object_suspects: *',
      'pack_artifacts.stored_values: *',
      'pack_artifacts.uploads: tenant_id digest expires_at',
      'pack_run_logs.chunks: *',
      'pack_run_logs.journal: *',
      'pack_run_logs.places: *',
      'pack_runs.assignments: *',
      'pack_runs.audit: seq',
      'pack_runs.audit_heads: *',
      'pack_runs.decisions: *',
      'pack_runs.executions: *',
      'pack_runs.gates: *',
      'pack_runs.groups: *',
      'pack_runs.inbox: *',
      'pack_runs.keys: *',
      'pack_runs.migrations: *',
      'pack_runs.outbox: *',
      'pack_runs.plans: *',
      'pack_runs.probe_documents: *',
      'pack_runs.profiles: *',
      'pack_runs.releases: *',
      'pack_runs.resolutions: *',
      'pack_runs.run_sources: *',
      'pack_runs.runs: *',
      'pack_runs.sensitive_inputs: *',
      'pack_runs.steps: tenant_id run_id parent place step status',
      'pack_runs.submissions: *',
      'pack_runs.workers: *',
    ]);
  });

  it('are none of what steps left, of who acted, and of labels', async () => {
    for (const text of [
      'select outputs from pack_runs.steps',
      'select error from pack_runs.steps',
      'update pack_runs.steps set label = outputs::text',
      'select event from pack_runs.audit',
      'select sub from pack_artifacts.uploads',
      'select value from pack_runs.run_labels',
      'select chunks from pack_artifacts.archived_chunks',
      'select reason from pack_runs.holds',
      'select body_digest from pack_runs.idempotency',
    ])
      await expect(asWorker(text)).rejects.toMatchObject(denied);
  });
});
