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

/** A pool or a connection that answers when it is told to, and the payloads that it was sent. */
function sender() {
  const pending: { answer(): void; refuse(): void }[] = [];
  const payloads: string[] = [];
  const query = ({ values }: { readonly values: string[] }): Promise<unknown> => {
    payloads.push(...values);
    return new Promise((answer, refuse) =>
      pending.push({ answer: () => answer({}), refuse: () => refuse(new Error('gone')) }),
    );
  };
  return { query, pending, payloads };
}

/** A transaction that ends when it is told to. */
function transaction() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { connection: sender(), ended, end: () => end() };
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('hints to be sent', () => {
  const runA = { tenant: tenantA, runId: toRunId('018bcfe5-6800-7000-8000-000000000000') };
  const runB = { tenant: tenantA, runId: toRunId('018bcfe5-6800-7000-8000-000000000001') };
  const nameOfA = `${tenantA}/018bcfe5-6800-7000-8000-000000000000`;
  const nameOfB = `${tenantA}/018bcfe5-6800-7000-8000-000000000001`;

  it('go out at once, on the connection of what became due', () => {
    const [pool, due] = [sender(), transaction()];
    void new DueHints(pool).send(runA, due);
    expect([pool.payloads, due.connection.payloads]).toEqual([[], [nameOfA]]);
  });

  // A worker that looks before the commit finds nothing, and its next look is a pause later.
  it.each(['before', 'after'] as const)(
    'go out only after what became due is committed, if that is %s the answer of another hint',
    async (when) => {
      const [pool, due, other] = [sender(), transaction(), transaction()];
      const hints = new DueHints(pool);
      void hints.send(runA, due);
      await hints.send(runB, other);
      if (when === 'before') {
        other.end();
        await turns();
        expect(pool.payloads).toEqual([]);
        due.connection.pending[0]?.answer();
      } else {
        due.connection.pending[0]?.answer();
        await turns();
        expect(pool.payloads).toEqual([]);
        other.end();
      }
      await turns();
      expect(pool.payloads).toEqual([when === 'before' ? '' : nameOfB]);
      expect(other.connection.payloads).toEqual([]);
    },
  );

  it('go out one at a time: one more follows for all that was committed meanwhile', async () => {
    const [pool, due, second, third] = [sender(), transaction(), transaction(), transaction()];
    const hints = new DueHints(pool);
    void hints.send(null, due);
    await Promise.all([hints.send(runA, second), hints.send(runB, third)]);
    second.end();
    third.end();
    await turns();
    expect(pool.payloads).toEqual([]);
    due.connection.pending[0]?.answer();
    await turns();
    expect(pool.payloads).toEqual(['']);
    pool.pending[0]?.answer();
    await turns();
    expect(pool.payloads).toEqual(['']);
    void hints.send(runA, third);
    expect(third.connection.payloads).toEqual([nameOfA]);
  });

  it.each(['answer', 'refuse'] as const)('never reject: %s', async (ending) => {
    const due = transaction();
    const hints = new DueHints(sender());
    const sent = hints.send(null, due);
    due.connection.pending[0]?.[ending]();
    await expect(sent).resolves.toBeUndefined();
    void hints.send(null, due);
    expect(due.connection.pending).toHaveLength(2);
  });
});
