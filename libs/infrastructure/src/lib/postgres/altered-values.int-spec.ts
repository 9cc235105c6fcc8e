import { createHash } from 'node:crypto';
import { runUuid } from '@taskrunner/core/foundation';
import type { StepId } from '@taskrunner/core/foundation';
import { atNight, searched } from '@taskrunner/core/testing';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { statement } from './connection/statement';
import type { WebDatabase, WorkerDatabase } from './databases';
import { aCommit, anEnvelope, aWorker, start, submit, tenantA, tenantB } from './testing/builders';
import { withOneDatabase } from './testing/fresh-databases';
import { aSchedule } from './testing/schedules';
import type { TestDatabase } from './testing/test-database';
import { ALL_REFERENCES } from './upkeep/object-reference';

// Every column of one row takes values that no program writes. No statement about rows of all tenants fails, whatever it then finds.

let database: TestDatabase;
let web: WebDatabase;
let worker: WorkerDatabase;
withOneDatabase(startEmbeddedPostgres, (opened) => ({ database, web, worker } = opened));

const DEEP = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
const MEMBERS = ['code', 'type', 'needs_attention', 'files', 'signatures', 'gate', 'message'];
const JSONS = [
  'null',
  '7',
  '[]',
  '{}',
  ...['"\\u0000"', '"x"', '1e400', '[[]]', DEEP].map((value) => `{${MEMBERS.map((m) => `"${m}":${value}`).join(',')}}`),
];
const TIMES = ['infinity', '-infinity', '294276-12-31 00:00:00Z', '4713-01-02 00:00:00Z BC', 'epoch'];
const ARRAYS = ['{}', '{NULL}'];
type Values = Readonly<Record<string, readonly string[]>>;
/** Values by the type of a column. */
const VALUES: Readonly<Record<'numbers' | 'documents' | 'others', Values>> = {
  numbers: {
    bigint: ['9223372036854775807', '-9223372036854775808', '-1', '0'],
    integer: ['2147483647', '-2147483648', '-1', '0'],
    boolean: ['true', 'false'],
    'timestamp with time zone': TIMES,
  },
  documents: { json: JSONS },
  others: {
    text: ['', 'x', DEEP],
    uuid: ['ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000'],
    bytea: ['', '\\x00'],
    'text[]': [...ARRAYS, '{{a},{b}}', '{x}'],
    'uuid[]': ARRAYS,
    'bytea[]': [...ARRAYS, '{{a},{b}}'],
  },
};

/** The digest of an environment that no worker honours. */
const UNKNOWN = createHash('sha256').update('unknown').digest();

/** Statements about rows of several runs or tenants, with their values. */
function statements(session: string): readonly (readonly [string, string, readonly unknown[]])[] {
  const named: readonly (readonly [string, readonly unknown[]])[] = [
    ['claim-runs', [session, 10, '', 1, [], []]],
    ['claim-unserved', [session, 10, 0, ['none'], 0, 1]],
    ['free-runs', [2]],
    ['heal-times', [1_000]],
    ['inbox-positions', [session]],
    ['mark-unplaced', []],
    ['pass-on-groups', [500]],
    ['unclaim-lost', [session, [0, 1, 2]]],
    ['retire-worker', [session]],
    ['mark-dead', [session]],
    ['forget-dead', []],
    ['free-assignments', []],
    ['claim-assignment', [session, '']],
    ['assignment-statuses', [session]],
    ['other-workers', [session]],
    ['active-runs', []],
    ['count-unhonoured', []],
    ['mark-unhonoured', [session, [tenantA, tenantB], [UNKNOWN, UNKNOWN], ['x', 'y'], 0]],
    ['unmark-unhonoured', [session]],
    ['waiting-environments', [[]]],
    ['parked-kinds', [[], '', '', '', '']],
    ['spread-announcements', [[tenantA], ['s'], ['schedule.stopped']]],
    ['take-announcements', [10, 1_000, 10, []]],
    ['take-outbox', ['attest', 10, 1_000, 0]],
    ['take-export', [null, [], 1_000]],
    ['due-checkpoints', [0, 10]],
    ['take-due-schedules', [10, 1_000]],
    ['keys-in-use', [null]],
    ['backlog', []],
    ['list-tenants', []],
    ['list-feeds', []],
    ['take-look', [1_000]],
    ['count-workers', ['none']],
    ['list-workers', [tenantB, null, 10, 10]],
    ['unarchived-runs', [['2026-01-01']]],
  ];
  return [
    ...named.map(([name, values]) => [name, statement(name).text, values] as const),
    ['ALL_REFERENCES', ALL_REFERENCES, []],
  ];
}

async function stored(): Promise<string> {
  const me = await worker.claims.register(aWorker());
  const dying = await worker.claims.register(aWorker());
  const assigned = {
    dispatched: [
      { name: 'fan[0]::a#1', step: 'fan' as StepId, first: 0, last: 0, items: 1, body: '[]', mac: 'cd'.repeat(32) },
    ],
    revoked: [],
    settled: [],
  };
  for (const owner of [me, dying])
    for (const tenant of [tenantA, tenantB]) {
      await submit(web.runStore, { tenant });
      const [run] = await worker.claims.claim(owner, 1);
      if (!run) throw new TypeError('not claimed');
      const outbox = [{ kind: 'attest' } as const];
      await worker.committer.commit(aCommit(run, start, { assignments: assigned, outbox }));
    }
  const [unhonoured, unplaced] = [await submit(web.runStore), await submit(web.runStore)];
  const labelled = { workerLabels: ['none'] };
  const unknown = await submit(web.runStore);
  for (const tenant of [tenantA, tenantB]) {
    await submit(web.runStore, { tenant, ...labelled });
    await submit(web.runStore, { tenant });
  }
  await database.sql('update pack_runs.runs set environment_digest = $2 where run_id = $1', [
    runUuid(unknown),
    UNKNOWN,
  ]);
  await database.sql(`update pack_runs.runs set unhonoured = 'x', unplaced = true where run_id = $1`, [
    runUuid(unhonoured),
  ]);
  await database.sql('update pack_runs.runs set unplaced = true where run_id = $1', [runUuid(unplaced)]);
  for (const tenant of [tenantA, tenantB]) {
    const { at, scheduleId } = await web.scheduleStore.stamp();
    await web.scheduleStore.create(aSchedule(scheduleId, at, { tenant }), 9, { type: 'x' });
    const status = await web.auditChain.status(tenant, 99);
    if (status.kind !== 'grown') throw new TypeError(status.kind);
    await web.auditChain.keep(tenant, { ...status, envelope: anEnvelope('checkpoint') });
    await web.gateStore.audit(tenant, { type: 'x' });
  }
  await database.sql(
    `insert into pack_runs.outbox (tenant_id, run_id, kind, body, stream, place, since)
       select tenant_id, run_id, 'announce', '{"type":"schedule.stopped"}', s, case when s is not null then 1 end, now()
       from pack_runs.runs, unnest('{a,null}'::text[]) s;
     insert into pack_artifacts.exports (tenant_id, run_id, destination, artifacts, requested_ms)
       select tenant_id, run_id, 'd', false, 0 from pack_runs.runs;
     insert into pack_runs.keys (use, id, recorded_ms) values ('admission', 'a', 0), ('ledger', 'b', 0);
     insert into pack_artifacts.object_looks (tenant_id) values ('acme'), ('other');
     update pack_runs.workers set state = 'dead' where worker_id = '${dying.id}';
     update pack_runs.workers set steady_since = now() - interval '1 hour', lease_until = now() + interval '1 hour' where worker_id = '${me.id}'`,
  );
  return me.id;
}

/** Tables that functions of the database read, which the texts of these statements do not name. */
const READ: Readonly<Record<string, readonly string[]>> = {
  backlog: ['runs', 'workers', 'gates', 'outbox'],
  'due-checkpoints': ['audit_heads', 'audit_checkpoints'],
  'take-due-schedules': ['schedules'],
  'count-workers': ['workers'],
  'list-workers': ['workers', 'probe_documents'],
};
/** Views of tables, which statements read. */
const VIEWS: Readonly<Record<string, string>> = { submissions: 'run_sources' };
const TABLES = [
  ...['runs', 'submissions', 'plans', 'profiles', 'workers', 'assignments', 'outbox', 'schedules', 'audit_heads'],
  ...['audit_checkpoints', 'events', 'keys'],
].map((table) => `pack_runs.${table}`);
const CASES = [...TABLES, 'pack_artifacts.exports', 'pack_artifacts.object_looks'].flatMap((table) =>
  (['numbers', 'documents', 'others'] as const).map((kind) => [kind, table] as const),
);

let session: string;
beforeAll(async () => {
  session = await stored();
});

const altered = new Set<string>();
afterAll(() => expect(altered.size).toBe(CASES.length / 3));

/** Each case sends all statements for all columns of a table, on a server of any release and beside other work. */
const WATCHDOG_MS = 300_000;

it.each(CASES)(
  'none of the %s in one row of %s makes a statement about other rows fail',
  async (kind, table) => {
    const name = table.slice(table.indexOf('.') + 1);
    const sent = statements(session).filter(
      ([title, text]) =>
        new RegExp(String.raw`\.(${name}|${VIEWS[name] ?? name})\b`).test(text) || READ[title]?.includes(name) === true,
    );
    const client = new Client({ connectionString: database.url('admin') });
    await client.connect();
    const failed = new Set<string>();
    try {
      const { rows } = await client.query<{ column: string; type: string }>(
        `select quote_ident(attname) as column, format_type(atttypid, null) as type from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped order by 1`,
        [table],
      );
      for (const [place, { column, type }] of rows.entries())
        for (const value of valuesOf(kind, type, place)) {
          await client.query('begin');
          // All rows at once find more. Where they must differ, the first one.
          const first = `where ctid = (select min(ctid) from ${table})`;
          const changed = `update ${table} set ${column} = $1`;
          if ((await isAltered(client, changed, value)) || (await isAltered(client, `${changed} ${first}`, value))) {
            altered.add(table);
            for (const [title, text, values] of sent) {
              const error = await errorOf(client, text, values);
              if (error !== null) failed.add(`${title}: ${error} (${column} = ${String(value).slice(0, 60)})`);
            }
          }
          await client.query('rollback');
        }
    } finally {
      await client.end();
    }
    expect([...failed]).toEqual([]);
  },
  WATCHDOG_MS,
);

/** Every value at night; otherwise a third of them, and another third for the next column. */
function valuesOf(kind: keyof typeof VALUES, type: string, place: number): readonly (string | null)[] {
  const values = VALUES[kind][type];
  if (values === undefined) return [];
  return [...values, null].filter((_, at) => (at + place) % searched(3, 1) === 0);
}

/** Sends a change of rows without triggers. False: no row can have the value. */
async function isAltered(client: Client, text: string, value: string | null): Promise<boolean> {
  await client.query('savepoint before');
  try {
    await client.query(`set local max_stack_depth = '7MB'; set local session_replication_role = replica`);
    const { rowCount } = await client.query(text, [value]);
    await client.query(`set local session_replication_role = origin; set local max_stack_depth = '2MB'`);
    return rowCount !== 0;
  } catch {
    await client.query('rollback to before');
    return false;
  }
}

/** The error of a statement, whose changes are taken back; null: none. */
async function errorOf(client: Client, text: string, values: readonly unknown[]): Promise<string | null> {
  await client.query('savepoint sent');
  const error = await client.query(text, [...values]).then(
    () => null,
    ({ message }: Error) => message,
  );
  await client.query('rollback to sent');
  return error;
}

const counted = async (counts: string) =>
  (await database.sql<{ some: boolean }>(`select pack_runs.counts_attention((${counts})::json) as some`))[0]?.some;

it('reads numbers of steps', async () => {
  expect(await counted(`'{"total":3,"needs_attention":1}'`)).toBe(true);
  expect(await counted(`'{"total":3,"needs_attention":0}'`)).toBe(false);
});

atNight(it)('reads numbers of steps of any size', async () => {
  expect(await counted(`'{"a":"' || repeat('x', 270000000) || '"}'`)).toBe(false);
});
