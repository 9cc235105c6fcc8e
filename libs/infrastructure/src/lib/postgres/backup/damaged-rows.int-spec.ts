import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@taskrunner/core/canonical';
import { runUuid, scheduleUuid } from '@taskrunner/core/foundation';
import { atNight, MemoryObjects } from '@taskrunner/core/testing';
import { CronerCalendar } from '../../calendar/croner-calendar';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase } from '../databases';
import { submit, tenantA, tenantB } from '../testing/builders';
import { aSchedule } from '../testing/schedules';
import { startTestServer, type TestDatabase, type TestServer } from '../testing/test-database';
import { backUpDatabase } from './backup-database';
import type { DamagedRow } from './damaged-values';
import { restoreDatabase } from './restore-database';

// A row that somebody has damaged makes no backup and no restore impossible: it is reported, and the others are stored.

let host: TestServer;
let source: TestDatabase;
let target: TestDatabase;
let web: WebDatabase;
let home: string;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
});
afterAll(() => host.stop());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'taskrunner-damaged-'));
  [source, target] = [await host.database(), await host.database()];
  web = await source.web();
});
afterEach(async () => {
  for (const database of [source, target]) await database.close();
  await rm(home, { recursive: true });
});

const folder = () => join(home, 'backup');
async function backUp() {
  const damaged: DamagedRow[] = [];
  const { manifest } = await backUpDatabase(source.url('maintain'), {
    ...{ folder: folder(), product: '0.1.0', objects: new MemoryObjects(), copyObjects: false },
    onDamaged: (row) => damaged.push(row),
  });
  expect(manifest.damaged).toBe(damaged.length);
  return damaged;
}
const restore = () =>
  restoreDatabase(target.url('maintain'), {
    ...{ folder: folder(), objects: new MemoryObjects(), mode: 'check', keys: [], keysMode: 'report' },
    ...{ calendar: new CronerCalendar(), expected: null },
  });
/** As an administrator, who may store what no role of the product parses. */
const alter = (sql: string) => source.sql(`set max_stack_depth = '7MB'; ${sql}; reset max_stack_depth`);
const deep = `('{"total":' || repeat('[', 30000) || repeat(']', 30000) || '}')::json`;

it('a document that is nested too deeply is restored as one that nobody can read', async () => {
  const [altered, other] = [await submit(web.runStore), await submit(web.runStore, { tenant: tenantB })];
  await alter(`update pack_runs.runs set counts = ${deep} where run_id = '${runUuid(altered)}'`);
  expect(await backUp()).toEqual([]);
  const { damaged } = await restore();
  expect(damaged).toEqual([
    {
      table: 'pack_runs.runs',
      row: `${tenantA} ${runUuid(altered)}`,
      reason: expect.stringMatching(/^documents in it cannot be read: .*stack depth/) as string,
      isStored: true,
    },
  ]);
  expect(await target.sql('select run_id, counts from pack_runs.runs order by tenant_id')).toEqual([
    { run_id: runUuid(altered), counts: 'a document that nobody can read' },
    { run_id: runUuid(other), counts: expect.any(Object) as object },
  ]);
  // What is stored only while rows are restored one by one is gone.
  expect(await target.sql(`select from pg_tables where tablename like 'restored%'`)).toEqual([]);
});

it('a row that the tables of the database refuse is left out, and reported', async () => {
  const [altered, other] = [await submit(web.runStore), await submit(web.runStore, { tenant: tenantB })];
  await source.sql('alter table pack_runs.runs alter status drop not null');
  await source.sql('update pack_runs.runs set status = null where run_id = $1', [runUuid(altered)]);
  await source.sql(
    `update pg_attribute set attnotnull = true where attrelid = 'pack_runs.runs'::regclass and attname = 'status'`,
  );
  await backUp();
  const { damaged } = await restore();
  expect(damaged).toMatchObject([
    { table: 'pack_runs.runs', reason: expect.stringMatching(/^it was left out: .*status/), isStored: false },
  ]);
  expect(await target.sql('select run_id from pack_runs.runs')).toEqual([{ run_id: runUuid(other) }]);
});

it('a reference of a tenant that is none is left out, and reported', async () => {
  const digest = sha256('x');
  const run = await submit(web.runStore);
  await source.sql(
    `insert into pack_artifacts.stored_values (tenant_id, run_id, digest) values ('../x' || chr(9) || 'y', $1, $2)`,
    [runUuid(run), digest],
  );
  expect(await backUp()).toEqual([
    {
      table: 'objects',
      row: `../x\\ty ${runUuid(run)} ${digest}`,
      reason: 'it is no reference to an object',
      isStored: false,
    },
  ]);
  expect(await restore()).toMatchObject({ damaged: [] });
});

atNight(it)(
  'values of a row that PostgreSQL cannot write as text are left out, and the run is there',
  async () => {
    const [altered, other] = [await submit(web.runStore), await submit(web.runStore, { tenant: tenantB })];
    await source.sql(
      `alter table pack_runs.runs disable trigger user;
     update pack_runs.runs set head = decode(repeat('ab', 300000000), 'hex') || decode(repeat('ab', 300000000), 'hex')
       where run_id = '${runUuid(altered)}';
     alter table pack_runs.runs enable trigger user`,
    );
    expect(await backUp()).toEqual([
      {
        ...{ table: 'pack_runs.runs', row: `${tenantA} ${runUuid(altered)}` },
        reason: 'it is too large: its large values were left out',
        isStored: true,
      },
    ]);
    expect(JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8'))).toMatchObject({ damaged: 1 });
    await restore();
    expect(await target.sql('select run_id, head from pack_runs.runs order by tenant_id')).toEqual([
      { run_id: runUuid(altered), head: null },
      { run_id: runUuid(other), head: null },
    ]);
  },
  600_000,
);

// It passes over 99 000 ticks.
atNight(it)('a schedule that has waited for its next tick since 1970 is settled like the others', async () => {
  const { at, scheduleId } = await web.scheduleStore.stamp();
  const audit = { type: 'schedule.created' };
  await web.scheduleStore.create(aSchedule(scheduleId, at), 9, audit);
  const { scheduleId: other } = await web.scheduleStore.stamp();
  await web.scheduleStore.create(aSchedule(other, at - 600_000, { tenant: tenantB }), 9, audit);
  await source.sql(`update pack_runs.schedules set next_ms = 0, leased_until = '2099-01-01' where schedule_id = $1`, [
    scheduleUuid(scheduleId),
  ]);
  await backUp();
  expect(await restore()).toMatchObject({ skipped: 2, stoppedSchedules: [] });
  const restored = await target.web();
  const next = (await restored.scheduleStore.find(tenantA, scheduleId))?.next ?? 0;
  expect(next).toBeGreaterThan(at);
  const lines = await restored.scheduleStore.ticks(tenantA, scheduleId, 99, null);
  expect(new Set(lines.map(({ outcome, reason }) => `${outcome} ${reason}`))).toEqual(new Set(['skipped MISSED']));
  expect(lines.at(-1)).toMatchObject({ first: 0, count: 1_000 });
});
