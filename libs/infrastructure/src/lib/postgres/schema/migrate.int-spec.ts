import { Pool } from 'pg';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { asRole } from '../connection/client-of-role';
import type { DatabaseError } from '../connection/database-error';
import { connectPostgres, openWebDatabase, openWorkerDatabase } from '../databases';
import { ownerDataSource } from './data-source';
import { migrateDatabase } from './migrate';
import { migrationNames, migrations } from '../migrations/migrations';
import { maintainDatabase } from '../upkeep/maintain';
import { unpackedPage } from '../encoding/packed-page';
import { bootstrapRoles, databaseRoles, roleName } from './roles';
import type { DatabaseRole } from './roles';
import { assertSafeDatabase } from './safety';
import { once, startTestServer } from '../testing/test-database';
import type { TestDatabase, TestServer } from '../testing/test-database';

let host: TestServer;
beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
});
afterAll(() => host.stop());

describe('migrations', () => {
  it('builds an empty database with partitions for 14 days, and a second run does nothing', async () => {
    const database = await host.database('empty');
    const today = () =>
      database.sql<{ bound: string }>(`select to_char((now() at time zone 'UTC')::date + 14, 'YYYYMMDD') as bound`);
    const [earliest] = await today();
    expect((await migrateDatabase(database.url('owner'))).ran).toEqual(migrationNames);
    // Midnight may pass while it runs.
    const [latest] = await today();
    const [last] = await database.sql<{ bound: string }>(
      `select right(max(relname), 8) as bound from pg_class where relname ~ '^journal_\\d{8}$'`,
    );
    expect([earliest?.bound, latest?.bound]).toContain(last?.bound);
    const before = await database.sql(`select count(*)::int as relations from pg_class`);
    expect((await migrateDatabase(database.url('owner'))).ran).toEqual([]);
    expect(await database.sql(`select count(*)::int as relations from pg_class`)).toEqual(before);
  });

  it('lets concurrent runs wait for each other', async () => {
    const database = await host.database('empty');
    const all = await Promise.all([1, 2, 3].map(() => migrateDatabase(database.url('owner'))));
    expect(all.map(({ ran }) => ran.length).sort((a, b) => a - b)).toEqual([0, 0, migrationNames.length]);
  });

  it('keeps pages that were stored before they were packed', async () => {
    const database = await host.database();
    await database.sql(
      `alter table pack_run_logs.journal drop column content, add column entries text not null, add column held text`,
    );
    await database.sql(`delete from pack_runs.migrations where name like 'PackedPages%'`);
    const now = Date.now().toString(16).padStart(12, '0');
    const run = `${now.slice(0, 8)}-${now.slice(8)}-7000-8000-000000000000`;
    const texts = [
      { entries: '[{"a":"é\\n"}]', held: '{"sha256:0":"\\\\x00"}' },
      { entries: '[]', held: null },
    ];
    for (const [i, { entries, held }] of texts.entries())
      await database.sql(
        `insert into pack_run_logs.journal (tenant_id, run_id, first_seq, fence, hash, mac, entries, held)
         values ('acme', $1, $2, 1, '\\x00', '\\x00', $3, $4)`,
        [run, i + 1, entries, held],
      );
    expect((await migrateDatabase(database.url('owner'))).ran).toEqual([expect.stringMatching(/^PackedPages/)]);
    const rows = await database.sql<{ content: Buffer }>(
      `select content from pack_run_logs.journal order by first_seq`,
    );
    expect(rows.map(({ content }) => unpackedPage(content))).toEqual(texts);
  });

  it('keeps events that were written before statements wrote them, and gives them their positions', async () => {
    const database = await host.database('empty');
    const before = migrationNames.findIndex((name) => name.startsWith('FedByStatements'));
    await once(database.url('owner'), 'create schema pack_runs');
    const source = ownerDataSource(database.url('owner'));
    await source.setOptions({ migrations: migrations.slice(0, before) }).initialize();
    await source.runMigrations({ transaction: 'each' });
    await source.destroy();
    const placed = () =>
      once(
        database.url('admin'),
        `select pack_runs.place_events('acme', 10) as placed from set_config('taskrunner.tenant', 'acme', true)`,
      );
    await database.sql(
      `insert into pack_runs.runs (tenant_id, run_id, environment_digest, isolation, created_ms)
       values ('acme', gen_random_uuid(), '\\x00', 'bwrap-netns/v1', 1)`,
    );
    expect(await placed()).toEqual([{ placed: 1 }]);
    await database.sql(`update pack_runs.runs set status = 'running', version = version + 1`);
    expect((await migrateDatabase(database.url('owner'))).ran).toEqual(migrationNames.slice(before));
    // A worker of the release before does not say what it fed.
    await database.sql(`update pack_runs.runs set status = 'waiting', version = version + 1`);
    expect(await placed()).toEqual([{ placed: 2 }]);
    expect(await database.sql('select position::int, type, status from pack_runs.events order by position')).toEqual([
      { position: 1, type: 'run.created', status: 'queued' },
      { position: 2, type: 'run.changed', status: 'running' },
      { position: 3, type: 'run.changed', status: 'waiting' },
    ]);
  });

  it('refuses a schema that a later release has made', async () => {
    const database = await host.database();
    await database.sql(
      `insert into pack_runs.migrations (timestamp, name) values (1999999999999, 'Later1999999999999')`,
    );
    await expect(migrateDatabase(database.url('owner'))).rejects.toMatchObject({ code: 'DB_SCHEMA_NEWER' });
    // Pods of the previous release continue.
    await expect(database.web()).resolves.toBeDefined();
  });

  it('refuses to open a database that is behind', async () => {
    const empty = await host.database('empty');
    await expect(empty.web()).rejects.toMatchObject({ code: 'DB_SCHEMA_BEHIND' });
    const behind = await host.database();
    await behind.sql(`delete from pack_runs.migrations where name = $1`, [migrationNames.at(-1)]);
    await expect(behind.worker()).rejects.toMatchObject({ code: 'DB_SCHEMA_BEHIND' });
  });

  it('sets passwords again when roles exist', async () => {
    const passwords = Object.fromEntries(databaseRoles.map((role) => [role, host.server.passwordOf(roleName(role))]));
    await expect(
      bootstrapRoles(host.server.url(), passwords as { [Role in DatabaseRole]: string }),
    ).resolves.toBeUndefined();
  });
});

describe('refusals of the server', () => {
  const retention = { journal: 1e12, runs: 1e12, evidence: 1e12, events: 1e12, tenants: [] };
  let database: TestDatabase;
  beforeAll(async () => (database = await host.database()));
  const withPassword = (url: string, password: string): string => url.replace(/:[^:@/]+@/, `:${password}@`);
  /** The URL of a server on a socket has a parameter already. */
  const withParameter = (url: string, name: string, value: string): string => {
    const more = new URL(url);
    more.searchParams.set(name, value);
    return more.href;
  };

  it.each<[string, string, (database: TestDatabase) => string]>([
    ['a wrong password', 'DB_LOGIN_REFUSED', (one) => withPassword(one.url('maintain'), 'S3cret')],
    ['no password', 'DB_LOGIN_REFUSED', (one) => one.url('maintain').replace(/:[^:@/]+@/, '@')],
    ['a database that is missing', 'DB_MISSING', (one) => one.url('maintain').replace(`/${one.name}`, '/missing')],
    ['a role without the right', 'DB_DENIED', (one) => one.url('web')],
    ['a server without TLS', 'DB_TLS', (one) => withParameter(one.url('maintain'), 'sslmode', 'require')],
    [
      'a certificate that is missing',
      'DB_TLS',
      (one) => withParameter(one.url('maintain'), 'sslrootcert', '/missing.pem'),
    ],
    ['a port of nobody', 'DATABASE_UNAVAILABLE', (one) => one.url('maintain').replace(/:[0-9]+[/]/, ':1/')],
    [
      'a host without addresses',
      'DATABASE_UNAVAILABLE',
      (one) =>
        one
          .url('maintain')
          .replace(/@[^:/]+/, '@none.invalid')
          .replace(/\?.*/, ''),
    ],
    [
      'a socket that is missing',
      'DATABASE_UNAVAILABLE',
      (one) => withParameter(one.url('maintain'), 'host', '/missing'),
    ],
  ])('%s is %s, with the place and without the password', async (_, code, urlOf) => {
    const url = urlOf(database);
    const { username, pathname } = new URL(url);
    const refused = (await maintainDatabase(url, retention).catch((error: unknown) => error)) as DatabaseError;
    expect(refused).toMatchObject({ name: 'DatabaseError', code });
    expect(refused.message).toContain(`postgresql://${username}@`);
    expect(refused.message).toContain(pathname);
    expect(refused.message).not.toContain(new URL(url).password || 'S3cret');
    expect(refused.remediation).toMatch(/^[A-Z].*\.$/);
  });

  it('a database that is not migrated is DB_SCHEMA_BEHIND', async () => {
    const empty = await host.database('empty');
    await expect(maintainDatabase(empty.url('maintain'), retention)).rejects.toMatchObject({
      code: 'DB_SCHEMA_BEHIND',
    });
  });

  it('a lock that somebody holds is DB_BUSY', async () => {
    const url = withParameter(database.url('maintain'), 'options', '-c lock_timeout=50ms');
    const work = asRole({ url, role: 'maintain' }, {}, async (client) => {
      await database.sql('select pg_advisory_lock(1)');
      return client.query('select pg_advisory_lock(1)');
    });
    await expect(work).rejects.toMatchObject({ code: 'DB_BUSY', message: expect.stringContaining('lock timeout') });
  });

  it('services name them too', async () => {
    const wrong = withPassword(database.url('worker'), 'S3cret');
    await expect(openWorkerDatabase(wrong)).rejects.toMatchObject({
      code: 'DB_LOGIN_REFUSED',
      message: expect.stringContaining('taskrunner_worker@'),
      remediation: expect.stringContaining('database.workerPasswordFile'),
    });
  });
});

describe('safety', () => {
  it('refuses a server that may lose commits, unless told that it may', async () => {
    const database = await host.database();
    await expect(openWebDatabase(database.url('web'))).rejects.toMatchObject({
      code: 'DB_UNSAFE',
      message: expect.stringMatching(/fsync.*full_page_writes.*synchronous_commit/),
    });
    await expect(database.web()).resolves.toBeDefined();
  });

  it.each(['owner', 'maintain', 'admin'] as const)('refuses the role %s', async (role) => {
    const database = await host.database();
    const pool = new Pool({ connectionString: database.url(role), max: 1 });
    await expect(assertSafeDatabase(pool, { allowLoss: true })).rejects.toMatchObject({ code: 'DB_ROLE_UNSAFE' });
    await pool.end();
  });

  it('refuses another encoding', async () => {
    await using(host, 'latin', `encoding 'LATIN1' locale 'C'`, async (pool) => {
      await expect(assertSafeDatabase(pool, { allowLoss: true })).rejects.toMatchObject({ code: 'DB_UNSAFE' });
    });
  });
});

describe('partitions', () => {
  it('below 2 days ahead the database is not ready, and upkeep makes it ready', async () => {
    const database = await host.database();
    const all = connectPostgres(
      { ownerUrl: database.url('owner'), maintainUrl: database.url('maintain'), workerUrl: database.url('worker') },
      { allowLoss: true },
    );
    expect(await all.readiness()).toEqual({ ready: true, reason: null });
    // Midnight may have passed since the template was migrated.
    await database.sql('select pack_run_logs.make_partitions(14)');
    const gone = await database.sql<{ name: string }>(
      `select relname as name from pg_class where relname ~ '^(journal|chunks|places)_\\d{8}$' and relkind = 'r'
       and to_date(right(relname, 8), 'YYYYMMDD') > (now() at time zone 'UTC')::date + 1`,
    );
    for (const { name } of gone) await database.sql(`drop table pack_run_logs.${name}`);
    expect((await all.readiness()).ready).toBe(false);
    const retention = { journal: 1e12, runs: 1e12, evidence: 1e12, events: 1e12, tenants: [] };
    expect(await all.maintain(retention)).toMatchObject({ partitions: gone.length, dropped: 0 });
    expect((await all.readiness()).ready).toBe(true);
    expect(await maintainDatabase(database.url('maintain'), retention)).toMatchObject({ partitions: 0 });
    // The partitions belong to the owner, whichever role created them.
    const owners = await database.sql(
      `select distinct pg_get_userbyid(relowner) as owner from pg_class where relname ~ '_\\d{8}$' and relkind = 'r'`,
    );
    expect(owners).toEqual([{ owner: 'taskrunner_owner' }]);
    await all.close();
  });

  it('take a run id made by the database', async () => {
    const database = await host.database();
    const [id] = await database.sql<{ id: string; fits: boolean }>(
      `select id::text, id >= pack_run_logs.uuid_floor((now() at time zone 'UTC')::date)
         and id < pack_run_logs.uuid_floor((now() at time zone 'UTC')::date + 1) as fits from pack_runs.uuidv7() id`,
    );
    expect(id?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id?.fits).toBe(true);
  });
});

async function using(host: TestServer, name: string, how: string, work: (pool: Pool) => Promise<void>) {
  const admin = new Pool({ connectionString: host.server.url(), max: 1 });
  await admin.query(`create database ${name} template template0 ${how}`);
  const pool = new Pool({ connectionString: host.server.url(roleName('web'), name), max: 1 });
  try {
    await work(pool);
  } finally {
    await pool.end();
    await admin.end();
  }
}
