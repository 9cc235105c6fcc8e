import type { EventEmitter } from 'node:events';
import { atNight } from '@taskrunner/core/testing';
import type { Client, Pool } from 'pg';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { ownerDataSource } from '../schema/data-source';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';
import { asRole } from './client-of-role';
import { openPool } from './connection';
import { failureOf } from './sql-state';

// An answer that the driver cannot read fails the statement that asked for it, and nothing else.

let database: TestDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database } = opened));

/** As the driver fails on an answer that it cannot read: in the listener of the socket. */
function failOn(message: string, client: unknown): void {
  (client as { readonly connection: EventEmitter }).connection.once(message, () => {
    throw new RangeError('of this test');
  });
}

const unreadable = { code: 'DB_ANSWER_UNREADABLE', cause: { message: 'of this test' } };

describe.each([
  ['one statement at a time', false],
  ['several statements in one round trip', true],
])('with %s', (_what, pipeline) => {
  let pool: Pool;
  const broken: Error[] = [];
  beforeEach(() => {
    pool = openPool(database.url('web'), {
      ...{ pipeline, max: 1, statementTimeoutMs: 600_000 },
      onError: (error) => broken.push(error),
    });
  });
  afterEach(() => pool.end());

  it('an answer fails its statement, and the pool opens another connection', async () => {
    pool.once('acquire', (client) => failOn('dataRow', client));
    const error: unknown = await pool.query('select 1').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(unreadable);
    // Another attempt would fail too.
    expect(failureOf(error)).toBe('data');
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('an answer ends the transaction, whose other statements fail too', async () => {
    const client = await pool.connect();
    await client.query('begin');
    failOn('dataRow', client);
    const asked = ['select 1', 'select 2', 'commit'].map((text) => client.query(text));
    const answers = await Promise.allSettled(asked);
    client.release(true);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('a notification closes a connection that waits for nothing', async () => {
    const client = await pool.connect();
    failOn('notification', client);
    await client.query('listen here');
    const ended = new Promise((resolve) => client.once('end', resolve));
    await database.sql(`select pg_notify('here', '')`);
    await ended;
    client.release(true);
    expect(broken[0]).toMatchObject(unreadable);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });
});

atNight(it)(
  'a text of more than 512 MiB fails its statement, and the pool opens another connection',
  async () => {
    const pool = openPool(database.url('web'), { max: 1, statementTimeoutMs: 600_000 });
    const error: unknown = await pool.query(`select repeat('a', 540000000)`).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DB_ANSWER_UNREADABLE', cause: { code: 'ERR_STRING_TOO_LONG' } });
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  },
  600_000,
);

it('an answer fails a command of the operator', async () => {
  const work = (client: Client) => {
    failOn('dataRow', client);
    return client.query('select 1');
  };
  await expect(asRole({ url: database.url('maintain'), role: 'maintain' }, {}, work)).rejects.toMatchObject({
    ...{ name: 'DatabaseError', code: 'DB_ANSWER_UNREADABLE' },
    cause: unreadable,
  });
});

it('an answer fails a migration', async () => {
  const source = await ownerDataSource(database.url('owner')).initialize();
  const runner = source.createQueryRunner();
  failOn('dataRow', await runner.connect());
  await expect(runner.query('select 1')).rejects.toMatchObject({ driverError: unreadable });
  await runner.release();
  expect(await source.query('select 1 as one')).toEqual([{ one: 1 }]);
  await source.destroy();
});
