import { toRunId } from '@taskrunner/core/foundation';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import type { WebDatabase, WorkerDatabase } from '../databases';
import { cancelRequest, submit, tenantA } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';
import { DueHints } from './hints';

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened));

it('tells listeners of runs and letters, and again when their connection was lost', async () => {
  let hints = 0;
  let hinted: (run: unknown) => void = () => undefined;
  const next = (): Promise<unknown> => new Promise((resolve) => (hinted = resolve));
  const listening = next();
  worker.due.listen((run) => {
    hints++;
    hinted(run);
  });
  // The first hint covers those that were missed before the connection listened.
  expect(await listening).toBeNull();

  const submitted = next();
  const run = await submit(web.runStore);
  expect(await submitted).toEqual({ tenant: tenantA, runId: run });
  const posted = next();
  await web.runStore.post(tenantA, run, cancelRequest, 'cancel');
  expect(await posted).toBeNull();
  for (const payload of [
    'acme',
    '/',
    'UPPER/018bcfe5-6800-7000-8000-000000000000',
    `${tenantA}/none`,
    'x'.repeat(7_000),
  ]) {
    const foreign = next();
    await database.sql(`select pg_notify('taskrunner_due', '${payload}')`);
    expect(await foreign).toBeNull();
  }

  const again = next();
  const before = hints;
  await database.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'taskrunner worker hints'`,
  );
  await again;
  const after = next();
  await submit(web.runStore);
  await after;
  expect(hints).toBeGreaterThanOrEqual(before + 2);
  // As a failed start does. Closing the database afterwards closes it once more.
  await worker.due.close();
});

/** A pool or a connection that answers when it is told to. */
function sender() {
  const pending: { answer(): void; refuse(): void }[] = [];
  const query = (): Promise<unknown> =>
    new Promise((answer, refuse) =>
      pending.push({ answer: () => answer({}), refuse: () => refuse(new Error('gone')) }),
    );
  return { query, pending };
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('hints to be sent', () => {
  it('name the run if it is the only one', async () => {
    const sent: string[][] = [];
    const answered: (() => void)[] = [];
    const connection = {
      query: ({ values }: { readonly values: string[] }): Promise<unknown> => {
        sent.push(values);
        return new Promise((resolve) => answered.push(() => resolve({})));
      },
    };
    const hints = new DueHints(connection);
    const run = { tenant: tenantA, runId: toRunId('018bcfe5-6800-7000-8000-000000000000') };
    void hints.send(run);
    void hints.send(run);
    answered[0]?.();
    await turns();
    expect(sent).toEqual([[`${tenantA}/018bcfe5-6800-7000-8000-000000000000`], ['']]);
  });

  it('go out at once, on the connection of what became due', () => {
    const [pool, connection] = [sender(), sender()];
    void new DueHints(pool).send(null, connection);
    expect([pool.pending.length, connection.pending.length]).toEqual([0, 1]);
  });

  it('go out one at a time: one more follows for all that became due meanwhile', async () => {
    const [pool, connection, other] = [sender(), sender(), sender()];
    const hints = new DueHints(pool);
    void hints.send(null, connection);
    await Promise.all([hints.send(null, other), hints.send(null, other)]);
    expect([pool.pending.length, other.pending.length]).toEqual([0, 0]);
    connection.pending[0]?.answer();
    await turns();
    expect([pool.pending.length, other.pending.length]).toEqual([1, 0]);
    pool.pending[0]?.answer();
    await turns();
    void hints.send(null, other);
    expect([pool.pending.length, other.pending.length]).toEqual([1, 1]);
  });

  it.each(['answer', 'refuse'] as const)('never reject: %s', async (ending) => {
    const connection = sender();
    const hints = new DueHints(sender());
    const sent = hints.send(null, connection);
    connection.pending[0]?.[ending]();
    await expect(sent).resolves.toBeUndefined();
    void hints.send(null, connection);
    expect(connection.pending).toHaveLength(2);
  });
});
