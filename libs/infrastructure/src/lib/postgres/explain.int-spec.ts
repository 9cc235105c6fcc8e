import { toRunId, type RunId } from '@taskrunner/core/foundation';
import { sha256 } from '@taskrunner/core/canonical';
import type { ClaimedRun, RunFilter } from '@taskrunner/core/ports';
import { searched } from '@taskrunner/core/testing';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { openPool } from './connection/connection';
import { statement } from './connection/statement';
import { flushOf } from './flush/flush-statement';
import { flushPart } from './flush/flush-values';
import { approvedBeforeValues, countValues, listValues } from './runs/run-list';
import { aCommit, aStep, submit, tenantA } from './testing/builders';
import { rowsRead } from './testing/rows-read';
import { startTestServer } from './testing/test-database';
import type { TestDatabase, TestServer } from './testing/test-database';

/** Number of rows in each of the large tables: more than ten times the limit on rows that a query may read. */
const ROWS = searched(20_000, 100_000);
const OF_A_PACK = 200;

let host: TestServer;
let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  database = await host.database();
  const web = await database.web();
  const seed = await submit(web.runStore);
  await database.sql(
    `insert into pack_runs.submissions
     select (jsonb_populate_record(s, jsonb_build_object('run_id', pack_runs.uuidv7(1700000000000 + n * 1000), 'pack_name', 'pack-' || n % ${ROWS / OF_A_PACK},
       'requester_sub', 'person-' || n % ${ROWS / OF_A_PACK}, 'labels', jsonb_build_object('parity', n % 2)))).*
     from pack_runs.submissions s, generate_series(1, ${ROWS}) n`,
  );
  await database.sql(
    `insert into pack_runs.runs (tenant_id, run_id, environment_digest, isolation, created_ms, cancel_position, seen, status, evidence_status)
     select s.tenant_id, s.run_id, r.environment_digest, r.isolation, 0, 1, 1,
       case when random() < ${100 / ROWS} then 'failed' else 'succeeded' end, case when random() < ${100 / ROWS} then 'blocked' else 'sealed' end
     from pack_runs.run_sources s, pack_runs.runs r where s.run_id <> r.run_id`,
  );
  // Each run has the request that cancelled it: a list reads those of its page only.
  await database.sql(
    `insert into pack_runs.inbox (tenant_id, run_id, position, dedupe, given, posted_ms)
     select tenant_id, run_id, 1, 'cancel', '{}', 1 from pack_runs.runs where cancel_position = 1`,
  );
  await database.sql(
    `insert into pack_runs.run_labels
     select s.tenant_id, s.run_id, l.key, l.value from pack_runs.run_sources s, json_each_text(s.labels) l where l.key = 'parity'`,
  );
  await database.sql(
    `insert into pack_runs.gates (tenant_id, run_id, gate, approval, state, gate_digest, request, required, expires_at, opened_ms, ended_ms)
     select tenant_id, run_id, 'g', 'a', case when random() < ${100 / ROWS} then 'open' else 'approved' end, '', '{}', 1, now() + interval '1 day', 1, 1
     from pack_runs.runs`,
  );
  await database.sql(
    `insert into pack_runs.steps (tenant_id, run_id, step, parent, place, kind, status, attempts)
     select r.tenant_id, r.run_id, 'm[' || n || ']', 'm', n, 'run', 'succeeded', 1
     from (select * from pack_runs.runs limit 1) r, generate_series(1, ${ROWS}) n`,
  );
  await database.sql('vacuum analyze');
  client = new Client({ connectionString: database.url('web') });
  await client.connect();
  expect(seed).toBeDefined();
  // `npm run test:all` inserts a hundred thousand rows four times, on a machine that may be busy.
}, 300_000);
afterAll(async () => {
  await client.end();
  await host.stop();
});

/** Number of rows that a query reads as `web`, under row-level security. */
async function touched(name: string, values: unknown[]): Promise<number> {
  await client.query('begin');
  try {
    await client.query('select pack_runs.set_tenant($1)', [tenantA]);
    return await rowsRead(client, statement(name).text, values);
  } finally {
    await client.query('rollback');
  }
}

function listed(filter: RunFilter, before: RunId | null = null): [string, unknown[]] {
  return ['list-runs', [tenantA, ...listValues(filter, 50, before)]];
}

const cursor = '018bcfe5-6800-7000-8000-000000000000';

describe(`with ${ROWS} runs, a page of 50`, () => {
  it.each([
    ['unfiltered', ...listed({})],
    ['after a cursor', ...listed({}, toRunId(cursor))],
    ['of a time', ...listed({ createdAfter: 1_700_000_100_000, createdBefore: 1_700_005_000_000 })],
    ['of one status', ...listed({ statuses: ['failed'] })],
    ['of several statuses', ...listed({ statuses: ['succeeded', 'failed', 'cancelled'] })],
    ['of one pack', ...listed({ pack: 'pack-7' })],
    ['of one requester', ...listed({ requester: { iss: null, sub: 'person-7' } })],
    ['of one label', ...listed({ labels: [{ key: 'parity', value: '1' }] })],
    ['with the beginning of an id', ...listed({ text: toRunId(cursor).slice(0, 9) })],
    ['that are stuck', ...listed({ stuck: 'any' })],
    ['of open gates', 'open-gates', [tenantA, 50, null, null, null]],
    ['of open gates after one', 'open-gates', [tenantA, 50, 1_700_000_000_000, cursor, 'gate']],
  ])('%s touches few rows', async (_, name, values) => {
    expect(await touched(name, values)).toBeLessThan(2_000);
  });

  /**
   * Of each filter a thousand ids are read. Of one filter each id is counted again, then two rows, each label that is asked for, and the
   * labels of the run if a text is searched.
   */
  it.each<[string, RunFilter, number]>([
    ['a text', { text: 'nothing of it' }, 6_000],
    ['a version', { pack: 'pack-7', version: '2.0.0' }, 2_000],
    ['what nothing has', { labels: [{ key: 'parity', value: '1' }], requester: { iss: null, sub: 'person-2' } }, 4_000],
    [
      'filters that many have',
      {
        statuses: ['succeeded', 'running'],
        labels: [
          { key: 'parity', value: '1' },
          { key: 'parity', value: '0' },
        ],
      },
      9_000,
    ],
    ['a label and a status that few have', { statuses: ['failed'], labels: [{ key: 'parity', value: '1' }] }, 3_000],
  ])('with %s touches rows in bounds', async (_, filter, most) => {
    expect(await touched(...listed(filter))).toBeLessThan(most);
  });

  it('counts by status touch rows in bounds', async () => {
    expect(await touched('count-runs', [tenantA, ...countValues({})])).toBeLessThan(2_000);
  });

  it('what was approved before touches few rows, also where it is long ago', async () => {
    const [run] = await database.sql<{ run_id: string; pack_name: string }>(
      "select run_id, pack_name from pack_runs.run_sources where pack_name = 'pack-7' order by run_id desc limit 1",
    );
    const values = approvedBeforeValues(toRunId(run?.run_id ?? ''), Date.now());
    expect(await touched('approved-before', [tenantA, ...values])).toBeLessThan(2_000);
    await database.sql(
      `update pack_runs.gates set state = 'expired' where run_id in (select run_id from pack_runs.run_sources where pack_name = 'pack-7')`,
    );
    expect(await touched('approved-before', [tenantA, ...values])).toBeLessThan(2_000);
  });

  it('of a large log touches few rows, though nobody has counted them', async () => {
    const [run] = await database.sql<{ run_id: string }>(
      'select run_id from pack_runs.runs order by run_id desc limit 1',
    );
    await database.sql(
      `insert into pack_run_logs.chunks (tenant_id, run_id, step, execution, chunk, at_ms, data, lines, sha256)
       select $1, $2, 's' || n % 4, 1, n / 4, 1, '', 256, '' from generate_series(0, 19999) n`,
      [tenantA, run?.run_id],
    );
    await database.sql(
      `insert into pack_run_logs.places (tenant_id, run_id, last_line, lines, step, execution, chunk)
       select $1, $2, (n + 1) * 256, 256, 's' || n % 4, 1, n / 4 from generate_series(0, 19999) n`,
      [tenantA, run?.run_id],
    );
    expect(await touched('read-chunks', [tenantA, run?.run_id, 1_000_000, 50])).toBeLessThan(2_000);
    expect(await touched('read-chunk-bytes', [tenantA, run?.run_id, 's1', 1, 1_000, 1_049])).toBeLessThan(2_000);
  });

  it('of the children of a large map touches few rows, and so does one of them', async () => {
    const [run] = await database.sql<{ run_id: string }>('select run_id from pack_runs.steps limit 1');
    expect(await touched('list-steps', [tenantA, run?.run_id, 'm', null, 'm[500]', 50, 500])).toBeLessThan(2_000);
    expect(await touched('find-step', [tenantA, run?.run_id, 'm[500]', 'm', 500, 500])).toBeLessThan(2_000);
  });
});

/** The generic plan of a worker's statement. */
function planOf(name: string): Promise<string> {
  return planOfText(statement(name).text);
}

async function planOfText(text: string): Promise<string> {
  const pool = openPool(database.url('worker'), { byIndex: true, max: 1 });
  try {
    const { rows: releases } = await pool.query<{ server_version_num: string }>('show server_version_num');
    const isNew = Number(releases[0]?.server_version_num) >= 160_000;
    // PostgreSQL 15 has no `generic_plan`. It would leave out the partitions that no null can be in.
    if (!isNew) {
      await pool.query('set plan_cache_mode = force_generic_plan; set enable_partition_pruning = off');
      await pool.query(`prepare planned as ${text}`);
    }
    const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, at]) => Number(at)));
    const explain = isNew
      ? `explain (generic_plan) ${text}`
      : `explain execute planned(${Array(count).fill('null').join()})`;
    const { rows } = await pool.query<Record<'QUERY PLAN', string>>(explain);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await pool.end();
  }
}

describe('what a worker asks', () => {
  it.each(['flush', 'append-chunks'])(
    '%s finds runs by their keys, not through all that have an owner',
    async (name) => {
      expect(await planOf(name)).toMatch(/Index Scan using runs_pkey on runs/);
      expect(await planOf(name)).not.toMatch(/runs_owned/);
    },
  );

  it('a flush of one run joins no array of runs', async () => {
    const runId = '01890a5d-ac96-774b-bcce-b302099a8057';
    const run = { tenant: tenantA, runId: toRunId(runId), fence: 1 } as ClaimedRun;
    const one = flushPart(
      aCommit(run, { prevSeq: 4, prev: sha256('x'), seen: 0 }, { steps: [aStep('a', { place: 0 })] }),
      () => runId,
    );
    const single = await planOfText(flushOf([one]).text);
    expect(single).toMatch(/Update on runs r .*\n\s+-> {2}Index Scan using runs_pkey on runs r /);
    expect(single.match(/Function Scan/g)).toHaveLength(1);
    const several = await planOfText(flushOf([one, one]).text);
    expect(several.match(/Function Scan/g)).toHaveLength(3);
  });

  it('a seal finds the rows of its runs by their keys, also in a young database', async () => {
    const plan = await planOf('seal-runs');
    for (const [scan, column] of [
      ['runs_pkey on runs r', 'run_id'],
      ['runs_pkey on runs r_1', 'run_id'],
      ['outbox_pkey on outbox o', 'outbox_id'],
    ])
      expect(plan).toMatch(
        new RegExp(`Index Scan using ${scan} .*\\n\\s+Index Cond: \\(\\(tenant_id = .*\\) AND \\(${column} = ANY `),
      );
  });

  it('a claim reads no table of all runs together', async () => {
    expect(await planOf('claim-runs')).not.toMatch(/hashed SubPlan|runs_by_status/);
  });

  it('a claim finds due runs by all of their index: no policy stands before it', async () => {
    expect(await planOf('claim-runs')).toMatch(
      /runs_due on runs r_\d+ .*\n\s*Index Cond: \(.*environment_digest = .*worker_labels = .*due_at <= /,
    );
  });

  it.each([
    ['soon by a connection that is asked often', 50, 210],
    ['later by one that is asked seldom', 10, 1],
  ])('is planned again, when tables have grown: %s', async (_, replanMs, times) => {
    await database.sql('drop table if exists pack_runs.growing');
    await database.sql('create table pack_runs.growing (k int primary key) with (autovacuum_enabled = off)');
    await database.sql('grant select on pack_runs.growing to public');
    const pool = openPool(database.url('worker'), { byIndex: true, genericPlans: true, max: 1, replanMs });
    const ask = () => pool.query({ name: 'above', text: 'select k from pack_runs.growing where k > $1', values: [0] });
    const planned = async () => {
      const { rows } = await pool.query<Record<'QUERY PLAN', string>>('explain execute above(0)');
      return Number(/rows=(\d+)/.exec(rows[0]?.['QUERY PLAN'] ?? '')?.[1]);
    };
    try {
      await ask();
      const before = await planned();
      await database.sql('insert into pack_runs.growing select generate_series(1, 50000)');
      await new Promise((resolve) => setTimeout(resolve, 60));
      for (let n = 1; n < times; n++) await pool.query('select 1');
      await ask();
      expect(await planned()).toBeGreaterThan(3 * before);
    } finally {
      await pool.end();
    }
  });
});

describe(`with ${ROWS} sealed runs, a worker`, () => {
  beforeAll(async () => {
    await database.sql(
      `insert into pack_artifacts.attestations (tenant_id, run_id, bundle, bundle_size, statement, statements, sealed_ms)
       select tenant_id, run_id, '', 1, '', '{}', 1 from pack_runs.runs where status = 'succeeded'`,
    );
    await database.sql('vacuum analyze pack_artifacts.attestations');
  }, 120_000);

  it.each(['claim-runs', 'assigned-run', 'read-pages', 'read-inbox', 'read-chunks', 'read-chunk-bytes', 'run-records'])(
    'sees in %s whether a run is out of reach by the key of its attestation, not by all that is sealed',
    async (name) => {
      const plan = await planOf(name);
      expect(plan).toMatch(/Index Scan using attestations_pkey on attestations/);
      expect(plan).not.toMatch(/hashed SubPlan|Seq Scan on attestations/);
    },
  );
});
