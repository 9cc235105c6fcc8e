import type { Pool, PoolClient } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { openPool } from '../connection/connection';
import { TenantQueries } from '../connection/queries';
import { PostgresGateStore } from '../gates/postgres-gate-store';
import { tenantA } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';
import { PostgresAuditChain } from './postgres-audit-chain';

let database: TestDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database } = opened));

type Query = (...query: unknown[]) => Promise<unknown>;
type Commit = (commit: () => Promise<unknown>) => Promise<unknown>;

const commits: readonly [string, Commit][] = [
  ['was executed', (commit) => commit()],
  ['is still being executed', (commit) => Promise.race([commit(), delay(0)])],
  ['comes to the server later', () => Promise.resolve()],
];
const delayed = 'comes to the server later';

/** Executes the first COMMIT in some way, and loses its answer. */
function losing(pool: Pool, what: string, first: Commit): () => number {
  const connect = pool.connect.bind(pool) as (...callback: unknown[]) => Promise<PoolClient>;
  let lost = 0;
  pool.connect = (async (...callback: unknown[]) => {
    // `pool.query` passes a callback.
    if (callback.length > 0) return connect(...callback);
    const client = await connect();
    const query = client.query.bind(client) as unknown as Query;
    client.query = (async (...asked: unknown[]) => {
      if (asked[0] !== 'COMMIT' || lost > 0) return query(...asked);
      lost++;
      await first(() => query('COMMIT'));
      if (what === delayed) {
        const release = client.release.bind(client);
        client.release = () =>
          void delay(60)
            .then(() => query('COMMIT'))
            .finally(() => release(true));
      }
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    }) as unknown as PoolClient['query'];
    return client;
  }) as Pool['connect'];
  return () => lost;
}

const writers: readonly [string, (queries: TenantQueries, event: { readonly type: string }) => Promise<void>][] = [
  ['refused requests', (queries, event) => new PostgresAuditChain(queries).append(tenantA, [event, event])],
  ['a refused decision', (queries, event) => new PostgresGateStore(queries, null).audit(tenantA, event)],
];

it.each(writers.flatMap(([of, write]) => commits.map(([what, commit]) => ({ of, write, what, commit }))))(
  'entries of $of are appended once if the answer to their commit was lost, which $what',
  async ({ of, write, what, commit }) => {
    const pool = openPool(database.url('web'), { max: 2, pipeline: true });
    const event = { type: `${of}, ${what}` };
    try {
      const lost = losing(pool, what, commit);
      await write(new TenantQueries(pool), event);
      expect(lost()).toBe(1);
      const entries = await database.sql(`select seq from pack_runs.audit where event ->> 'type' = $1`, [event.type]);
      expect(entries).toHaveLength(of === 'refused requests' ? 2 : 1);
    } finally {
      await pool.end();
    }
  },
);

it('an entry whose transaction was not committed is appended by the next attempt', async () => {
  const pool = openPool(database.url('web'), { max: 2, pipeline: true });
  try {
    const lost = losing(pool, 'never', () => Promise.resolve());
    await new PostgresGateStore(new TenantQueries(pool), null).audit(tenantA, { type: 'never committed' });
    expect(lost()).toBe(1);
    const entries = await database.sql(`select seq from pack_runs.audit where event ->> 'type' = 'never committed'`);
    expect(entries).toHaveLength(1);
  } finally {
    await pool.end();
  }
});
