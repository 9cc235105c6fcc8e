import { chmod, copyFile, mkdtemp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import { sha256 } from '@taskrunner/core/canonical';
import { chainFault } from '@taskrunner/core/evidence';
import { runUuid, type Digest } from '@taskrunner/core/foundation';
import { MemoryObjects } from '@taskrunner/core/testing';
import { Client } from 'pg';
import { CronerCalendar } from '../../calendar/croner-calendar';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { FileObjectStore } from '../../object-store/file-object-store';
import { keysAtHand, type KeysAtHand } from '../../signing/keys-at-hand';
import { generateKeyFile } from '../../signing/key-file';
import { generateMacKeyFile } from '../../signing/mac-key';
import { generateSensitiveInputsKeyFile } from '../../signing/sensitive-key';
import { migrationNames } from '../migrations/migrations';
import { anEnvelope, submit, tenantA, tenantB } from '../testing/builders';
import { fillEveryTable, rowsOf, tablesOf } from '../testing/full-database';
import { anEndedRun, dayOf, makeDay } from '../testing/sealed-run';
import { startTestServer, type TestDatabase, type TestServer } from '../testing/test-database';
import { backUpDatabase, type BackupOptions } from './backup-database';
import type { BackupError } from './backup-error';
import type { Manifest } from './manifest';
import { restoreDatabase, type RestoreOptions } from './restore-database';

let host: TestServer;
let source: TestDatabase;
let target: TestDatabase;
let home: string;
let folder: string;
const objects = new MemoryObjects();

beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
});
afterAll(() => host.stop());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'taskrunner-backup-'));
  folder = join(home, 'backup');
  source = await host.database();
  target = await host.database();
});
afterEach(async () => {
  await source.close();
  await target.close();
  await rm(home, { recursive: true });
});

const backUp = (overrides: Partial<BackupOptions> = {}) =>
  backUpDatabase(source.url('maintain'), { folder, product: '0.1.0', objects, copyObjects: false, ...overrides });
const restore = (overrides: Partial<RestoreOptions> = {}, database = target) =>
  restoreDatabase(database.url('maintain'), {
    ...{ folder, objects, mode: 'report', keys: [], keysMode: 'report' },
    ...{ calendar: new CronerCalendar(), expected: null },
    ...overrides,
  });
/** A connection that holds an advisory lock. */
const locked = async (database: TestDatabase, lock: number): Promise<Client> => {
  const holder = new Client({ connectionString: database.url('maintain') });
  await holder.connect();
  await holder.query('select pg_advisory_lock($1)', [lock]);
  return holder;
};
const isEmpty = async (database: TestDatabase): Promise<boolean> => {
  for (const table of await tablesOf(database)) if ((await rowsOf(database, table)).length > 0) return false;
  return true;
};
const manifest = async (): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest;
const alterManifest = async (change: object): Promise<void> =>
  writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...(await manifest()), ...change }));

describe('a backup', () => {
  it('brings back every row of every table, byte for byte, but for what a restore ends', async () => {
    await makeDay(source, dayOf(30));
    for (const tenant of [tenantA, tenantB]) await fillEveryTable(source, tenant);
    const { manifest: made, digest } = await backUp();
    expect(made.tables.map(({ table }) => table)).toEqual(await tablesOf(source));
    expect(made.tables.filter(({ rows }) => rows === 0)).toEqual([]);
    expect(made.days).toContain(dayOf(30));
    expect(await restore({ expected: digest })).toMatchObject({
      rows: made.tables.reduce((sum, { rows }) => sum + rows, 0),
    });

    const ended: Readonly<Record<string, readonly string[] | 'gone'>> = {
      'pack_runs.workers': 'gone',
      'pack_artifacts.uploads': 'gone',
      'pack_artifacts.object_suspects': 'gone',
      'pack_runs.events': 'gone',
      'pack_runs.event_heads': ['position', 'removed'],
      'pack_runs.assignments': ['owner', 'fence'],
      'pack_runs.audit_heads': ['seq', 'at_ms', 'prev', 'head'],
    };
    for (const table of await tablesOf(source)) {
      const change = ended[table] ?? [];
      const before = change === 'gone' ? [] : await rowsOf(source, table, change);
      const after = await rowsOf(target, table, change === 'gone' ? [] : change);
      // The audit entry of the restore is added.
      if (table === 'pack_runs.audit') expect(after).toEqual(expect.arrayContaining([...before]));
      else expect([table, after]).toEqual([table, before]);
    }
    // Row security is as the migrations defined it, including in partitions.
    const security = `select n.nspname || '.' || c.relname as name, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('pack_runs', 'pack_run_logs', 'pack_artifacts') and c.relkind in ('r', 'p') order by 1`;
    expect(await target.sql(security)).toEqual(await source.sql(security));
  });

  it('is of one moment while others write', async () => {
    const web = await source.web();
    let going = true;
    let written = 0;
    const writers = [tenantA, tenantB].map(async (tenant) => {
      while (going) {
        await submit(web.runStore, { tenant });
        written++;
      }
    });
    while (written < 30) await new Promise(setImmediate);
    const before = written;
    const { manifest: made } = await backUp();
    going = false;
    await Promise.all(writers);
    await restore();
    const restored = await target.web();
    for (const tenant of [tenantA, tenantB]) {
      const entries = await restored.auditChain.entries(tenant, 0, 10_000);
      expect(chainFault(entries)).toBeNull();
      const [counts] = await target.sql<{ runs: number; sources: number; labels: number; secrets: number }>(
        `select (select count(*)::int from pack_runs.runs where tenant_id = $1) as runs,
          (select count(*)::int from pack_runs.run_sources where tenant_id = $1) as sources,
          (select count(*)::int from pack_runs.run_labels where tenant_id = $1) as labels,
          (select count(*)::int from pack_runs.sensitive_inputs where tenant_id = $1) as secrets`,
        [tenant],
      );
      // Each submission is one transaction with one row in each table. The last entry records the restore.
      const runs = entries.length - 1;
      expect(counts).toEqual({ runs, sources: runs, labels: runs, secrets: runs });
    }
    expect(made.tables.find(({ table }) => table === 'pack_runs.runs')?.rows).toBeGreaterThanOrEqual(before);
  });

  it('takes a table that a later migration adds, and refuses one whose rows it would not see', async () => {
    for (const database of [source, target]) {
      await database.sql(`create table pack_runs.notes (tenant_id text, note text)`);
      await database.sql(`alter table pack_runs.notes owner to taskrunner_owner`);
      await database.sql(`alter table pack_runs.notes enable row level security, force row level security`);
      await database.sql(`create policy web on pack_runs.notes to taskrunner_web using (tenant_id = 'x')`);
    }
    await source.sql(`insert into pack_runs.notes values ('acme', 'n')`);
    await expect(backUp()).rejects.toMatchObject({
      code: 'BACKUP_ROWS_HIDDEN',
      message: expect.stringContaining('pack_runs.notes'),
    });
    for (const database of [source, target])
      await database.sql(`create policy trusted on pack_runs.notes to taskrunner_maintain using (true)`);
    await backUp();
    await restore();
    expect(await target.sql('select * from pack_runs.notes')).toEqual([{ tenant_id: 'acme', note: 'n' }]);
  });

  it('knows where sequences stand', async () => {
    for (const database of [source, target]) {
      await database.sql(`create table pack_runs.counted (id bigint generated by default as identity primary key)`);
      await database.sql(`alter table pack_runs.counted owner to taskrunner_owner`);
    }
    await source.sql(`insert into pack_runs.counted default values`);
    await source.sql(`insert into pack_runs.counted default values`);
    await backUp();
    await restore();
    expect(await target.sql('insert into pack_runs.counted default values returning id::int')).toEqual([{ id: 3 }]);
  });

  it('is read by its owner alone, names the keys that it needs, and holds none', async () => {
    await submit((await source.web()).runStore, { admission: anEnvelope('admission') });
    const { manifest: made, digest } = await backUp();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect(digest).toBe(sha256(await readFile(join(folder, 'manifest.json'))));
    expect(made.keys).toEqual([
      { key: 'admission', ids: ['SHA256:test'], required: [] },
      { key: 'ledger', ids: [], required: [] },
      { key: 'journal-mac', ids: [], required: [] },
      { key: 'sensitive-inputs', ids: [], required: [] },
    ]);
    expect(made.schema.migrations).toHaveLength(migrationNames.length);
  });

  it('leaves nothing under its name where it cannot be written, and nothing beside it', async () => {
    await mkdir(join(home, 'there'));
    await expect(backUp({ folder: join(home, 'there') })).rejects.toMatchObject({ code: 'BACKUP_EXISTS' });
    await expect(backUp({ folder: join(home, 'no', 'parent') })).rejects.toMatchObject({ code: 'BACKUP_UNWRITABLE' });
    await expect(backUp({ folder: '/proc/backup' })).rejects.toMatchObject({ code: 'BACKUP_UNWRITABLE' });
    // The failure occurs in the middle of the copy.
    const broken = new (class extends MemoryObjects {
      override stat(): Promise<never> {
        return Promise.reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
      }
    })();
    await fillEveryTable(source, tenantA);
    await source.sql('update pack_artifacts.artifacts set digest = $1', [sha256('a')]);
    await expect(backUp({ objects: broken })).rejects.toMatchObject({ code: 'BACKUP_UNWRITABLE' });
    expect(await readdir(home)).toEqual(['there']);
  });
});

describe('a backup that is interrupted', () => {
  it('leaves nothing, and says so', async () => {
    await fillEveryTable(source, tenantA);
    await source.sql('update pack_artifacts.artifacts set digest = $1', [sha256('a')]);
    const interrupt = new AbortController();
    const interrupting = new (class extends MemoryObjects {
      override async stat(): Promise<null> {
        interrupt.abort();
        return null;
      }
    })();
    await expect(backUp({ objects: interrupting, signal: interrupt.signal })).rejects.toMatchObject({
      code: 'BACKUP_INTERRUPTED',
      message: 'the backup failed; the incomplete backup was deleted',
    });
    expect(await readdir(home)).toEqual([]);
  });

  it('is so, too, while it waits for a migration', async () => {
    const migration = await locked(source, 7_300_302);
    const interrupt = new AbortController();
    const reported: string[] = [];
    const onWaiting = (what: string): void => {
      reported.push(what);
      interrupt.abort();
    };
    await expect(backUp({ onWaiting, signal: interrupt.signal })).rejects.toMatchObject({ code: 'BACKUP_INTERRUPTED' });
    expect(reported).toEqual(['a migration or restore of this database to end, for at most 60 s']);
    await migration.end();
  });
});

it('a restore says what it waits for', async () => {
  await backUp();
  const migration = await locked(target, 7_300_302);
  const reported: string[] = [];
  const onWaiting = (what: string): void => {
    reported.push(what);
    void migration.end();
  };
  await restore({ onWaiting });
  expect(reported).toEqual(['a migration, backup or restore of this database to end, for at most 60 s']);
});

describe('a restore refuses, and writes nothing,', () => {
  beforeEach(() => fillEveryTable(source, tenantA));

  const refused = async (code: string, message: RegExp, overrides: Partial<RestoreOptions> = {}): Promise<void> => {
    await expect(restore(overrides)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  };

  it('a file that was altered, cut, emptied, or is missing', async () => {
    await backUp();
    const path = join(folder, 'pack_runs.decisions.copy.gz');
    const bytes = await readFile(path);
    for (const at of [0, 12, bytes.length >> 1, bytes.length - 1]) {
      const altered = Uint8Array.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await writeFile(path, altered);
      await refused('BACKUP_DAMAGED', /^pack_runs\.decisions\.copy\.gz /);
    }
    await writeFile(path, bytes);
    await truncate(path, bytes.length - 5);
    await refused('BACKUP_DAMAGED', /^pack_runs\.decisions\.copy\.gz /);
    await truncate(path, 0);
    await refused('BACKUP_DAMAGED', /^pack_runs\.decisions\.copy\.gz /);
    await rm(path);
    await refused('BACKUP_DAMAGED', /^pack_runs\.decisions\.copy\.gz is not in /);
    await writeFile(path, bytes);
    expect(await isEmpty(target)).toBe(true);
    await restore();
  });

  it('a manifest that says something else, or is not the one that was noted', async () => {
    const { digest } = await backUp();
    const whole = await manifest();
    await alterManifest({ tables: whole.tables.map((one) => ({ ...one, rows: one.rows + 1 })) });
    await refused('BACKUP_DAMAGED', /rows; expected/);
    await refused('BACKUP_DAMAGED', /manifest\.json of .* is sha256:.*, not sha256:/, { expected: digest });
    await alterManifest({ ...whole, tables: whole.tables.slice(1) });
    await refused('BACKUP_SCHEMA', /does not have the tables/);
    await alterManifest({ ...whole, tables: [{ ...whole.tables[0], file: '../x.copy.gz' }] });
    await refused('BACKUP_DAMAGED', /not the manifest/);
    for (const format of [1, 3]) {
      await alterManifest({ ...whole, format });
      await refused('BACKUP_FORMAT', new RegExp(`format ${format};`));
    }
    await writeFile(join(folder, 'manifest.json'), '{');
    await refused('BACKUP_DAMAGED', /not JSON/);
    expect(await isEmpty(target)).toBe(true);
  });

  it('a folder that was not ended, or is none', async () => {
    await refused('BACKUP_INCOMPLETE', /has no manifest\.json/);
    await backUp();
    await rm(join(folder, 'manifest.json'));
    await refused('BACKUP_INCOMPLETE', /has no manifest\.json/);
  });

  it('a file that cannot be read', async () => {
    await backUp();
    for (const name of ['pack_runs.decisions.copy.gz', 'manifest.json']) {
      await rm(join(folder, name));
      await mkdir(join(folder, name));
      await refused('BACKUP_UNREADABLE', new RegExp(`${name} cannot be read: EISDIR`));
    }
  });

  it('a database of another schema, or without one', async () => {
    await backUp();
    const empty = await host.database('empty');
    await expect(restore({}, empty)).rejects.toMatchObject({
      code: 'BACKUP_SCHEMA',
      message: expect.stringContaining('no tables'),
    });
    await target.sql('alter table pack_runs.holds add column more text');
    await refused(
      'BACKUP_SCHEMA',
      /tables of the database differ from those of the backup, although both have the same/,
    );
    await target.sql('alter table pack_runs.holds drop column more');
    const last = migrationNames.at(-1);
    await target.sql(`delete from pack_runs.migrations where name = $1`, [last]);
    await refused('BACKUP_SCHEMA', new RegExp(`migrations of the database differ .*: only the backup has ${last}$`));
    const whole = await manifest();
    const migrations = [...whole.schema.migrations.filter((name) => name !== last), 'Later1999999999999'];
    await alterManifest({ schema: { ...whole.schema, migrations } });
    const differ = `version 0\\.1\\.0, whose .*: the backup lacks ${last}; only the backup has Later1999999999999$`;
    await refused('BACKUP_SCHEMA', new RegExp(differ));
    expect(await isEmpty(target)).toBe(true);
  });

  it('nothing because of a deadlock with somebody who reads', async () => {
    await backUp();
    const reader = new Client({ connectionString: target.url('owner') });
    await reader.connect();
    await reader.query('begin');
    await reader.query('select from pack_runs.workers');
    const restored = restore();
    const held = `select from pg_locks where relation = 'pack_artifacts.artifacts'::regclass and mode = 'AccessExclusiveLock' and granted`;
    while ((await target.sql(held)).length === 0) await delay(10);
    // PostgreSQL ends who waits for a second first. On a busy machine that may be the reader.
    await reader.query('select from pack_artifacts.artifacts').catch((error: unknown) => {
      if ((error as { readonly code?: string }).code !== '40P01') throw error;
    });
    await reader.query('rollback');
    await reader.end();
    await restored;
    expect(await isEmpty(target)).toBe(false);
  }, 60_000);

  it('a database that has rows, or is in use', async () => {
    await backUp();
    const reader = new Client({ connectionString: target.url('worker') });
    await reader.connect();
    await reader.query('begin');
    await reader.query('select from pack_runs.runs');
    const reported: string[] = [];
    await refused('RESTORE_IN_USE', /is using the tables/, { onWaiting: (what) => reported.push(what) });
    expect(reported).toEqual(['other processes to stop using the tables, for at most 10 s']);
    await reader.end();
    await (await target.worker()).objectReferences.enrol([tenantA]);
    await refused('RESTORE_NOT_EMPTY', /rows in pack_artifacts\.object_looks$/);
  }, 60_000);
});

describe('keys', () => {
  let keys: string;
  beforeEach(async () => {
    keys = join(home, 'keys');
    await mkdir(keys);
    await generateMacKeyFile(path('journal-mac.key'));
    await generateSensitiveInputsKeyFile(path('sensitive-inputs.key'));
    for (const name of ['admission', 'ledger']) await publicKey(name);
  });

  const path = (name: string): string => join(keys, name);
  const publicKey = async (name: string): Promise<string> => {
    await rm(path(`${name}.pem`), { force: true });
    const { keyid, publicKeyPem } = await generateKeyFile(path(`${name}.pem`));
    await writeFile(path(`${name}.pub.pem`), publicKeyPem);
    return keyid;
  };
  const atHand = (admissionPublic = [path('admission.pub.pem')]) =>
    keysAtHand({
      ...{ journalMac: path('journal-mac.key'), sensitiveInputs: { path: path('sensitive-inputs.key') } },
      ...{ admissionPublic, ledgerPublic: [path('ledger.pub.pem')] },
    });
  /** Simulates a service that started with the given keys and stored a run that needs them. */
  const aRunWithKeys = async (): Promise<readonly KeysAtHand[]> => {
    const made = await atHand();
    const [web, worker] = [await source.web(), await source.worker()];
    expect(await web.keyRecords.ofWebservice(made.filter(({ use }) => use !== 'journal-mac'))).toEqual([]);
    expect(await worker.keyRecords.ofWorker(made)).toEqual([]);
    await anEndedRun({ database: source, web, worker, daysAgo: 0, sealed: false });
    return made;
  };

  it('that were used are named by ids that are derived from them, and those that are needed are said', async () => {
    const made = await aRunWithKeys();
    const { manifest: taken } = await backUp();
    const idOf = (use: string): string => made.find((one) => one.use === use)?.ids[0] ?? '';
    expect(taken.keys).toEqual([
      { key: 'admission', ids: expect.arrayContaining([idOf('admission')]), required: [idOf('admission')] },
      { key: 'ledger', ids: [idOf('ledger')], required: [idOf('ledger')] },
      { key: 'journal-mac', ids: [idOf('journal-mac')], required: [idOf('journal-mac')] },
      { key: 'sensitive-inputs', ids: [idOf('sensitive-inputs')], required: [idOf('sensitive-inputs')] },
    ]);
    for (const file of await readdir(folder)) {
      const bytes = await readFile(join(folder, file));
      const text = file.endsWith('.gz') ? gunzipSync(bytes).toString() : bytes.toString();
      for (const name of ['journal-mac.key', 'sensitive-inputs.key'])
        expect(text).not.toContain((await readFile(path(name), 'utf8')).trim());
    }
    expect(await restore({ keys: await atHand(), keysMode: 'check' })).toMatchObject({ missingKeys: [] });
  });

  it('that are others, or missing, are named with their files, and nothing is restored unless that is asked for', async () => {
    const made = await aRunWithKeys();
    await backUp();
    const id = (use: string): string => made.find((one) => one.use === use)?.ids[0] ?? '';
    await rm(path('journal-mac.key'));
    await generateMacKeyFile(path('journal-mac.key'));
    await rm(path('sensitive-inputs.key'));
    const rotated = await publicKey('admission');
    const others = await atHand();
    const refusal = await restore({ keys: others, keysMode: 'check' }).catch((error: unknown) => error as BackupError);
    expect(refusal).toMatchObject({
      code: 'BACKUP_KEYS_MISSING',
      remediation: expect.stringContaining('--keys report'),
    });
    expect((refusal as BackupError).message.split('\n').slice(1)).toEqual([
      `admission ${id('admission')} is needed, ${path('admission.pub.pem')} has ${rotated}`,
      expect.stringMatching(`^journal-mac ${id('journal-mac')} is needed, ${path('journal-mac.key')} has HKDF:`),
      `sensitive-inputs ${id('sensitive-inputs')} is needed: ${path('sensitive-inputs.key')} does not exist`,
    ]);
    expect(await isEmpty(target)).toBe(true);

    expect(await restore({ keys: others, keysMode: 'report' })).toMatchObject({
      missingKeys: [{ use: 'admission' }, { use: 'journal-mac' }, { use: 'sensitive-inputs' }],
    });
    // Services that start on it fail with an error and halt no run. With the right keys the run continues.
    const worker = await target.worker();
    expect((await worker.keyRecords.ofWorker(others)).map(({ use }) => use)).toEqual([
      ...['admission', 'journal-mac', 'sensitive-inputs'],
    ]);
    expect(await worker.keyRecords.ofWorker(made)).toEqual([]);
  });

  it('that were rotated are side by side, and those that no run needs may be gone', async () => {
    await aRunWithKeys();
    await copyFile(path('admission.pub.pem'), path('old.pub.pem'));
    await publicKey('admission');
    const both = await atHand([path('admission.pub.pem'), path('old.pub.pem')]);
    expect(await (await source.worker()).keyRecords.ofWorker(both)).toEqual([]);
    const signing = (await atHand()).filter(({ use }) => use === 'admission');
    expect(await (await source.web()).keyRecords.ofWebservice(signing)).toEqual([]);
    await backUp();
    expect(await restore({ keys: both, keysMode: 'check' })).toMatchObject({ missingKeys: [] });
    // No row of an unsealed run is signed with the old key.
    expect(await restore({ keys: await atHand(), keysMode: 'check' }, await host.database())).toMatchObject({
      missingKeys: [],
    });
    await expect(
      restore({ keys: await atHand([path('old.pub.pem')]), keysMode: 'check' }, await host.database()),
    ).rejects.toMatchObject({ code: 'BACKUP_KEYS_MISSING' });
  });

  it('that somebody wrote into an altered envelope end no backup', async () => {
    await submit((await source.web()).runStore);
    for (const text of ['5', '{"signatures":5}']) {
      await source.sql('update pack_runs.submissions set admission = $1::json', [text]);
      expect((await backUp({ folder: `${folder}-${text.length}` })).manifest.keys.map(({ key }) => key)).toEqual([
        ...['admission', 'ledger', 'journal-mac', 'sensitive-inputs'],
      ]);
    }
  });
});

describe('objects', () => {
  const put = async (content: string): Promise<Digest> =>
    (
      await objects.put(
        tenantA,
        (async function* () {
          yield Buffer.from(content);
        })(),
        { maxBytes: 99 },
      )
    ).digest;

  it('that rows refer to are listed, looked for and, if asked, brought along', async () => {
    const web = await source.web();
    const file = await put('file');
    const files = [{ path: 'a', digest: file, size: 4, executable: false }];
    // An input that looks like the name of an object is not a reference.
    const run = await submit(web.runStore, { files, inputs: JSON.stringify({ image: `app@${sha256('image')}` }) });
    const { manifest: made } = await backUp({ copyObjects: true });
    expect(made.objects).toMatchObject({ rows: 1, copied: true, lost: 0 });

    expect(await restore({ mode: 'check' })).toMatchObject({ incomplete: [] });
    await objects.delete(tenantA, file);
    const second = await host.database();
    await expect(restore({ mode: 'check' }, second)).rejects.toMatchObject({
      code: 'BACKUP_OBJECTS_MISSING',
      message: expect.stringContaining(`acme ${run}: ${file}`),
    });
    expect(await isEmpty(second)).toBe(true);
    expect(await restore({ mode: 'report' }, second)).toMatchObject({
      incomplete: [{ tenant: tenantA, runId: run, digests: [file] }],
    });
    const third = await host.database();
    expect(await restore({ mode: 'copy' }, third)).toMatchObject({ incomplete: [] });
    expect(await objects.stat(tenantA, file)).toEqual({ size: 4 });

    // Bytes that were altered meanwhile are not stored. The object is lost for the restored system.
    await objects.delete(tenantA, file);
    const copy = join(folder, 'objects', tenantA, file.slice(7));
    await chmod(copy, 0o600);
    await writeFile(copy, 'life');
    const fourth = await host.database();
    await expect(restore({ mode: 'copy' }, fourth)).rejects.toMatchObject({
      code: 'BACKUP_OBJECTS_MISSING',
      message: expect.stringContaining(`acme ${run}: ${file} (altered in the backup)`),
    });
    expect(await objects.stat(tenantA, file)).toBeNull();
    expect(await isEmpty(fourth)).toBe(true);
    expect(await restore({ mode: 'report' }, fourth)).toMatchObject({
      incomplete: [{ tenant: tenantA, runId: run, digests: [file] }],
    });
  });

  it('that the store has altered are told and left out; the others are brought along', async () => {
    const store = await FileObjectStore.open(join(home, 'store'));
    const stored = async (content: string): Promise<Digest> => {
      const { digest } = await store.put(tenantA, Readable.from([Buffer.from(content)]), { maxBytes: 99 });
      return digest;
    };
    const [whole, altered] = [await stored('whole'), await stored('as it was')];
    const web = await source.web();
    const using = (digest: Digest) =>
      submit(web.runStore, { files: [{ path: 'a', digest, size: 9, executable: false }] });
    const [first, second] = [await using(altered), await using(altered)];
    await using(whole);
    const path = join(home, 'store/t', tenantA, 'sha256', altered.slice(7, 9), altered.slice(7));
    await chmod(path, 0o600);
    await writeFile(path, 'as it is.');

    const reported: unknown[] = [];
    const { manifest: made } = await backUp({ objects: store, copyObjects: true, onLost: (one) => reported.push(one) });
    expect(made.objects).toMatchObject({ rows: 3, copied: true, lost: 0, altered: 1 });
    expect(reported).toEqual(
      expect.arrayContaining(
        [first, second].map((run) => ({ tenant: tenantA, run: runUuid(run), digest: altered, what: 'altered' })),
      ),
    );
    expect(await readdir(join(folder, 'objects', tenantA))).toEqual([whole.slice(7)]);

    const fresh = await FileObjectStore.open(join(home, 'fresh'));
    await expect(restore({ objects: fresh, mode: 'copy' })).rejects.toMatchObject({
      code: 'BACKUP_OBJECTS_MISSING',
      message: expect.stringContaining(`acme ${first}: ${altered}`),
    });
    expect(await fresh.stat(tenantA, whole)).toEqual({ size: 5 });
    expect((await restore({ objects: fresh, mode: 'report' })).incomplete.map(({ runId }) => runId).sort()).toEqual(
      [first, second].sort(),
    );
    await expect(fresh.open(tenantA, altered)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
  });

  it('that go while they are copied are told as lost', async () => {
    const file = await put('goes');
    await submit((await source.web()).runStore, { files: [{ path: 'a', digest: file, size: 4, executable: false }] });
    const collected = new (class extends MemoryObjects {
      override stat(): Promise<{ size: number }> {
        return Promise.resolve({ size: 4 });
      }
    })();
    const { manifest: made } = await backUp({ objects: collected, copyObjects: true });
    expect(made.objects).toMatchObject({ rows: 1, lost: 1, altered: 0 });
  });

  it('that were stored and are gone by the time of the backup are told, then and later', async () => {
    await fillEveryTable(source, tenantA);
    await source.sql('update pack_artifacts.artifacts set digest = $1', [sha256('an artifact')]);
    const lost: unknown[] = [];
    const { manifest: made } = await backUp({ copyObjects: true, onLost: (one) => lost.push(one) });
    expect(made.objects).toMatchObject({ rows: 1, lost: 1, altered: 0 });
    expect(lost).toEqual([
      expect.objectContaining({ tenant: tenantA, digest: sha256('an artifact'), what: 'missing' }),
    ]);
    await expect(restore({ mode: 'copy' })).rejects.toMatchObject({ code: 'BACKUP_OBJECTS_MISSING' });
  });
});
