import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, type RunId } from '@taskrunner/core/foundation';
import { Client } from 'pg';
import { copyRows } from '../testing/full-database';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { holdRun, maintainDatabase, releaseRun } from './maintain';
import { removing, type Retention } from './retention';
import { statement } from '../connection/statement';
import { submit, tenantA, tenantB } from '../testing/builders';
import { anEndedRun, DAY_MS, dayOf, makeDay, type EndedRun } from '../testing/sealed-run';
import { withFreshDatabases } from '../testing/fresh-databases';
import { rowsRead } from '../testing/rows-read';
import type { TestDatabase } from '../testing/test-database';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withFreshDatabases(startEmbeddedPostgres, (fresh) => ({ database, web, worker } = fresh));

const KEPT: Retention = {
  journal: 14 * DAY_MS,
  runs: 30 * DAY_MS,
  evidence: 100 * DAY_MS,
  events: 7 * DAY_MS,
  tenants: [],
};

const anEnded = (options: Omit<EndedRun, 'database' | 'web' | 'worker'>): Promise<RunId> =>
  anEndedRun({ database, web, worker, ...options });
const maintain = (retention: Retention = KEPT) => maintainDatabase(database.url('maintain'), retention);
const partitionsOf = async (day: string): Promise<readonly string[]> =>
  (
    await database.sql<{ name: string }>(
      `select relname as name from pg_class where relname ~ $1 and relkind = 'r' order by 1`,
      [`^(journal|chunks|places)_${day.replaceAll('-', '')}$`],
    )
  ).map(({ name }) => name);

describe('a partition', () => {
  it('goes once it is past retention and all its runs are archived; the run is told of and read as before', async () => {
    await makeDay(database, dayOf(20));
    await makeDay(database, dayOf(10));
    const [old, young] = [await anEnded({ daysAgo: 20 }), await anEnded({ daysAgo: 10 })];
    expect(await maintain()).toMatchObject({ dropped: 3, kept: [], runs: 0, evidence: 0 });
    expect(await partitionsOf(dayOf(20))).toEqual([]);
    expect(await partitionsOf(dayOf(10))).toHaveLength(3);
    expect(await web.logStore.read(tenantA, young, 0, 9)).toHaveLength(1);
    expect(await web.logStore.read(tenantA, old, 0, 9)).toEqual([]);
    expect(await web.archives.chunks(tenantA, old, 0)).toEqual({
      bundle: sha256(`bundle of ${old}`),
      chunks: [expect.objectContaining({ firstLine: 1, step: 's', part: expect.objectContaining({ offset: 7 }) })],
    });
    expect(await web.archives.chunks(tenantA, old, 1)).toEqual({ bundle: sha256(`bundle of ${old}`), chunks: [] });
    expect(await web.archives.chunks(tenantB, old, 0)).toBeNull();
    expect(await web.archives.journal(tenantA, old)).toMatchObject({ part: { offset: 0, size: 1 } });
    expect((await web.runReader.summary(tenantA, old))?.status).toBe('succeeded');
    expect(await maintain()).toMatchObject({ dropped: 0, kept: [] });
  });

  it('stays while one of its runs, of whatever tenant, is not archived, and says so', async () => {
    await makeDay(database, dayOf(40));
    await anEnded({ daysAgo: 40 });
    const late = await anEnded({ daysAgo: 40, tenant: tenantB, sealed: false });
    expect(await maintain()).toMatchObject({ dropped: 0, runs: 1, kept: [{ day: dayOf(40), runs: 1 }] });
    expect(await web.logStore.read(tenantB, late, 0, 9)).toHaveLength(1);
    expect(await partitionsOf(dayOf(40))).toHaveLength(3);
  });

  it('that an interrupted upkeep had begun to detach, or had detached, goes with the next', async () => {
    await makeDay(database, dayOf(20));
    const name = dayOf(20).replaceAll('-', '');
    await database.sql(`alter table pack_run_logs.places detach partition pack_run_logs.places_${name}`);
    // A reader with an old snapshot blocks the second step of a detach until the command is cancelled.
    const reader = new Client({ connectionString: database.url('worker') });
    const detacher = new Client({ connectionString: database.url('admin') });
    await Promise.all([reader.connect(), detacher.connect()]);
    await reader.query('begin isolation level repeatable read');
    await reader.query('select count(*) from pack_run_logs.chunks');
    await detacher.query(`set lock_timeout = '300ms'`);
    await expect(
      detacher.query(`alter table pack_run_logs.chunks detach partition pack_run_logs.chunks_${name} concurrently`),
    ).rejects.toMatchObject({ code: '55P03' });
    await reader.query('rollback');
    await Promise.all([reader.end(), detacher.end()]);
    expect(await database.sql('select from pg_inherits where inhdetachpending')).toHaveLength(1);
    expect(await maintain()).toMatchObject({ dropped: 3 });
    expect(await partitionsOf(dayOf(20))).toEqual([]);
  });
});

describe('a run that is past retention', () => {
  it('leaves nothing in any table but its evidence, which goes later; its objects are needed no more', async () => {
    await makeDay(database, dayOf(31));
    await makeDay(database, dayOf(101));
    const [run, older, kept] = [
      await anEnded({ daysAgo: 31 }),
      await anEnded({ daysAgo: 101, tenant: tenantB }),
      await anEnded({ daysAgo: 0 }),
    ];
    expect(await maintain()).toMatchObject({ runs: 2, evidence: 1 });
    const tables = await database.sql<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts') and c.relkind in ('r', 'p') and not c.relispartition
         and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'run_id' and not a.attisdropped)`,
    );
    expect(tables.length).toBeGreaterThan(15);
    // Tables with rules of their own: keys of 7 days, the history of schedules, rows that a run must not have any more, and rows that
    // outlive it.
    const others = ['idempotency', 'schedule_ticks', 'outbox', 'holds', 'attestations'];
    const { text } = statement('remove-runs');
    expect(
      tables
        .filter(({ name }) => !text.includes(`delete from ${name} `))
        .map(({ name }) => name.split('.')[1])
        .sort(),
    ).toEqual(others.sort());
    const left: Record<string, unknown> = {};
    for (const { name } of tables) {
      const [row] = await database.sql<{ runs: string[] | null }>(
        `select array_agg(distinct run_id::text) as runs from ${name} where run_id = any ($1)`,
        [[runUuid(run), runUuid(older)]],
      );
      if (row?.runs) left[name] = row.runs;
    }
    expect(left).toEqual({ 'pack_artifacts.attestations': [runUuid(run)] });
    expect((await web.runReader.summary(tenantA, kept))?.status).toBe('succeeded');
    expect(await web.runReader.evidence(tenantA, run)).toMatchObject({ bundle: sha256(`bundle of ${run}`) });
    const asked = [sha256(`bundle of ${run}`), sha256(`a ${run}`), sha256(`value of ${run}`)];
    await worker.objectReferences.unneeded(tenantA, asked, 0);
    expect([...(await worker.objectReferences.unneeded(tenantA, asked, 0))].sort()).toEqual(asked.slice(1).sort());
  });

  it('stays while it is held, with its evidence, and goes when it is released; both are in the audit', async () => {
    await makeDay(database, dayOf(200));
    const run = await anEnded({ daysAgo: 200 });
    const before = await database.sql(`select from pack_runs.audit where tenant_id = $1`, [tenantA]);
    await holdRun(database.url('maintain'), tenantA, run, 'case 7');
    // The partition is dropped: the held data is in the evidence.
    expect(await maintain()).toMatchObject({ runs: 0, evidence: 0, dropped: 3 });
    expect(await web.runReader.summary(tenantA, run)).not.toBeNull();
    await releaseRun(database.url('maintain'), tenantA, run);
    expect(await maintain()).toMatchObject({ runs: 1, evidence: 1 });
    const events = await database.sql<{ event: object }>(
      `select event from pack_runs.audit where tenant_id = $1 order by seq offset $2`,
      [tenantA, before.length],
    );
    expect(events.map(({ event }) => event)).toEqual([
      { type: 'run.held', runId: run, reason: 'case 7' },
      { type: 'run.released', runId: run },
    ]);
    await expect(holdRun(database.url('maintain'), tenantA, run, 'x')).rejects.toMatchObject({
      code: 'DB_RUN_UNKNOWN',
    });
    await expect(releaseRun(database.url('maintain'), tenantA, run)).rejects.toMatchObject({ code: 'DB_RUN_UNKNOWN' });
  });

  it('of which only the evidence is left can still be held', async () => {
    await makeDay(database, dayOf(50));
    const run = await anEnded({ daysAgo: 50 });
    expect(await maintain()).toMatchObject({ runs: 1, evidence: 0 });
    await holdRun(database.url('maintain'), tenantA, run, 'case 8');
    const short = { ...KEPT, evidence: 40 * DAY_MS };
    expect(await maintain(short)).toMatchObject({ evidence: 0 });
    await releaseRun(database.url('maintain'), tenantA, run);
    expect(await maintain(short)).toMatchObject({ evidence: 1 });
  });

  it('is past what its tenant has, where that is otherwise', async () => {
    await makeDay(database, dayOf(40));
    await makeDay(database, dayOf(5));
    const [ours, theirs] = [await anEnded({ daysAgo: 40 }), await anEnded({ daysAgo: 5, tenant: tenantB })];
    const tenants = [
      { tenant: tenantA, runs: 60 * DAY_MS, evidence: null },
      { tenant: tenantB, runs: 4 * DAY_MS, evidence: 4 * DAY_MS },
    ];
    expect(await maintain({ ...KEPT, tenants })).toMatchObject({ runs: 1, evidence: 1 });
    expect(await web.runReader.summary(tenantA, ours)).not.toBeNull();
    expect(await web.runReader.summary(tenantB, theirs)).toBeNull();
    // The rows are deleted, although the day's partition is younger than the retention.
    expect(await database.sql('select from pack_run_logs.chunks where tenant_id = $1', [tenantB])).toEqual([]);
  });

  it('stays while it has not ended, is not sealed, or is still to be delivered', async () => {
    await makeDay(database, dayOf(40));
    await anEnded({ daysAgo: 40, sealed: false });
    const delivered = await anEnded({ daysAgo: 40, exporting: true });
    await submit(web.runStore);
    expect(await maintain({ ...KEPT, runs: 1, journal: 1 })).toMatchObject({ runs: 0 });
    await database.sql(`update pack_artifacts.exports set status = 'delivered'`);
    expect(await maintain()).toMatchObject({ runs: 1 });
    expect(await web.runReader.summary(tenantA, delivered)).toBeNull();
  });

  it('stays while another that has not ended does it again', async () => {
    await makeDay(database, dayOf(40));
    const run = await anEnded({ daysAgo: 40 });
    const again = await submit(web.runStore);
    await database.sql('update pack_runs.submissions set rerun_of = $1 where run_id = $2', [
      runUuid(run),
      runUuid(again),
    ]);
    expect(await maintain()).toMatchObject({ runs: 0 });
    await database.sql('update pack_runs.runs set finished_ms = 1 where run_id = $1', [runUuid(again)]);
    expect(await maintain()).toMatchObject({ runs: 1 });
  });

  it('goes in parts, however many there are', async () => {
    await makeDay(database, dayOf(40));
    const run = await anEnded({ daysAgo: 40 });
    const more = await database.sql<{ id: string }>(
      'select pack_runs.uuidv7(1700000000000 + n)::text as id from generate_series(1, 1200) n',
    );
    const ids = more.map(({ id }) => id);
    for (const table of ['pack_runs.runs', 'pack_artifacts.archives', 'pack_artifacts.attestations'])
      await copyRows(database, table, runUuid(run), ids);
    expect(await maintain({ ...KEPT, evidence: 35 * DAY_MS })).toMatchObject({ runs: 1_201, evidence: 1_201 });
  });

  it.each([
    ['where nobody has counted the rows', 2_000, ''],
    ['where they are many', 250_000, 'analyze'],
    ['where only delivered exports were counted', 2_000, ''],
  ])(
    'costs the same whatever is pending of other runs, also %s',
    async (name, pending, counted) => {
      await makeDay(database, dayOf(40));
      if (name.includes('delivered')) {
        await database.sql(
          `insert into pack_artifacts.exports (tenant_id, run_id, destination, artifacts, requested_ms, status)
         select $1, gen_random_uuid(), 'd', false, 1, 'delivered' from generate_series(1, 20000)`,
          [tenantA],
        );
        await database.sql('analyze');
      }
      const run = await anEnded({ daysAgo: 40 });
      const more = await database.sql<{ id: string }>(
        'select pack_runs.uuidv7(1700000000000 + n)::text as id from generate_series(1, 400) n',
      );
      const ids = more.map(({ id }) => id);
      for (const table of ['pack_runs.runs', 'pack_artifacts.archives', 'pack_artifacts.attestations'])
        await copyRows(database, table, runUuid(run), ids);
      const waiting = runUuid(await submit(web.runStore));
      for (const kind of ['announce', 'attest'])
        await database.sql(
          `insert into pack_runs.outbox (tenant_id, run_id, kind, body) select $1, $2, $3, '{}' from generate_series(1, $4)`,
          [tenantA, waiting, kind, pending],
        );
      await database.sql(
        `insert into pack_runs.holds (tenant_id, run_id, reason) select $1, gen_random_uuid(), 'case 9' from generate_series(1, $2)`,
        [tenantA, pending],
      );
      await database.sql(
        `insert into pack_artifacts.exports (tenant_id, run_id, destination, artifacts, requested_ms)
       select $1, gen_random_uuid(), 'd', false, 1 from generate_series(1, $2)`,
        [tenantA, pending],
      );
      if (counted) await database.sql(counted);
      const client = new Client({ connectionString: database.url('maintain') });
      await client.connect();
      const [now, first] = [Date.now(), '00000000-0000-0000-0000-000000000000'];
      const read = (name: string, values: readonly unknown[]) =>
        removing(client, tenantA, () => rowsRead(client, statement(name).text, values));
      try {
        // Of each run some rows or keys in each of its tables, and each pending seal once, by its key or beside the announcements.
        expect(await read('remove-runs', [tenantA, now, now, first, 500])).toBeLessThan(401 * 30 + 4 * pending);
        expect(await read('remove-evidence', [tenantA, now, first, 500])).toBeLessThan(401 * 5);
        expect(await database.sql('select from pack_runs.runs')).toHaveLength(1);
        expect(await database.sql('select from pack_artifacts.attestations')).toHaveLength(0);
      } finally {
        await client.end();
      }
      // A million rows take a minute where the disk has other work.
    },
    180_000,
  );
});

it('may be done by nobody but the maintainer', async () => {
  for (const role of ['web', 'worker', 'audit'] as const) {
    const client = new Client({ connectionString: database.url(role) });
    await client.connect();
    for (const text of [
      'delete from pack_runs.runs',
      'delete from pack_artifacts.attestations',
      'delete from pack_artifacts.archives',
      'delete from pack_runs.plans',
      'insert into pack_runs.holds (tenant_id, run_id, reason) values (1, gen_random_uuid(), 1)',
      `select pack_runs.release_run('a', gen_random_uuid(), '{}')`,
    ])
      await expect(client.query(text)).rejects.toMatchObject({ code: '42501' });
    await client.end();
  }
});
