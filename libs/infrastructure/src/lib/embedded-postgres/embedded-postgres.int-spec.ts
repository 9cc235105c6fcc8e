import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { startEmbeddedPostgres } from './embedded-postgres';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded-postgres';
import { copyNativeTree } from './native-tree';
import { chooseAccount, spawnOptions } from './os-account';
import { isAlive, processesIn } from './process-table';
import { findPrograms } from './server-programs';

const root = process.getuid?.() === 0;
const asRoot = root ? it : it.skip;
const old = '/usr/lib/postgresql/15/bin';

/** For tests that need a database but do not test its creation. In `npm test` it is a copy; otherwise it is created too. */
const made = process.env['TASKRUNNER_TEST_CLUSTER'];
const any: Partial<EmbeddedPostgresOptions> = made === undefined ? {} : { copyOf: made };

let folder: string;
let dataDirectory: string;
const running = new Set<EmbeddedPostgres>();

beforeEach(() => {
  folder = mkdtempSync(join(made === undefined ? tmpdir() : dirname(made), 'embedded-'));
  chmodSync(folder, 0o755);
  dataDirectory = join(folder, 'database');
});

afterEach(async () => {
  for (const database of running) await database.stop();
  running.clear();
  rmSync(folder, { recursive: true, force: true });
});

async function started(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const database = await startEmbeddedPostgres({
    dataDirectory,
    fsync: false,
    sharedDirectory: join(folder, 'shared'),
    ...options,
  });
  running.add(database);
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

describe('the embedded database', () => {
  it('starts, answers, stops, and keeps its data over a restart that recovers nothing', async () => {
    const first = await started(any);
    await query(first.url(), 'create table kept as select 42 as answer');
    await first.stop();
    await first.stop();
    expect(await isAlive(first.pid)).toBe(false);
    await expect(query(first.url(), 'select 1')).rejects.toThrow();

    const lines: string[] = [];
    const second = await started({ log: (line) => lines.push(line) });
    expect(await query(second.url(), 'select * from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
    expect(lines).toContainEqual(expect.stringContaining('database system was shut down at'));
    expect(lines).not.toContainEqual(expect.stringContaining('recovery'));
  });

  it('is UTF-8 with byte order, durable unless told otherwise, and listens on loopback only', async () => {
    const database = await started({ fsync: true, settings: { work_mem: '8MB' } });
    const [row] = await query(
      database.url(),
      `select current_setting('server_encoding') encoding, current_setting('fsync') fsync,
              current_setting('synchronous_commit') commit, current_setting('full_page_writes') pages,
              current_setting('listen_addresses') addresses, current_setting('unix_socket_directories') sockets,
              current_setting('data_checksums') checksums, current_setting('timezone') zone, 'Z' < 'a' as bytes,
              current_setting('work_mem') memory`,
    );
    expect(row).toEqual({
      encoding: 'UTF8',
      fsync: 'on',
      commit: 'on',
      pages: 'on',
      addresses: '127.0.0.1',
      sockets: '',
      checksums: 'on',
      zone: 'UTC',
      bytes: true,
      memory: '8MB',
    });
  });

  it('lets nobody in without a password, and gives each role its own', async () => {
    const database = await started();
    const bare = new URL(database.url());
    bare.password = 'guess';
    await expect(query(bare.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    await query(database.url(), `create role web login password '${database.passwordOf('web')}'`);
    expect(await query(database.url('web'), 'select current_user as me')).toEqual([{ me: 'web' }]);
    expect(database.passwordOf('web')).not.toBe(database.passwordOf('worker'));
    const file = join(dataDirectory, 'password');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').trim()).toBe(database.passwordOf('postgres'));
    expect(statSync(database.pgdata).mode & 0o777).toBe(0o700);
  });

  it('refuses a directory that a living process has started, and frees it when the server dies', async () => {
    const database = await started({ ...any, fsync: true });
    await query(database.url(), 'create table kept as select 1 as answer');
    await expect(started()).rejects.toMatchObject({ code: 'DATABASE_IN_USE' });
    process.kill(database.pid, 'SIGKILL');
    expect(await database.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const again = await started();
    expect(await query(again.url(), 'select answer from kept')).toEqual([{ answer: 1 }]);
  });

  it('begins as a copy of another database, and has the data and the passwords of its own from then on', async () => {
    const original = await started(any);
    await query(original.url(), 'create table kept as select 1 as answer');
    await original.stop();
    const beginning = { dataDirectory: join(folder, 'copy'), copyOf: dataDirectory };
    const copy = await started(beginning);
    expect(copy.passwordOf('web')).toBe(original.passwordOf('web'));
    await query(copy.url(), 'update kept set answer = 2');
    await copy.stop();
    const again = await started(beginning);
    expect(await query(again.url(), 'select answer from kept')).toEqual([{ answer: 2 }]);
    expect(await query((await started()).url(), 'select answer from kept')).toEqual([{ answer: 1 }]);
  });

  it('does not begin empty where there is nothing to copy', async () => {
    const copyOf = join(folder, 'nowhere');
    await expect(started({ copyOf })).rejects.toMatchObject({ code: 'DATABASE_START_FAILED' });
    expect(existsSync(join(dataDirectory, 'pgdata'))).toBe(false);
  });

  it('lets only one of many simultaneous starts have the directory', async () => {
    const starts = await Promise.allSettled([1, 2, 3, 4].map(() => started(any)));
    const refused = starts.filter((start) => start.status === 'rejected');
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).toEqual(Array(3).fill('DATABASE_IN_USE'));
  });

  it('hands over the log of the server', async () => {
    const lines: string[] = [];
    const database = await started({ ...any, log: (line) => lines.push(line) });
    await query(database.url(), `do $$ begin raise warning 'seen from outside'; end $$`);
    await database.stop();
    expect(lines.join('\n')).toContain('seen from outside');
    expect(lines.join('\n')).toContain('database system is shut down');
  });

  it('tells what the server said when it refuses to start, and can be started after that', async () => {
    await expect(started({ ...any, settings: { shared_buffers: 'plenty' } })).rejects.toMatchObject({
      code: 'DATABASE_START_FAILED',
      message: expect.stringContaining('invalid value for parameter "shared_buffers"') as string,
      remediation: expect.stringContaining('server.log') as string,
    });
    await started();
  });

  it('tells that a port is taken', async () => {
    const other = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(started({ ...any, port })).rejects.toMatchObject({
      code: 'DATABASE_START_FAILED',
      remediation: expect.stringContaining(`port ${port} is in use`) as string,
    });
    other.close();
    await once(other, 'close');
    expect((await started({ port })).port).toBe(port);
  });

  it('does not begin anew where the password is lost', async () => {
    const database = await started(any);
    await database.stop();
    rmSync(join(dataDirectory, 'password'));
    await expect(started()).rejects.toMatchObject({ code: 'DATABASE_START_FAILED' });
    writeFileSync(join(dataDirectory, 'password'), 'another');
    await expect(started()).rejects.toThrow(/password authentication failed/);
  });
});

describe('a server that outlived its parent', () => {
  async function orphan(): Promise<{ pid: number; port: number; pgdata: string }> {
    const options = { ...any, dataDirectory, fsync: false, sharedDirectory: join(folder, 'shared') };
    const parent = spawn(process.execPath, [join(__dirname, 'testing/parent-process.cjs'), JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    return JSON.parse(line) as { pid: number; port: number; pgdata: string };
  }

  it('runs on after SIGKILL of the parent, and is stopped by the next start', async () => {
    const left = await orphan();
    expect(await isAlive(left.pid)).toBe(true);
    expect(await processesIn(left.pgdata)).toContain(left.pid);
    const lines: string[] = [];
    const database = await started({ log: (line) => lines.push(line) });
    expect(await isAlive(left.pid)).toBe(false);
    expect(database.pid).not.toBe(left.pid);
    expect(lines).toContain(`stopping PostgreSQL ${left.pid}, which outlived its parent`);
    expect(await query(database.url(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is recognised by its data directory: a stranger with the noted process id is left alone', async () => {
    const database = await started(any);
    await database.stop();
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    const lines = [stranger.pid, database.pgdata, 1, database.port, '', '127.0.0.1', '', 'ready'];
    writeFileSync(join(database.pgdata, 'postmaster.pid'), lines.join('\n'));
    await started();
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill();
    await once(stranger, 'exit');
  });

  it('may have ended without being collected by its parent, as in a container', async () => {
    const database = await started(any);
    await database.stop();
    // The second sleep takes the place of the shell, and does not collect the first one.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      ...spawnOptions(await chooseAccount()),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
    const pid = Number(line);
    for (const end = Date.now() + 30_000; (await isAlive(pid)) && Date.now() < end;)
      await new Promise((go) => setTimeout(go, 20));
    const lines = [pid, database.pgdata, 1, database.port, '', '127.0.0.1', '', 'ready'];
    writeFileSync(join(database.pgdata, 'postmaster.pid'), lines.join('\n'));
    await started();
    parent.kill();
    await once(parent, 'exit');
  });

  it('is stopped when a process ends without stopping it', async () => {
    const options = { ...any, dataDirectory, fsync: false, sharedDirectory: join(folder, 'shared') };
    const script = `process.argv[2] = process.argv[1]; require(${JSON.stringify(join(__dirname, 'testing/parent-process.cjs'))});
      console.log = (line) => { process.stdout.write(line + '\\n', () => process.exit(0)); };`;
    const parent = spawn(process.execPath, ['-e', script, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
    await once(parent, 'exit');
    const { pid } = JSON.parse(line) as { pid: number };
    for (const end = Date.now() + 30_000; (await isAlive(pid)) && Date.now() < end;)
      await new Promise((go) => setTimeout(go, 20));
    expect(await isAlive(pid)).toBe(false);
  });
});

describe('started by root', () => {
  asRoot('runs under an unprivileged account', async () => {
    const database = await started(any);
    const account = await chooseAccount();
    expect(statSync(database.pgdata).uid).toBe(account?.uid);
    expect(readFileSync(`/proc/${database.pid}/status`, 'utf8')).toMatch(new RegExp(`Uid:\\s+${account?.uid}\\b`));
  });

  asRoot('puts the data elsewhere when the folder asked for lies below a private one, and finds it again', async () => {
    const hidden = join(folder, 'private');
    mkdirSync(hidden, { mode: 0o700 });
    dataDirectory = join(hidden, 'database');
    const first = await started(any);
    expect(first.pgdata.startsWith(join(folder, 'shared'))).toBe(true);
    expect(join(readFileSync(join(dataDirectory, 'location'), 'utf8').trim(), 'pgdata')).toBe(first.pgdata);
    expect(existsSync(join(dataDirectory, 'password'))).toBe(true);
    await query(first.url(), 'create table kept as select 1 as answer');
    await first.stop();
    const second = await started();
    expect(second.pgdata).toBe(first.pgdata);
    expect(await query(second.url(), 'select answer from kept')).toEqual([{ answer: 1 }]);
    await second.stop();
    rmSync(second.pgdata, { recursive: true });
    rmSync(join(second.pgdata, '..'), { recursive: true });
    await expect(started()).rejects.toThrow(/does not exist/);
  });

  asRoot('leaves nothing of a temporary database, here or there', async () => {
    const hidden = join(folder, 'private');
    mkdirSync(hidden, { mode: 0o700 });
    dataDirectory = join(hidden, 'database');
    const lines: string[] = [];
    const database = await started({ ...any, temporary: true, log: (line) => lines.push(line) });
    expect(lines).toContain(
      `${(await chooseAccount())?.name} cannot enter ${dataDirectory}: data is in ${join(database.pgdata, '..')}`,
    );
    await database.stop();
    expect([existsSync(dataDirectory), readdirSync(join(folder, 'shared'))]).toEqual([false, []]);
  });

  asRoot('refuses, and does not begin anew, when data that was there can no longer be reached', async () => {
    const database = await started(any);
    await database.stop();
    chmodSync(folder, 0o700);
    await expect(started()).rejects.toThrow(/cannot enter/);
    chmodSync(folder, 0o755);
  });

  asRoot('copies the programs out of a private folder, once, and runs the copy', async () => {
    const programs = await findPrograms({ account: undefined, shared: () => Promise.reject(new Error('not needed')) });
    const native = join(programs.binDirectory, '..');
    if (!existsSync(join(native, 'pg-symlinks.json'))) return console.log('skipped: no npm package of PostgreSQL here');
    // A package as an installation without scripts leaves it: readable only for its owner, without symlinks of libraries.
    const installed = join(folder, 'node_modules/native');
    cpSync(native, installed, { recursive: true, filter: (file) => !/\.so(\.\d+)?$/.test(file) || !isLink(file) });
    cpSync(join(native, '../package.json'), join(folder, 'node_modules/package.json'));
    chmodSync(join(folder, 'node_modules'), 0o700);
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    const [copy, same] = await Promise.all([copyNativeTree(installed, shared), copyNativeTree(installed, shared)]);
    expect(same).toBe(copy);
    await expect(started({ binDirectory: join(installed, 'bin') })).rejects.toMatchObject({
      code: 'DATABASE_BINARIES_MISSING',
    });
    const database = await started({ ...any, binDirectory: join(copy, 'bin') });
    expect(await query(database.url(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

function isLink(file: string): boolean {
  return existsSync(file) && lstatSync(file).isSymbolicLink();
}

(existsSync(old) ? describe : describe.skip)('a PostgreSQL of the system', () => {
  it('serves where the package is absent, and owns its data: another major version is refused or found', async () => {
    const first = await started({ binDirectory: old });
    expect(first.major).toBe(15);
    expect(await query(first.url(), `select current_setting('data_checksums') as sums`)).toEqual([{ sums: 'on' }]);
    await first.stop();
    const found = await started();
    expect(found.major).toBe(15);
    await found.stop();
    rmSync(dataDirectory, { recursive: true });
    const newest = await started(any);
    await newest.stop();
    if (newest.major === 15) return;
    await expect(started({ binDirectory: old })).rejects.toMatchObject({ code: 'DATABASE_VERSION_MISMATCH' });
  });
});
