import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClaimedRun } from '@taskrunner/core/ports';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from './databases';
import type { HealedTimes, LostWorker } from './claims/claims-watch';
import { statementFiles } from './connection/statement-files';
import { aCommit, aWorker, start, submit } from './testing/builders';
import { startTestServer, type TestDatabase, type TestServer } from './testing/test-database';

// Simulates a database whose clock is set: its time functions precede those of PostgreSQL in the search path.

const QUARTER_MS = 900_000;
const CLOCK = `
create schema moved;
grant usage on schema moved to public;
create table moved.clock (ahead interval not null);
insert into moved.clock values ('0');
grant select on moved.clock to public;
create function moved.clock_timestamp() returns timestamptz language sql volatile as
  'select pg_catalog.clock_timestamp() + ahead from moved.clock';
create function moved.now() returns timestamptz language sql stable as 'select pg_catalog.now() + ahead from moved.clock';`;

let host: TestServer;
let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
const steps: number[] = [];
const healed: HealedTimes[] = [];
const lost: LostWorker[] = [];

beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
  await database.sql(CLOCK);
  await database.sql(`alter database ${database.name} set search_path = moved, pg_catalog, public`);
  web = await database.web();
  worker = await database.worker({
    leaseMs: 60_000,
    onClockStep: (step) => steps.push(step),
    claimsWatch: {
      onHealed: (times) => healed.push(times),
      onWorkersLost: (workers) => lost.push(...workers),
    },
  });
});
afterAll(async () => {
  await database.close();
  await host.stop();
});

const setClock = (aheadMs: number) => database.sql('update moved.clock set ahead = $1', [`${aheadMs} milliseconds`]);

it('a clock that is set ahead and back is noticed, and what was set while it was ahead is brought back', async () => {
  const living = await worker.claims.register(aWorker({ name: 'living' }));
  await worker.claims.renew(living);
  await worker.claims.sweep(living);
  expect([steps, healed]).toEqual([[], []]);

  await setClock(QUARTER_MS);
  await worker.claims.renew(living);
  expect(steps).toEqual([expect.any(Number)]);
  expect(Math.abs((steps[0] ?? 0) - QUARTER_MS)).toBeLessThan(60_000);
  const gone = await worker.claims.register(aWorker({ name: 'gone' }));
  for (let i = 0; i < 3; i++) await submit(web.runStore);
  const [waits, ends, kept] = await worker.claims.claim(gone, 3);
  if (!waits || !ends || !kept) throw new Error('not claimed');
  const parks = { closes: true, releases: true, dueAt: worker.clock.now() + 3_000 };
  await worker.committer.commit(aCommit(waits, start, parks));
  const outbox = [{ kind: 'attest' } as const];
  await worker.committer.commit(
    aCommit(ends, start, { releases: true, outbox, run: { status: 'failed', finishedAt: 5 } }),
  );
  const [item] = await worker.outbox.take('attest', 1, 30_000);
  if (!item) throw new Error('nothing to seal');
  await worker.outbox.hold(item, 30_000);

  await setClock(0);
  await worker.claims.renew(living);
  expect(steps).toHaveLength(2);
  expect(Math.abs((steps[1] ?? 0) + QUARTER_MS)).toBeLessThan(60_000);
  const before = worker.clock.now();
  // A second object, because the sweep of the first one is limited to once a second.
  const [others] = [
    await database.worker({ leaseMs: 60_000, claimsWatch: { onHealed: (times) => healed.push(times) } }),
  ];
  await others.claims.sweep(living);
  expect(healed).toEqual([{ runs: 1, items: 1, deliveries: 0, leases: 1 }]);
  const [ahead] = await database.sql<Record<string, number>>(
    `select (select extract(epoch from due_at - pg_catalog.now()) from pack_runs.runs where due_at is not null and owner is null)::float8 as run,
       (select extract(epoch from due_at - pg_catalog.now()) from pack_runs.outbox)::float8 as item,
       (select extract(epoch from lease_until - pg_catalog.now()) from pack_runs.workers where name = 'gone')::float8 as lease,
       (select extract(epoch from steady_since - pg_catalog.now()) from pack_runs.workers where name = 'living')::float8 as steady`,
  );
  for (const [name, most] of Object.entries({ run: 3, item: 30, lease: 60, steady: 0 }))
    expect(ahead?.[name]).toBeLessThanOrEqual(most);

  await database.sql(`update pack_runs.runs set due_at = pg_catalog.now() where due_at is not null and owner is null`);
  const [again] = await worker.claims.claim(living, 1);
  expect(again?.runId).toBe(waits.runId);
  expect((again as ClaimedRun).committedAt).toBeGreaterThanOrEqual(before - 60_000);
  expect((again as ClaimedRun).committedAt).toBeLessThanOrEqual(worker.clock.now() + 1_000);

  // No time lies in the future any more.
  await (await database.worker({ claimsWatch: { onHealed: (times) => healed.push(times) } })).claims.sweep(living);
  expect(healed).toHaveLength(1);

  await database.sql(
    `update pack_runs.workers set lease_until = case name when 'gone' then pg_catalog.now() else lease_until end,
       steady_since = pg_catalog.now() - interval '1 hour' where name in ('gone', 'living')`,
  );
  const sweeper = await database.worker({ claimsWatch: { onWorkersLost: (workers) => lost.push(...workers) } });
  expect(await sweeper.claims.sweep(living)).toBe(1);
  expect(lost).toEqual([{ id: gone.id, name: 'gone' }]);
});

it('each statement that sets when a run is due, or adds to its journal, also stores the time of the database', async () => {
  const functions = await database.sql<{ text: string }>(
    `select prosrc as text from pg_proc where pronamespace = 'pack_runs'::regnamespace`,
  );
  const programs = ['resume-runs', 'settle-restored'].map((name) =>
    readFileSync(join(__dirname, `backup/${name}.ts`), 'utf8'),
  );
  const texts = [...statementFiles().values(), ...functions.map(({ text }) => text), ...programs];
  const updates = texts.flatMap((text) => text.split(/\bupdate pack_runs\.runs\b/).slice(1)).map(assignmentsOf);
  const setsDue = updates.filter((update) => /\bdue_at = (?!null|case when ended\.already)/.test(update));
  expect(setsDue.length).toBeGreaterThan(13);
  expect(setsDue.filter((update) => !/\bdue_set_at = /.test(update))).toEqual([]);
  const grows = updates.filter((update) => /\blast_seq = u\./.test(update));
  expect(grows.map((update) => update.includes('committed_at = clock_timestamp'))).toEqual([true]);
});

/** The assignments of an UPDATE: the text up to its FROM or WHERE, without what stands in parentheses. */
function assignmentsOf(update: string): string {
  let text = update;
  for (let outer = ''; outer !== text;) {
    outer = text;
    text = text.replace(/\([^()]*\)/g, '');
  }
  return text.split(/\n\s*(?:from|where)\b|\bwhere\b/)[0] ?? '';
}
