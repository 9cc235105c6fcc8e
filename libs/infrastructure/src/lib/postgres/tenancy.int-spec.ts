import { sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import { RunDocuments } from '@taskrunner/core/stored';
import type { RunId, StepId, TenantId } from '@taskrunner/core/foundation';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { openPool } from './connection/connection';
import type { WebDatabase, WorkerDatabase } from './databases';
import { TenantQueries } from './connection/queries';
import {
  aCommit,
  aDecision,
  anAnnouncement,
  anEnvelope,
  aResolution,
  aStep,
  aWorker,
  start,
  submit,
  tenantA,
  tenantB,
} from './testing/builders';
import { aSchedule } from './testing/schedules';
import { anArchive } from './testing/sealed-run';
import { startTestServer } from './testing/test-database';
import type { TestDatabase, TestServer } from './testing/test-database';

let host: TestServer;
let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
let client: Client;
const runs: RunId[] = [];

beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
  web = await database.web();
  worker = await database.worker();
  for (const tenant of [tenantA, tenantB]) runs.push(await fill(tenant));
  client = new Client({ connectionString: database.url('web') });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await host.stop();
});

/** A run of the tenant with a row in every table. */
async function fill(tenant: typeof tenantA): Promise<RunId> {
  const key = { key: 'k', person: { iss: 'i', sub: 's' }, route: 'r', bodyDigest: sha256('b') };
  const runId = await submit(web.runStore, { tenant, idempotency: key });
  await web.packVersions.remember(tenant, {
    name: 'demo',
    version: '1.0.0',
    contentDigest: sha256('content'),
    digest: sha256('artifact'),
    registry: 'main',
    signatures: [],
  });
  const workerSession = await worker.claims.register(aWorker());
  const [claimed] = await worker.claims.claim(workerSession, 1);
  if (!claimed) throw new Error('not claimed');
  await worker.logStore.append([
    {
      tenant,
      runId,
      fence: claimed.fence,
      step: 's',
      attempt: 1,
      execution: 1,
      chunk: 0,
      at: 1,
      data: new TextEncoder().encode('ix\n'),
      lines: 1,
      sha256: sha256('ix\n'),
    },
  ]);
  const commit = aCommit(claimed, start, {
    steps: [aStep('s', { status: 'needs_attention', error: { execution: 1 } })],
    gates: [
      {
        kind: 'opened',
        gate: 'approve',
        approval: 'x',
        gateDigest: sha256('g'),
        request: {},
        show: null,
        required: 2,
        expiresAt: 4e12,
      },
    ],
    artifacts: [{ step: 's', execution: 1, name: 'n', path: 'p', digest: sha256('a'), size: 1, mediaType: 'm' }],
    chunks: [{ step: 's', execution: 1, chunk: 0, firstLine: 1 }],
    outbox: [{ kind: 'attest' }, anAnnouncement(1)],
    run: { lastLine: 1 },
    assignments: {
      dispatched: ['a', 'b'].map((name) => ({
        ...{ name, step: 'm' as StepId, body: '', mac: '' },
        first: 0,
        last: 0,
        items: 1,
      })),
      revoked: [],
      settled: [],
    },
  });
  expect(await worker.committer.commit(commit)).toEqual({ kind: 'committed' });
  const assigned = await worker.assignments.claim(workerSession);
  if (!assigned) throw new Error('nothing is lent');
  await worker.assignments.begin(assigned, [{ step: 'm[0]::s' as StepId, execution: 1 }]);
  await web.gateStore.decide(aDecision(runId, 'ben', 1, { tenant }));
  expect(await web.attentionStore.resolve(aResolution(runId, 'ben', 2, { tenant, step: 's' }))).toEqual({
    kind: 'counted',
  });
  const [item] = await worker.outbox.take('attest', 1, 1);
  if (!item) throw new Error('no item');
  await worker.outbox.seal(item, {
    tenant,
    runId,
    bundle: sha256('x'),
    bundleSize: 1,
    statement: sha256('y'),
    statements: {},
    exports: [{ destination: 'd', artifacts: false }],
    archive: {
      ...anArchive,
      chunks: [{ firstLine: 1, lines: 1, step: 's', execution: 1, chunk: 0, at: 1, part: null }],
    },
  });
  const { at, scheduleId } = await web.scheduleStore.stamp();
  await web.scheduleStore.create(aSchedule(scheduleId, at, { tenant }), 1, { type: 'schedule.created' });
  const place = { tenant, scheduleId, revision: 1, tick: at };
  expect(await web.scheduleStore.skip(place, { last: at, count: 1, reason: 'MISSED', next: at })).toBe('done');
  await web.uploads.reserve(tenant, { iss: 'i', sub: 's' }, 1, { maxBytes: 1, tenantBytes: 9, keep: 60_000 });
  await worker.objectReferences.need(tenant, runId, [sha256('v')]);
  await worker.objectReferences.enrol([tenant]);
  await worker.objectReferences.unneeded(tenant, [sha256('u')], 60_000);
  const checkpoint = { count: 1, head: sha256('h'), at: 1, envelope: anEnvelope('checkpoint') };
  await web.auditChain.keep(tenant, checkpoint);
  await web.eventFeed.after(tenant, null, 1);
  return runId;
}

/** Tables that the webservice may not read. */
const CLOSED = [
  'pack_runs.outbox',
  'pack_runs.executions',
  'pack_runs.holds',
  'pack_runs.sensitive_inputs',
  'pack_artifacts.stored_values',
  'pack_artifacts.object_looks',
  'pack_artifacts.object_suspects',
];

interface Table {
  readonly name: string;
  readonly tenanted: boolean;
  readonly partition: boolean;
}

const tables = async () =>
  database.sql<Table>(
    `select c.oid::regclass::text as name, c.relispartition as partition,
       exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as tenanted
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts') and c.relkind in ('r', 'p', 'v', 'm', 'f')`,
  );

async function as(tenant: string | null, text: string): Promise<Record<string, unknown>[]> {
  await client.query('begin');
  try {
    if (tenant !== null) await client.query('select pack_runs.set_tenant($1)', [tenant]);
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.query('rollback');
  }
}

const denied = { code: '42501' };

describe('row-level security', () => {
  it('is on and forced on every table', async () => {
    const open = await database.sql(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts') and c.relkind in ('r', 'p')
         and not (c.relrowsecurity and c.relforcerowsecurity)`,
    );
    expect(open).toEqual([{ name: 'pack_runs.migrations' }]);
  });

  it('hides every row of another tenant in every table from web', async () => {
    let read = 0;
    // Rows that a sealed run does not have.
    for (const tenant of [tenantA, tenantB]) {
      await database.sql(`insert into pack_runs.sensitive_inputs values ('${tenant}', gen_random_uuid(), 'pin', '')`);
      await database.sql(`insert into pack_runs.holds values ('${tenant}', gen_random_uuid(), 'case', 1)`);
      await database.sql(`insert into pack_runs.releases values ('${tenant}', gen_random_uuid(), 1, '{}')`);
      await database.sql(`insert into pack_runs.groups values ('${tenant}', 'g', gen_random_uuid())`);
    }
    for (const { name, tenanted, partition } of await tables()) {
      if (!tenanted) continue;
      const everything = await database.sql(`select distinct tenant_id from ${name}`);
      if (!partition) expect([name, everything.length]).toEqual([name, 2]);
      const asked = as(tenantA, `select distinct tenant_id from ${name}`);
      if (partition || CLOSED.includes(name)) {
        await expect(asked).rejects.toMatchObject(denied);
        continue;
      }
      expect([name, await asked]).toEqual([name, [{ tenant_id: tenantA }]]);
      expect([name, await as(null, `select from ${name}`)]).toEqual([name, []]);
      expect([name, await as('', `select from ${name}`)]).toEqual([name, []]);
      read++;
    }
    expect(read).toBeGreaterThan(14);
  });

  it('lets web write no row of another tenant', async () => {
    const other = runUuid(runs[1] as RunId);
    const inbox = `insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms) values ('${tenantB}', '${other}', 99, 'x', '{}', 1)`;
    await expect(as(tenantA, inbox)).rejects.toMatchObject(denied);
    const { rowCount } = await client.query('begin').then(async () => {
      await client.query('select pack_runs.set_tenant($1)', [tenantA]);
      return client.query('update pack_runs.runs set version = version + 1 where run_id = $1', [other]);
    });
    await client.query('rollback');
    expect(rowCount).toBe(0);
  });

  it('forgets the tenant with the transaction, also after an error', async () => {
    const pool = openPool(database.url('web'), { max: 1, pipeline: true });
    const queries = new TenantQueries(pool);
    const seen = { name: 'seen', text: 'select count(*)::int as n from pack_runs.runs' };
    expect(await queries.inTenant(tenantA, seen, [])).toEqual([{ n: 1 }]);
    await expect(queries.inTenant(tenantA, { name: 'bad', text: 'select 1 / 0' }, [])).rejects.toMatchObject({
      code: '22012',
    });
    expect(await queries.across(seen, [])).toEqual([{ n: 0 }]);
    expect(pool.totalCount).toBe(1);
    await pool.end();
  });

  it('keeps apart what many requests on few connections ask', async () => {
    const asked = Array.from({ length: 200 }, async (_, i) => {
      const tenant = i % 2 ? tenantA : tenantB;
      return [tenant, (await web.runReader.list(tenant, {}, 9, null)).runs.map(({ runId }) => runId)];
    });
    for (const [tenant, ids] of await Promise.all(asked)) expect(ids).toEqual([runs[tenant === tenantA ? 0 : 1]]);
  });

  it('answers the tail over tenants, and nothing more than that', async () => {
    const watched = [
      { tenant: tenantA, runId: runs[0] as RunId },
      { tenant: tenantB, runId: runs[0] as RunId },
    ];
    expect(await web.runReader.tail(watched)).toEqual([
      { tenant: tenantA, runId: runs[0], lastSeq: 1, lastLine: 1, status: 'running', version: expect.any(Number) },
    ]);
  });
});

describe('living workers', () => {
  it('are told with what they drive of the own tenant, and nothing of others', async () => {
    const document = JSON.stringify({ schema: 'taskrunner.probe.v1', profiles: [] });
    await worker.probeDocuments.keep(new Map([[sha256(document), document]]));
    const busy = aWorker({ name: 'busy', labels: ['gpu'], slots: 4, probe: sha256(document) });
    const workerSession = await worker.claims.register(busy);
    await submit(web.runStore, { tenant: tenantB });
    await submit(web.runStore, { tenant: tenantA });
    const driven = await worker.claims.claim(workerSession, 10);
    const of = (tenant: typeof tenantA) =>
      driven
        .filter((run) => run.tenant === tenant)
        .map(({ runId }) => runId)
        .sort()
        .reverse();
    expect(of(tenantA).length).toBeGreaterThan(0);
    expect(of(tenantB).length).toBeGreaterThan(0);
    for (const tenant of [tenantA, tenantB]) {
      const found = await web.workerDirectory.living(tenant, 10, null, 10);
      const [one] = found.filter(({ name }) => name === 'busy');
      expect(one).toMatchObject({
        ...{ id: workerSession.id, labels: ['gpu'], slots: 4, isolations: busy.isolations, version: '0.1.0' },
        ...{ build: busy.build, environments: busy.environments, assignments: 0 },
        ...{ probe: { digest: sha256(document), text: document } },
        runs: { total: of(tenant).length, latest: of(tenant) },
      });
      expect(one?.leaseUntil).toBe((one?.renewedAt ?? 0) + workerSession.leaseMs);
      expect(found.some(({ assignments }) => assignments === 1)).toBe(true);
      expect(found.every(({ name, slots }) => name === 'busy' || slots === null)).toBe(true);
    }
    expect(
      (await web.workerDirectory.living(tenantA, 10, null, 0)).every(({ runs: { latest } }) => latest.length === 0),
    ).toBe(true);
    const [first, ...rest] = await web.workerDirectory.living(tenantA, 10, null, 1);
    expect(await web.workerDirectory.living(tenantA, 10, first?.id ?? '', 1)).toEqual(rest);
    await worker.claims.retire(workerSession);
    expect((await web.workerDirectory.living(tenantA, 10, null, 1)).map(({ name }) => name)).not.toContain('busy');
  });
});

describe('schedules', () => {
  it('that are due are told over tenants by name, and by nothing more than that', async () => {
    const due = await as(null, 'select * from pack_runs.take_due_schedules(10, 1000)');
    expect(due).toEqual(
      [tenantA, tenantB].map((tenant_id) => ({ tenant_id, schedule_id: expect.any(String) as string })),
    );
    await expect(
      as(
        tenantA,
        `insert into pack_runs.outbox (tenant_id, run_id, kind) values ('${tenantB}', '${runUuid(runs[1] as RunId)}', 'announce')`,
      ),
    ).rejects.toMatchObject(denied);
  });
});

describe('rights', () => {
  it.each(['web', 'worker', 'audit'] as const)('let %s add or read evidence, but not change it', async (role) => {
    const evidence = [
      'pack_run_logs.journal',
      'pack_runs.decisions',
      'pack_runs.audit',
      'pack_runs.audit_checkpoints',
      'pack_artifacts.attestations',
      'pack_artifacts.archives',
      'pack_artifacts.archived_chunks',
    ];
    for (const table of evidence) {
      const rows = await database.sql(
        `select has_any_column_privilege('taskrunner_${role}', '${table}', 'update') or has_table_privilege('taskrunner_${role}', '${table}', 'delete, truncate, trigger') as may`,
      );
      expect([table, rows]).toEqual([table, [{ may: false }]]);
    }
  });

  it('let web move no fence, owner, head or status', async () => {
    for (const column of ['fence', 'owner', 'head', 'status', 'last_seq', 'seen', 'evidence_status']) {
      await expect(as(tenantA, `update pack_runs.runs set ${column} = ${column}`)).rejects.toMatchObject(denied);
    }
  });

  it('keep partitions and workers from web', async () => {
    for (const { name, partition } of await tables()) {
      if (partition || name === 'pack_runs.workers') {
        await expect(as(tenantA, `select from ${name}`)).rejects.toMatchObject(denied);
      }
    }
  });
});

describe('what was approved before', () => {
  it('is what people approved last in another run of the same pack and tenant, whenever that run was submitted', async () => {
    const [ours, theirs] = runs as [RunId, RunId];
    const [newer, last] = [
      await submit(web.runStore, { tenant: tenantA }),
      await submit(web.runStore, { tenant: tenantA }),
    ];
    // All approvals are later than the submissions, however fast the machine is.
    const now = Date.now() + 60_000;
    const before = async (tenant: TenantId, run: RunId, until = now) => {
      const found = await web.runReader.approvedBefore(tenant, run, until);
      if (found) expect(found.documents).toBeInstanceOf(RunDocuments);
      return found && [found.runId, found.approvedAt];
    };
    expect(await before(tenantA, last)).toBeNull();
    await database.sql(`insert into pack_runs.gates (tenant_id, run_id, gate, approval, state, gate_digest, request, show, required, expires_at,
        opened_ms) select tenant_id, '${runUuid(newer)}', gate, approval, state, gate_digest, request, show, required, expires_at, opened_ms
      from pack_runs.gates where run_id = '${runUuid(ours)}'`);
    const approve = (run: RunId, at: number) =>
      database.sql(`update pack_runs.gates set state = 'approved', ended_ms = ${at} where run_id = '${runUuid(run)}'`);
    await approve(theirs, now - 5);
    await approve(newer, now - 20);
    expect(await before(tenantA, last)).toEqual([newer, now - 20]);
    // Submitted earlier, and approved later.
    await approve(ours, now - 10);
    expect(await before(tenantA, last)).toEqual([ours, now - 10]);
    expect(await before(tenantA, last, now - 15)).toEqual([newer, now - 20]);
    expect(await before(tenantA, last, now - 25)).toBeNull();
    // A run that was submitted later counts too, and the run itself does not.
    expect(await before(tenantA, ours)).toEqual([newer, now - 20]);
    for (const [tenant, run] of [
      [tenantB, theirs],
      [tenantB, last],
    ] as const)
      expect(await before(tenant, run)).toBeNull();
    await database.sql(`update pack_runs.submissions set pack_name = 'other' where run_id <> '${runUuid(last)}'`);
    expect(await before(tenantA, last)).toBeNull();
  });
});
