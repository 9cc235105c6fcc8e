import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { aCommit, aWorker, start, submit } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

// A disk that is full for rows: queries are answered, and statements that add rows are refused.

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
const said: string[] = [];
const failures = {
  failed: (error: unknown) => void said.push((error as { code: string }).code),
  recovered: () => void said.push('recovered'),
};
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened), {
  worker: { commitFailures: failures },
});

const FULL = 'the disk of the database is full';

/** Refuses new rows as the server does when it cannot extend a file. */
async function fill(table: string): Promise<void> {
  await database.sql(`create or replace function public.no_space() returns trigger language plpgsql as $$
    begin raise 'could not extend file "base/5/16401": No space left on device' using errcode = '53100'; end $$`);
  await database.sql(
    `create trigger no_space before insert on ${table} for each row execute function public.no_space()`,
  );
}

async function free(table: string): Promise<void> {
  await database.sql(`drop trigger no_space on ${table}`);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

it('makes a worker unready, which names it, and commits when there is space again', async () => {
  await submit(web.runStore);
  const [run] = await worker.claims.claim(await worker.claims.register(aWorker()), 1);
  if (!run) throw new Error('not claimed');
  expect(await worker.readiness()).toEqual({ ready: true, reason: null });
  await fill('pack_run_logs.journal');
  const committed = worker.committer.commit(aCommit(run, start));
  await until(() => said.length > 2);
  expect(await worker.readiness()).toEqual({ ready: false, reason: FULL });
  expect(new Set(said)).toEqual(new Set(['53100']));
  await free('pack_run_logs.journal');
  await expect(committed).resolves.toEqual({ kind: 'committed' });
  expect(said.at(-1)).toBe('recovered');
  await until(async () => (await worker.readiness()).ready);
});

it('makes a webservice unready after a request that needed a row', async () => {
  await fill('pack_runs.runs');
  await expect(submit(web.runStore)).rejects.toMatchObject({ code: '53100' });
  expect(await web.readiness()).toEqual({ ready: false, reason: FULL });
  await free('pack_runs.runs');
  await until(async () => (await web.readiness()).ready);
  await submit(web.runStore);
});
