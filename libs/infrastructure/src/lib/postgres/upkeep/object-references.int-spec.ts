import { sha256 } from '@taskrunner/core/canonical';
import type { Digest, TenantId } from '@taskrunner/core/foundation';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { OBJECT_REFERENCES, OTHER_DIGESTS } from './object-reference';
import { aCommit, aStep, aWorker, start, submit, tenantA, tenantB } from '../testing/builders';
import { aSchedule } from '../testing/schedules';
import { anArchive } from '../testing/sealed-run';
import { withFreshDatabases } from '../testing/fresh-databases';
import { once, type TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

const by = { iss: 'https://id', sub: 'ada' };
const limits = { maxBytes: 60, tenantBytes: 100, keep: 60_000 };

async function upload(tenant: TenantId, content: string, keep = 60_000): Promise<Digest> {
  const id = await web.uploads.reserve(tenant, by, content.length, limits);
  if (id === null) throw new Error('refused');
  const digest = sha256(content);
  await web.uploads.complete(tenant, by, { id, digest, size: content.length, keepMs: keep });
  return digest;
}

/** The unreferenced digests among these, after two scans. */
async function unneeded(tenant: TenantId, ...digests: readonly Digest[]): Promise<readonly Digest[]> {
  await worker.objectReferences.unneeded(tenant, digests, 0);
  return [...(await worker.objectReferences.unneeded(tenant, digests, 0))].sort();
}

describe('references to objects', () => {
  it('stand for every column that looks as if it held digests', async () => {
    const columns = await database.sql<{ name: string }>(
      `select n.nspname || '.' || c.relname || '.' || a.attname as name
       from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
       where n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts') and c.relkind in ('r', 'p') and not c.relispartition
         and a.attnum > 0 and not a.attisdropped and a.attname ~ 'digest|sha256|bundle$|object|statement$'
         and a.atttypid in ('text'::regtype, 'bytea'::regtype) order by 1`,
    );
    const known = new Set([...OBJECT_REFERENCES.flatMap((one) => one.columns), ...Object.keys(OTHER_DIGESTS)]);
    expect(columns.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
    expect(columns.length).toBeGreaterThan(12);
  });

  it('keep what a tenant refers to, wherever it stands, and for that tenant alone', async () => {
    const [file, input, value, artifact, bundle, uploaded, free] = ['f', 'i', 'v', 'a', 'b', 'u', 'x'].map(sha256) as [
      Digest,
      Digest,
      Digest,
      Digest,
      Digest,
      Digest,
      Digest,
    ];
    const runId = await submit(web.runStore, {
      tenant: tenantA,
      files: [{ path: 'a', digest: file, size: 1, executable: false }],
      inputs: JSON.stringify({ report: { digest: input, size: 1 } }),
    });
    const kept = sha256('of a schedule');
    const { at, scheduleId } = await web.scheduleStore.stamp();
    const source = {
      kind: 'inline',
      manifest: 'm',
      hasLines: true,
      files: [{ path: 'a', digest: kept, size: 1, executable: false }],
    } as const;
    await web.scheduleStore.create(aSchedule(scheduleId, at, { tenant: tenantA, source }), 9, {
      type: 'schedule.created',
    });
    await upload(tenantA, 'u');
    await worker.objectReferences.need(tenantA, runId, [value, value]);
    const workerSession = await worker.claims.register(aWorker());
    const [claimed] = await worker.claims.claim(workerSession, 1);
    if (!claimed) throw new Error('not claimed');
    const commit = aCommit(claimed, start, {
      steps: [aStep('s')],
      artifacts: [{ step: 's', execution: 1, name: 'n', path: 'p', digest: artifact, size: 1, mediaType: 'm' }],
      outbox: [{ kind: 'attest' }],
    });
    await worker.committer.commit(commit);
    const [item] = await worker.outbox.take('attest', 1, 1);
    if (!item) throw new Error('no item');
    const sealed = {
      tenant: tenantA,
      runId,
      bundle,
      bundleSize: 1,
      statement: sha256('y'),
      statements: {},
      exports: [],
      archive: anArchive,
    };
    await worker.outbox.seal(item, sealed);
    const all = [kept, file, input, value, artifact, bundle, uploaded, free];
    expect(await unneeded(tenantA, ...all)).toEqual([free]);
    expect(await unneeded(tenantB, ...all)).toEqual([...all].sort());
  });

  it('are asked for by index, as the worker sees them', async () => {
    await database.sql(
      `insert into pack_runs.submissions
       select $1, gen_random_uuid(), 'h', 'p', 'n', 'v', 'c', 's', 'm', '[]', '{}', '{}', '{}', '{}', '{}', 'a' from generate_series(1, 5000)`,
      [tenantA],
    );
    await database.sql(
      `insert into pack_artifacts.artifacts (tenant_id, run_id, execution, size, created_ms, step, name, path, digest, media_type)
       select $1, gen_random_uuid(), 1, 1, 1, 's', 'n', 'p', 'sha256:' || encode(sha256(n::text::bytea), 'hex'), 'm'
       from generate_series(1, 5000) n`,
      [tenantA],
    );
    await database.sql(
      `insert into pack_artifacts.attestations (tenant_id, run_id, bundle, bundle_size, statement, statements, sealed_ms)
       select $1, gen_random_uuid(), 'sha256:' || encode(sha256(n::text::bytea), 'hex'), 1, 's', '{}', 0 from generate_series(1, 5000) n`,
      [tenantA],
    );
    await database.sql('vacuum analyze pack_runs.submissions, pack_artifacts.artifacts, pack_artifacts.attestations');
    const list = `array['${sha256('a')}','${sha256('b')}']`;
    const sql = OBJECT_REFERENCES.map((one) => one.sql).join(' union all ');
    const asked = sql.replaceAll('$2', list).replaceAll('$1', `'${tenantA}'`);
    const plan = JSON.stringify(await once(database.url('worker'), `explain (format json) ${asked}`));
    for (const index of ['artifacts_by_digest', 'attestations_by_bundle']) expect(plan).toContain(index);
    // For rows that the worker role cannot see, a function of the owner runs the query.
    const [named] = await database.sql<{ text: string }>(
      `select prosrc as text from pg_proc where oid = 'pack_runs.named_files'::regproc`,
    );
    const isWithin = named?.text.replace(/\bdigests\b/g, list).replace(/\btenant\b/g, `'${tenantA}'`);
    const inside = JSON.stringify(await once(database.url('owner'), `explain (format json) ${isWithin}`));
    expect(inside).toContain('run_sources_digests');
  });

  it('ask for a second look before an object is given up, and forget what was needed in between', async () => {
    const digest = sha256('late');
    const { objectReferences: references } = worker;
    expect(await references.unneeded(tenantA, [digest], 60_000)).toEqual([]);
    expect(await references.unneeded(tenantA, [digest], 60_000)).toEqual([]);
    expect(await references.unneeded(tenantA, [digest], 0)).toEqual([digest]);
    const run = await submit(web.runStore, { tenant: tenantA });
    await references.need(tenantA, run, [digest]);
    expect(await references.unneeded(tenantA, [digest], 0)).toEqual([]);
    await database.sql('delete from pack_artifacts.stored_values');
    expect(await references.unneeded(tenantA, [digest], 60_000)).toEqual([]);
    await database.sql(`update pack_artifacts.object_suspects set looked_at = looked_at - interval '1 hour'`);
    await references.endLook(tenantA, 1_000);
    expect(await database.sql('select 1 from pack_artifacts.object_suspects')).toEqual([]);
  });

  it('give a tenant to one collector at a time', async () => {
    const { objectReferences: references } = worker;
    await references.enrol([tenantA, tenantB]);
    await references.enrol([tenantB]);
    const taken = await Promise.all(Array.from({ length: 5 }, () => references.takeDue(60_000)));
    const again: (TenantId | null)[] = [];
    for (let tenant = await references.takeDue(60_000); tenant !== null; tenant = await references.takeDue(60_000))
      again.push(tenant);
    expect([...taken, ...again].filter((one) => one !== null).sort()).toEqual([tenantA, tenantB].sort());
  });
});

describe('uploads', () => {
  it('are found by their tenant until they expire', async () => {
    const [short, long] = [await upload(tenantA, 'short', -1), await upload(tenantA, 'long')];
    expect(await web.uploads.find(tenantA, [short, long])).toEqual(new Map([[long, 4]]));
    expect(await web.uploads.find(tenantB, [short, long])).toEqual(new Map());
    expect(await worker.objectReferences.forgetUploads(tenantA)).toBe(0);
    await database.sql(
      `update pack_artifacts.uploads set expires_at = expires_at - interval '11 minutes' where size = 5`,
    );
    expect(await worker.objectReferences.forgetUploads(tenantA)).toBe(1);
  });

  it('never take more room than the tenant has, also at the same time', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => web.uploads.reserve(tenantA, by, 30, limits)));
    const reserved = ids.filter((id) => id !== null);
    expect(reserved).toHaveLength(3);
    expect(await web.uploads.reserve(tenantB, by, 60, limits)).not.toBeNull();
    await web.uploads.drop(tenantA, reserved[0] ?? '');
    expect(await web.uploads.reserve(tenantA, by, 40, limits)).not.toBeNull();
  });

  it('of the same bytes are one', async () => {
    await upload(tenantA, 'twice');
    await upload(tenantA, 'twice');
    expect(await database.sql('select size from pack_artifacts.uploads')).toEqual([{ size: '5' }]);
  });
});
