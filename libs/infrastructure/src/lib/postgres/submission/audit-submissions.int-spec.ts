import { runUuid } from '@taskrunner/core/foundation';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { statement } from '../connection/statement';
import type { WebDatabase } from '../databases';
import { submit, tenantA } from '../testing/builders';
import { withOneDatabase } from '../testing/fresh-databases';
import type { TestDatabase } from '../testing/test-database';

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
