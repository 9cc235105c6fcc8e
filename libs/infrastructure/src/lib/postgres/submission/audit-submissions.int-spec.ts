import { sha256 } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import type { NewRun } from '@taskrunner/core/ports';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { openPool } from '../connection/connection';
import { TenantQueries } from '../connection/queries';
import { statement } from '../connection/statement';
import type { WebDatabase } from '../databases';
import { aNewRun, cancelRequest, submit, tenantA } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';
import { PostgresRunStore } from './postgres-run-store';

const RUNS = 3_000;

let database: TestDatabase;
let web: WebDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web } = opened));

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly PlanNode[];
}

/** Number of rows of runs that the plan read. */
function runsRead(node: PlanNode): number {
  const own = node['Relation Name'] === 'runs' ? node['Actual Rows'] * node['Actual Loops'] : 0;
  return (node.Plans ?? []).reduce((sum, child) => sum + runsRead(child), own);
}

it(`looks up the runs that it audits by key, with a plan that was made before there were ${RUNS} others`, async () => {
  const runId = await submit(web.runStore);
  const client = new Client({ connectionString: database.url('web') });
  await client.connect();
  try {
    await client.query('set plan_cache_mode = force_generic_plan');
    await client.query(`prepare audited as ${statement('audit-submissions').text}`);
    const audited = async (): Promise<PlanNode> => {
      await client.query('begin');
      try {
        await client.query('select pack_runs.set_tenant($1)', [tenantA]);
        // Only runs that this transaction has stored are audited.
        await client.query('update pack_runs.runs set version = version where run_id = $1', [runUuid(runId)]);
        const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
          `explain (analyze, format json) execute audited ('${tenantA}', '{${runUuid(runId)}}', '{"{}"}')`,
        );
        return rows[0]?.['QUERY PLAN'][0].Plan as PlanNode;
      } finally {
        await client.query('rollback');
      }
    };
    expect(runsRead(await audited())).toBe(1);
    await database.sql(
      `insert into pack_runs.submissions
       select (jsonb_populate_record(s, jsonb_build_object('run_id', pack_runs.uuidv7(1700000000000 + n * 1000)))).*
       from pack_runs.submissions s, generate_series(1, ${RUNS}) n`,
    );
    await database.sql(
      `insert into pack_runs.runs (tenant_id, run_id, environment_digest, isolation, created_ms, status)
       select s.tenant_id, s.run_id, r.environment_digest, r.isolation, 0, 'succeeded'
       from pack_runs.run_sources s, pack_runs.runs r where s.run_id <> r.run_id`,
    );
    expect(runsRead(await audited())).toBe(1);
  } finally {
    await client.end();
  }
});

/** Loses the answer of the first transaction with two statements: those that store runs, or a message with its entry. */
class LosingQueries extends TenantQueries {
  lost = 0;

  override async together(...asked: Parameters<TenantQueries['together']>): Promise<readonly unknown[][]> {
    const answers = await super.together(...asked);
    if (this.lost > 0 || asked[1].length < 2) return answers;
    this.lost++;
    throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  }
}

it.each<[string, Partial<NewRun>]>([
  ['a plain one', {}],
  [
    'one with an idempotency key',
    {
      idempotency: {
        key: 'lost',
        person: { iss: 'https://id.test', sub: 'ada' },
        route: 'POST /api/runs',
        bodyDigest: sha256('a'),
      },
    },
  ],
  ['one of a group', { concurrency: { group: 'lost', onConflict: 'queue' } }],
])('audits a run once if the answer to its submission was lost: %s', async (_what, more) => {
  const pool = openPool(database.url('web'), { max: 2, pipeline: true });
  try {
    const queries = new LosingQueries(pool);
    const store = new PostgresRunStore(queries);
    const { runId, at } = await store.stamp();
    expect(await store.create(aNewRun(runId, at, more))).toMatchObject({ kind: 'created' });
    expect(queries.lost).toBe(1);
    const entries = await database.sql(`select seq from pack_runs.audit where event ->> 'runId' = $1`, [runId]);
    expect(entries).toHaveLength(1);
  } finally {
    await pool.end();
  }
});

it('audits a cancellation once if the answer to its request was lost, and not at all if its message was known', async () => {
  const pool = openPool(database.url('web'), { max: 2, pipeline: true });
  try {
    const queries = new LosingQueries(pool);
    const store = new PostgresRunStore(queries);
    const runId = await submit(web.runStore);
    const event = { type: 'run.cancel', runId, outcome: 'posted' };
    const entries = () => database.sql(`select seq from pack_runs.audit where event ->> 'type' = 'run.cancel'`);
    expect(await store.post(tenantA, runId, cancelRequest, 'cancel', event)).toEqual({ kind: 'posted', position: 1 });
    expect(queries.lost).toBe(1);
    expect(await entries()).toHaveLength(1);
    expect(await store.post(tenantA, runId, cancelRequest, 'cancel', event)).toEqual({ kind: 'known' });
    expect(await entries()).toHaveLength(1);
  } finally {
    await pool.end();
  }
});

it('stores no cancellation whose entry cannot be appended', async () => {
  const tenant = 'unaudited' as typeof tenantA;
  const runId = await submit(web.runStore, { tenant });
  await database.sql(`update pack_runs.audit_heads set seq = seq - 1 where tenant_id = $1`, [tenant]);
  const event = { type: 'run.cancel', runId, outcome: 'posted' };
  await expect(web.runStore.post(tenant, runId, cancelRequest, 'cancel', event)).rejects.toMatchObject({
    code: 'AUDIT_CHAIN_ALTERED',
  });
  expect(await database.sql('select from pack_runs.inbox where run_id = $1', [runUuid(runId)])).toEqual([]);
});
