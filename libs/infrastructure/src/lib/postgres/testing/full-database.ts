import type { TestDatabase } from './test-database';

interface Column {
  readonly name: string;
  readonly type: string;
}

/** Text that every form of storage must preserve: separators, escapes, line breaks, and the null marker of `COPY`. */
export const HOSTILE = 'a\tb\nc\r\\N \\. é "€" \u{1f600}\'';

/** Values by column, for constraints beyond the type. */
const INPUTS: Readonly<Record<string, string>> = {
  state: 'open',
  decision: 'approved',
  outcome: 'failed',
  overlap: 'allow',
  catch_up: 'all',
  cron: '* * * * *',
  time_zone: 'UTC',
  kind: 'attest',
  destination: 'd',
  trace_context: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  status: 'succeeded',
};
/** Values by table and column. */
const OF_TABLE: Readonly<Record<string, string | null>> = {
  'pack_runs.keys.use': 'admission',
  'pack_runs.workers.state': 'dead',
  'pack_artifacts.exports.status': 'delivered',
  'pack_runs.schedule_ticks.outcome': 'skipped',
  'pack_runs.schedule_ticks.run_id': null,
  'pack_runs.outbox.stream': null,
  'pack_runs.outbox.place': null,
  'pack_runs.runs.owner': null,
  'pack_runs.schedules.next_ms': null,
  'pack_runs.submissions.trace_bytes': `\\x00${'0a'.repeat(25)}`,
};

/** Tables of the product, without partitions and the list of migrations. */
export async function tablesOf(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.sql<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts') and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname <> 'migrations' order by (n.nspname || '.' || c.relname) collate "C"`,
  );
  return rows.map(({ name }) => name);
}

/** Inserts a row of a tenant, with a value in every column, into each table. Tables without tenants get one row in all. */
export async function fillEveryTable(database: TestDatabase, tenant: string): Promise<void> {
  for (const table of await tablesOf(database)) {
    const columns = await database.sql<Column>(
      `select a.attname as name, format_type(a.atttypid, null) as type from pg_attribute a
       where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''`,
      [table],
    );
    const values = columns.map(({ name, type }) => {
      if (name === 'tenant_id') return tenant;
      const key = `${table}.${name}`;
      return Object.hasOwn(OF_TABLE, key) ? OF_TABLE[key] : (INPUTS[name] ?? valueOf(type));
    });
    await database.sql(
      `insert into ${table} (${columns.map(({ name }) => name).join()})
       values (${columns.map(({ type }, at) => `$${at + 1}::${type}`).join()}) on conflict do nothing`,
      values,
    );
  }
}

/** Rows of a table as text, in a fixed order. */
export async function rowsOf(database: TestDatabase, table: string, without: readonly string[] = []) {
  const columns = await database.sql<Column>(
    `select a.attname as name, '' as type from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
     order by 1`,
    [table],
  );
  const names = columns.map(({ name }) => name).filter((name) => !without.includes(name));
  const texts = names.map((name) => `${name}::text as ${name}`).join();
  const rows = await database.sql<Record<string, string | null>>(`select ${texts} from ${table}`);
  return rows.map((row) => JSON.stringify(row)).sort();
}

function valueOf(type: string): string {
  switch (type) {
    case 'uuid': {
      const now = Date.now().toString(16).padStart(12, '0');
      return `${now.slice(0, 8)}-${now.slice(8)}-7000-8000-000000000000`;
    }
    case 'bigint':
    case 'integer':
      return '7';
    case 'boolean':
      return 'true';
    case 'bytea':
      return '\\x00ff0a5c';
    case 'json':
      // Formatted differently from PostgreSQL's output: entries of a chain must keep their bytes.
      return JSON.stringify({ b: [1], a: HOSTILE }).replace('{', '{  ');
    case 'text[]':
      return '{"a,b","\\"c\\"","NULL"}';
    case 'uuid[]':
      return '{00000000-0000-7000-8000-000000000000}';
    case 'bytea[]':
      return '{"\\\\x00ff"}';
    case 'timestamp with time zone':
      return '2026-01-02 03:04:05.678901+00';
    case 'text':
      return HOSTILE;
    default:
      throw new TypeError(`no value of type ${type}`);
  }
}

/** Inserts copies of a run's rows in a table, for the runs with these ids. */
export async function copyRows(
  database: TestDatabase,
  table: string,
  run: string,
  ids: readonly string[],
): Promise<void> {
  const [{ names = '' } = {}] = await database.sql<{ names: string }>(
    `select string_agg(quote_ident(attname), ', ') as names from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
    [table],
  );
  await database.sql(
    `insert into ${table} (${names}) select ${names} from (
       select (jsonb_populate_record(t, jsonb_build_object('run_id', id))).* from ${table} t, unnest($2::text[]) id where t.run_id = $1) copies`,
    [run, ids],
  );
}
