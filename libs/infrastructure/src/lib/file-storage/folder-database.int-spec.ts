import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { atNight, searched } from '@taskrunner/core/testing';
import { processesIn } from '../embedded-postgres/process-table';
import { openFolderDatabase, type FolderDatabase, type FolderDatabaseOptions } from './folder-database';
import type { RestartListener } from './kept-server';

const root = process.getuid?.() === 0;
const asRoot = root ? it : it.skip;

/** A folder that was created and closed, for tests that do not test the creation. They copy it. */
let made: string;
/** Has the template that it was created from. */
let cache: string;
let parent: string;
let folder: string;
const open = new Set<{ close(): Promise<void> }>();
const children = new Set<ChildProcess>();

beforeAll(async () => {
  const all = accessibleFolder();
  made = join(all, 'made');
  cache = join(all, 'cache');
  await (await openFolderDatabase(made, { fsync: false, cache })).close();
});
afterAll(() => rmSync(join(made, '..'), { recursive: true, force: true }));

beforeEach(() => {
  parent = accessibleFolder();
  folder = join(parent, 'storage');
});

afterEach(async () => {
  for (const database of open) await database.close();
  for (const child of children) child.kill('SIGKILL');
  open.clear();
  children.clear();
  rmSync(parent, { recursive: true, force: true });
});

/** The server's account must be able to enter it. Otherwise the data would be placed elsewhere. */
function accessibleFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'storage-'));
  chmodSync(path, 0o755);
  return path;
}

function copyMade(): void {
  execFileSync('cp', ['-a', made, folder]);
}

async function opened(options: FolderDatabaseOptions = {}, path = folder): Promise<FolderDatabase> {
  const database = await openFolderDatabase(path, {
    ...{ fsync: false, cache, sharedDirectory: join(parent, 'shared') },
    ...options,
  });
  open.add(database);
  return database;
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Opens the folder in another process. */
async function openedElsewhere(
  more: FolderDatabaseOptions = {},
): Promise<{ child: ChildProcess; answer: Record<string, unknown> }> {
  const child = openingElsewhere(more);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, answer: JSON.parse(line) as Record<string, unknown> };
}

function openingElsewhere(more: FolderDatabaseOptions) {
  const child = spawn(
    process.execPath,
    [join(__dirname, 'testing/opening-process.cjs'), folder, JSON.stringify({ fsync: false, ...more })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.add(child);
  return child;
}

/** Programs whose server begins half a second after it was started, which the file `launched` tells. */
function programsThatStartLate(): string {
  const programs = join(parent, 'programs');
  mkdirSync(programs);
  for (const name of ['initdb', 'postgres']) {
    const wait = `if [ "$1" = -D ]; then : >'${parent}/launched'; sleep 0.5; fi`;
    const script = `#!/bin/sh\n${wait}\nexec '${join(packagedPrograms(), name)}' "$@"\n`;
    writeFileSync(join(programs, name), script, { mode: 0o755 });
  }
  // The account of the server writes the file.
  chmodSync(parent, 0o777);
  return programs;
}

function packagedPrograms(): string {
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return join(dirname(entry), '../native/bin');
}

/** Programs whose writing to the disk waits for the file `go`, and fails. */
function programsThatCannotSync(): string {
  const programs = join(parent, 'programs');
  mkdirSync(programs);
  for (const name of ['initdb', 'postgres']) {
    const wait = `if [ "$1" = --sync-only ]; then until [ -e '${parent}/go' ]; do sleep 0.02; done; exit 1; fi`;
    const script = `#!/bin/sh\n${wait}\nexec '${join(packagedPrograms(), name)}' "$@"\n`;
    writeFileSync(join(programs, name), script, { mode: 0o755 });
  }
  return programs;
}

function state(): string {
  return (JSON.parse(readFileSync(join(folder, 'storage.json'), 'utf8')) as { state: string }).state;
}

function pgdata(): string {
  return join(folder, 'database/pgdata');
}

describe('a database in a folder', () => {
  it('is created by the first opening, keeps what is committed, and leaves nothing running', async () => {
    // Space, comma and quotation marks separate or enclose entries in lists of the server.
    folder = join(parent, 'the "storage", of mine');
    const first = await openFolderDatabase(folder);
    open.add(first);
    expect(first.isNew).toBe(true);
    const [facts] = await query(
      first.urls.webUrl,
      `select current_user as me, inet_server_port() as port, current_setting('listen_addresses') as addresses,
              current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
              current_setting('full_page_writes') as pages, current_setting('data_checksums') as checksums`,
    );
    expect(facts).toEqual({
      ...{ me: 'taskrunner_web', port: null, addresses: '', fsync: 'on', commit: 'on', pages: 'on', checksums: 'on' },
    });
    for (const [name, role] of Object.entries({ maintainUrl: 'maintain', workerUrl: 'worker', ownerUrl: 'owner' })) {
      const url = first.urls[name as 'ownerUrl'];
      expect(await query(url, 'select current_user as me')).toEqual([{ me: `taskrunner_${role}` }]);
    }
    await query(first.urls.ownerUrl, 'create table pack_runs.kept as select 42 as answer');
    await first.close();
    await first.close();
    expect(await processesIn(pgdata())).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['database', 'storage.json']);

    const second = await opened();
    expect(second.isNew).toBe(false);
    expect(await query(second.urls.ownerUrl, 'select answer from pack_runs.kept')).toEqual([{ answer: 42 }]);
  });

  it('is accessible to its user only', async () => {
    copyMade();
    await opened();
    expect(lstatSync(folder).mode & 0o777).toBe(root ? 0o711 : 0o700);
    for (const name of ['storage.json', 'owner', 'database/password', 'database/server.log', 'database/owner'])
      expect([name, lstatSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
    for (const name of ['database/pgdata', 'database/socket'])
      expect([name, lstatSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o700]);
    expect(lstatSync(join(folder, 'database/socket/.s.PGSQL.5432')).mode & 0o777).toBe(0o700);
  });

  it('has its socket in the temporary folder if its own path is too long, and removes it', async () => {
    folder = join(parent, 'x'.repeat(100));
    copyMade();
    const database = await opened();
    const socket = new URL(database.urls.webUrl).searchParams.get('host') ?? '';
    expect(socket).toMatch(/\/taskrunner-socket-\w+$/);
    expect(statSync(socket).mode & 0o777).toBe(0o700);
    expect(await query(database.urls.webUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    await database.close();
    expect(existsSync(socket)).toBe(false);
    expect(readdirSync(join(folder, 'database'))).not.toContain('socket-location');
  });

  it('is created anew if its creation was interrupted', async () => {
    copyMade();
    writeFileSync(
      join(folder, 'storage.json'),
      readFileSync(join(folder, 'storage.json'), 'utf8').replace('ready', 'creating'),
    );
    rmSync(join(folder, 'database/password'));
    const database = await opened();
    expect(database.isNew).toBe(true);
    expect(await query(database.urls.workerUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('a template in a cache', () => {
  it('is copied into new folders, each of which has passwords of its own', async () => {
    const template = join(
      cache,
      readdirSync(cache).find((name) => name.startsWith('database-'))!,
    );
    const database = await opened({ fsync: true });
    expect(database.isNew).toBe(true);
    const passwords = [template, join(made, 'database'), join(folder, 'database')].map((place) =>
      readFileSync(join(place, 'password'), 'utf8').trim(),
    );
    expect(new Set(passwords).size).toBe(3);
    const stale = new URL(database.urls.webUrl);
    stale.username = 'postgres';
    stale.password = passwords[0]!;
    await expect(query(stale.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    const [found] = await query(database.urls.ownerUrl, 'select count(*)::int as runs from pack_runs.runs');
    expect(found).toEqual({ runs: 0 });
    // Nothing is copied that no database is made from.
    expect(await query(database.urls.ownerUrl, 'select datname as name from pg_database')).toEqual([
      { name: 'taskrunner' },
    ]);
    await database.close();
    expect((await opened()).isNew).toBe(false);
  });

  it('is on the disk before the folder is ready, and is copied again otherwise', async () => {
    const programs = programsThatCannotSync();
    const outcome = opened({ fsync: true, binDirectory: programs }).catch(() => 'refused');
    // The server answers meanwhile.
    const log = join(folder, 'database/server.log');
    while (!existsSync(log) || !readFileSync(log, 'utf8').includes('ready to accept connections')) await delay(20);
    expect(state()).toBe('creating');
    writeFileSync(join(parent, 'go'), '');
    expect(await outcome).toBe('refused');
    expect(state()).toBe('creating');
    expect(await processesIn(pgdata())).toEqual([]);
    expect((await opened({ fsync: true })).isNew).toBe(true);
    expect(state()).toBe('ready');
  });

  atNight(it)('is not waited for by who asks to be told when it is on the disk', async () => {
    const programs = programsThatCannotSync();
    let isStarted = false;
    const database = await opened({
      ...{ fsync: true, binDirectory: programs, settlesLater: true },
      onStarted: () => (isStarted = true),
    });
    expect(isStarted).toBe(true);
    expect(await query(database.urls.webUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(state()).toBe('creating');
    writeFileSync(join(parent, 'go'), '');
    await expect(database.settled).rejects.toThrow();
    await database.close();
    expect(state()).toBe('creating');
    const again = await opened({ fsync: true, settlesLater: true });
    expect(again.isNew).toBe(true);
    await again.settled;
    expect(state()).toBe('ready');
  });

  it('has a copy ready for the next folder, which one of several openings gets', async () => {
    const own = join(parent, 'own');
    const first = await opened({ cache: own });
    await first.prepareNext();
    await first.close();
    const template = join(
      own,
      readdirSync(own).find((name) => name.startsWith('database-'))!,
    );
    expect(readdirSync(template).sort()).toContain('spare');
    const { ino } = statSync(join(template, 'spare/global/pg_control'));
    const folders = ['a', 'b'].map((name) => join(parent, name));
    const both = await Promise.all(folders.map((path) => opened({ cache: own, fsync: true }, path)));
    for (const { urls } of both)
      expect(await query(urls.workerUrl, 'select count(*)::int as runs from pack_runs.workers')).toEqual([{ runs: 0 }]);
    expect(readdirSync(template)).not.toContain('spare');
    const taken = folders.filter((path) => statSync(join(path, 'database/pgdata/global/pg_control')).ino === ino);
    expect(taken).toHaveLength(1);
    const passwords = folders.map((path) => readFileSync(join(path, 'database/password'), 'utf8'));
    expect(new Set(passwords).size).toBe(2);
  });

  it.each<[string, (template: string) => void]>([
    ['of which files are missing', (template) => rmSync(join(template, 'pgdata/base'), { recursive: true })],
    ['with an empty password', (template) => writeFileSync(join(template, 'password'), '')],
    ['without a password', (template) => rmSync(join(template, 'password'))],
    [
      'whose ready copy is damaged',
      (template) => {
        execFileSync('cp', ['-a', join(template, 'pgdata'), join(template, 'spare')]);
        rmSync(join(template, 'spare/base'), { recursive: true });
      },
    ],
  ])('is made again if no database starts from it: %s', async (_, damage) => {
    const own = join(parent, 'own');
    execFileSync('cp', ['-a', cache, own]);
    const name = readdirSync(own).find((one) => one.startsWith('database-'))!;
    damage(join(own, name));
    const lines: string[] = [];
    const database = await opened({ cache: own, log: (line) => lines.push(line) });
    expect(await query(database.urls.webUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(lines).toContainEqual(expect.stringMatching(/^the template .* is discarded, because no database starts/));
    // The next one is whole.
    const second = await opened({ cache: own }, join(parent, 'second'));
    expect(await query(second.urls.webUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  atNight(it)('is copied by the next opening if no copy could be made ready', async () => {
    const own = join(parent, 'own');
    const lines: string[] = [];
    const binDirectory = programsThatCannotSync();
    writeFileSync(join(parent, 'go'), '');
    const first = await opened({ cache: own, binDirectory, log: (line) => lines.push(line) });
    const template = join(
      own,
      readdirSync(own).find((name) => name.startsWith('database-'))!,
    );
    const before = readdirSync(template);
    // A killed process has left it.
    mkdirSync(join(template, 'spare.draft'));
    utimesSync(join(template, 'spare.draft'), 0, 0);
    await first.prepareNext();
    expect(lines).toContainEqual(expect.stringMatching(/^no copy is ready for the next database: /));
    expect(readdirSync(template)).toEqual(before);
    await first.close();
    expect((await opened({ cache: own }, join(parent, 'b'))).isNew).toBe(true);
  });

  atNight(it)('gets its name only when it is on the disk', async () => {
    const own = join(parent, 'own');
    const lines: string[] = [];
    const binDirectory = programsThatCannotSync();
    writeFileSync(join(parent, 'go'), '');
    const database = await opened({ cache: own, fsync: true, binDirectory, log: (line) => lines.push(line) });
    expect(lines).toContainEqual(expect.stringMatching(/^the cache .* is not used: /));
    expect(readdirSync(own).filter((name) => !name.endsWith('.draft'))).toEqual([]);
    expect(await query(database.urls.webUrl, 'show fsync')).toEqual([{ fsync: 'on' }]);
  });

  atNight(it)('is not used if others can write to the cache: the folder is created without it', async () => {
    const shared = join(parent, 'cache');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    const lines: string[] = [];
    const database = await opened({ cache: shared, log: (line) => lines.push(line) });
    expect(database.isNew).toBe(true);
    expect(lines).toContain(`the cache ${shared} is not used: other accounts can write to it`);
    expect(readdirSync(shared)).toEqual([]);
  });
});

describe('the owner of a folder', () => {
  it('is one process: another one is told who holds it, and since when', async () => {
    copyMade();
    const began = new Date().toISOString();
    const starts = await Promise.allSettled([1, 2, 3].map(() => opened()));
    const refused = starts.flatMap((start) => (start.status === 'rejected' ? [start.reason as Error] : []));
    expect(refused.map((error) => (error as { code?: string }).code)).toEqual(['STORAGE_HELD', 'STORAGE_HELD']);
    const { answer } = await openedElsewhere();
    expect(answer).toMatchObject({ code: 'STORAGE_HELD' });
    const [, since] = /since ([^,]+),/.exec(String(answer['message'])) ?? [];
    expect(answer['message']).toContain(`process ${process.pid} (${process.argv[1]})`);
    expect(since! >= began && since! <= new Date().toISOString()).toBe(true);
    for (const database of open) await database.close();
    const { answer: free } = await openedElsewhere();
    expect(free).toMatchObject({ isNew: false });
  });

  it('may be killed: its server is stopped by the next opening, and what it committed is there', async () => {
    copyMade();
    const { child, answer } = await openedElsewhere();
    const { ownerUrl } = answer['urls'] as { ownerUrl: string };
    await query(ownerUrl, 'create table pack_runs.kept as select 42 as answer');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await query(ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    const lines: string[] = [];
    const database = await opened({ log: (line) => lines.push(line) });
    expect(lines).toContainEqual(expect.stringMatching(/stopping PostgreSQL \d+, which outlived its parent/));
    expect(await query(database.urls.ownerUrl, 'select answer from pack_runs.kept')).toEqual([{ answer: 42 }]);
  });

  it('may be killed: its server ends with it if that was asked for', async () => {
    copyMade();
    const { child, answer } = await openedElsewhere({ endsWithOwner: true });
    const { ownerUrl } = answer['urls'] as { ownerUrl: string };
    await query(ownerUrl, 'create table pack_runs.kept as select 42 as answer');
    const data = realpathSync(pgdata());
    expect(await processesIn(data)).not.toEqual([]);
    child.kill('SIGKILL');
    while ((await processesIn(data)).length > 0) await delay(20);
    const lines: string[] = [];
    const database = await opened({ log: (line) => lines.push(line), endsWithOwner: true });
    expect(lines.filter((line) => /outlived|not properly shut down/.test(line))).toEqual([]);
    expect(await query(database.urls.ownerUrl, 'select answer from pack_runs.kept')).toEqual([{ answer: 42 }]);
  });

  it('may be killed before its server answers: it ends all the same', async () => {
    copyMade();
    const log = join(folder, 'database/server.log');
    rmSync(log);
    const child = openingElsewhere({ endsWithOwner: true, binDirectory: programsThatStartLate() });
    while (!existsSync(join(parent, 'launched'))) await delay(10);
    await delay(100);
    child.kill('SIGKILL');
    const data = realpathSync(pgdata());
    while (!readFileSync(log, 'utf8').includes('received fast shutdown request')) await delay(20);
    while ((await processesIn(data)).length > 0) await delay(20);
  });

  it('is another process if only its id is that of a living one', async () => {
    copyMade();
    writeFileSync(
      join(folder, 'owner'),
      JSON.stringify({ pid: process.pid, born: 'earlier', program: '/gone', since: 'once' }),
    );
    expect(await query((await opened()).urls.webUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('may be where this process cannot see it: its server still answers', async () => {
    copyMade();
    mkdirSync(join(folder, 'database/socket'));
    const server = createServer().listen(join(folder, 'database/socket/.s.PGSQL.5432'));
    await once(server, 'listening');
    await expect(opened()).rejects.toMatchObject({ code: 'STORAGE_HELD' });
    server.close();
    await once(server, 'close');
    await opened();
  });
});

describe('the server of a folder', () => {
  const restarted = (): { readonly restarts: RestartListener; readonly again: Promise<void> } => {
    let resolve: () => void = () => undefined;
    const again = new Promise<void>((settle) => (resolve = settle));
    return { again, restarts: { onRestarted: resolve } };
  };
  const killServer = (): void => {
    process.kill(Number(readFileSync(join(pgdata(), 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
  };

  const PLACES = [
    ['in the folder', 'storage'],
    ['in the temporary folder', 'p'.repeat(120)],
  ] as const;
  it.each(PLACES.slice(0, searched(1, 2)))(
    'is started again with the same URLs if it is killed, with its socket %s',
    async (_where, name) => {
      folder = join(parent, name);
      copyMade();
      const { restarts, again } = restarted();
      const database = await opened({ restarts, fsync: true });
      const { urls } = database;
      await query(urls.ownerUrl, 'create table pack_runs.kept as select 42 as answer');
      killServer();
      await again;
      expect(await query(urls.ownerUrl, 'select answer from pack_runs.kept')).toEqual([{ answer: 42 }]);
      expect(await query(urls.workerUrl, 'select current_user as me')).toEqual([{ me: 'taskrunner_worker' }]);
      await database.close();
      expect([await processesIn(pgdata()), readdirSync(folder).sort()]).toEqual([[], ['database', 'storage.json']]);
    },
  );

  it('is not started again if it cannot start: the owner is told why', async () => {
    copyMade();
    let lost: Error | undefined;
    const database = await opened({ restarts: { onLost: (error) => (lost = error) } });
    rmSync(join(pgdata(), 'global'), { recursive: true });
    killServer();
    expect(await database.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(lost).toMatchObject({ code: 'DATABASE_START_FAILED' });
    await database.close();
    expect(existsSync(join(folder, 'owner'))).toBe(false);
  });
});

describe('a folder that cannot be used', () => {
  it('is one with other contents, one that others can write to, or a file', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'thesis.txt'), 'x');
    const refusal = { code: 'STORAGE_FOREIGN', message: expect.stringContaining('contains thesis.txt') as string };
    await expect(opened()).rejects.toMatchObject(refusal);
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
    await expect(opened({}, join(folder, 'thesis.txt'))).rejects.toMatchObject({ code: 'STORAGE_UNWRITABLE' });
    rmSync(folder, { recursive: true });
    copyMade();
    chmodSync(folder, 0o777);
    await expect(opened()).rejects.toMatchObject({ code: 'STORAGE_FOREIGN' });
    chmodSync(folder, 0o711);
    writeFileSync(join(folder, 'storage.json'), '{"format":"taskrunner.storage.v9","state":"ready"}');
    await expect(opened()).rejects.toMatchObject({ code: 'STORAGE_FOREIGN' });
    expect(existsSync(join(folder, 'owner'))).toBe(false);
  });

  asRoot('is one of another account', async () => {
    mkdirSync(folder);
    chownSync(folder, 65_534, 65_534);
    await expect(opened()).rejects.toMatchObject({
      code: 'STORAGE_FOREIGN',
      message: expect.stringContaining('belongs to user 65534') as string,
    });
  });

  it('is one that cannot be created', async () => {
    await expect(opened({}, '/proc/none/storage')).rejects.toMatchObject({ code: 'STORAGE_UNWRITABLE' });
  });

  it('is any if there is no server for this platform, and can be used when there is one', async () => {
    await expect(opened({ binDirectory: '/nowhere' })).rejects.toMatchObject({
      code: 'STORAGE_UNSUPPORTED',
      remediation: expect.stringContaining(`@embedded-postgres/${process.platform}-${process.arch}`) as string,
    });
    // As in the root of an empty file system.
    mkdirSync(join(folder, 'lost+found'), { recursive: true });
    expect((await opened()).isNew).toBe(true);
  });

  it('is left as it was: what a refused opening has created is deleted', async () => {
    const path = join(parent, 'new/deep/storage');
    await expect(opened({ binDirectory: '/nowhere' }, path)).rejects.toMatchObject({ code: 'STORAGE_UNSUPPORTED' });
    await expect(opened({ mustExist: true }, path)).rejects.toMatchObject({ code: 'STORAGE_FOREIGN' });
    const database = await opened({}, path);
    await database.discard();
    expect(existsSync(join(parent, 'new'))).toBe(false);
    // A database that was not created now is only closed.
    copyMade();
    await (await opened({ mustExist: true })).discard();
    expect((await opened({ mustExist: true })).isNew).toBe(false);
  });

  asRoot('is one on a full file system: the server that a killed process has left is ended', async () => {
    mkdirSync(folder);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300m,mode=711', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      return console.log('skipped: this machine does not permit mounts');
    }
    try {
      execFileSync('cp', ['-a', `${made}/.`, folder]);
      const { child, answer } = await openedElsewhere({ fsync: true });
      const { ownerUrl } = answer['urls'] as { ownerUrl: string };
      await query(ownerUrl, 'create table pack_runs.kept as select 42 as answer');
      const fill = () => execFileSync('sh', ['-c', `cat /dev/zero >'${folder}/full' 2>/dev/null || true`]);
      fill();
      // The folder is in use: nothing is ended.
      await expect(opened()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      expect(await query(ownerUrl, 'select answer from pack_runs.kept')).toEqual([{ answer: 42 }]);
      child.kill('SIGKILL');
      await once(child, 'exit');
      fill();
      await expect(opened()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      expect(await processesIn(realpathSync(pgdata()))).toEqual([]);
      rmSync(join(folder, 'full'));
      const database = await opened();
      expect(await query(database.urls.ownerUrl, 'select answer from pack_runs.kept')).toEqual([{ answer: 42 }]);
      await database.close();
    } finally {
      for (const child of children) child.kill('SIGKILL');
      execFileSync('umount', ['-l', folder]);
    }
  });

  asRoot('is one on a full file system, and can be used when there is space', async () => {
    mkdirSync(folder);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      return console.log('skipped: this machine does not permit mounts');
    }
    try {
      await expect(opened()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
      execFileSync('mount', ['-o', 'remount,size=300m', folder]);
      const database = await opened();
      expect(await query(database.urls.webUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
      await database.close();
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
