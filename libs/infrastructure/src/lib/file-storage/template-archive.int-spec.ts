import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgresError } from '../embedded-postgres';
import { openFolderDatabase, type FolderDatabase } from './folder-database';
import { packTemplate } from './template-archive';

let archives: string;
let archive: string;
let parent: string;
let lines: string[];
const open = new Set<FolderDatabase>();

/** The server's account must be able to enter it. Otherwise the data would be placed elsewhere. */
function accessibleFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'archive-'));
  chmodSync(path, 0o755);
  return path;
}

beforeAll(async () => {
  // As an installation of root, which the account of the server cannot read.
  archives = mkdtempSync(join(tmpdir(), 'archive-'));
  archive = await packTemplate(archives);
}, 60_000);
afterAll(() => rmSync(archives, { recursive: true, force: true }));

beforeEach(() => {
  parent = accessibleFolder();
  lines = [];
});
afterEach(async () => {
  for (const database of open) await database.close();
  open.clear();
  rmSync(parent, { recursive: true, force: true });
});

async function opened(name: string): Promise<FolderDatabase> {
  const database = await openFolderDatabase(join(parent, name), {
    ...{ cache: join(parent, 'cache'), archives, fsync: false, sharedDirectory: join(parent, 'shared') },
    log: (line) => lines.push(line),
  });
  open.add(database);
  return database;
}

async function rowsOf(url: string, text: string): Promise<readonly object[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(text)).rows;
  } finally {
    await client.end();
  }
}

const passwordIn = (name: string): string => readFileSync(join(parent, name, 'database/password'), 'utf8').trim();

it('is what a database begins with, until the template of the next ones is made of it', async () => {
  const first = await opened('first');
  expect(first.isNew).toBe(true);
  expect(await rowsOf(first.urls.ownerUrl, 'select count(*)::int as runs from pack_runs.runs')).toEqual([{ runs: 0 }]);
  expect(await rowsOf(first.urls.ownerUrl, 'select datname as name from pg_database')).toEqual([
    { name: 'taskrunner' },
  ]);
  // Neither initdb nor a migration was waited for.
  expect(existsSync(join(parent, 'cache'))).toBe(false);
  expect(readdirSync(join(parent, 'first/database/pgdata'))).not.toContain('password');

  // Where it is the only one, no template is needed.
  await first.prepareNext();
  expect(readdirSync(join(parent, 'cache'))).toEqual([]);
  const second = await opened('second');
  await second.prepareNext();
  expect(lines.filter((line) => /not used|no copy/.test(line))).toEqual([]);
  const [template = ''] = readdirSync(join(parent, 'cache')).filter((name) => name.startsWith('database-'));
  expect(readdirSync(join(parent, 'cache', template)).sort()).toEqual(['password', 'pgdata', 'spare']);
  const { ino } = statSync(join(parent, 'cache', template, 'spare/global/pg_control'));
  const third = await opened('third');
  expect(statSync(join(parent, 'third/database/pgdata/global/pg_control')).ino).toBe(ino);
  expect(await rowsOf(third.urls.workerUrl, 'select count(*)::int as n from pack_runs.workers')).toEqual([{ n: 0 }]);
});

it('has a password that is valid in no database', async () => {
  const first = await opened('first');
  await first.prepareNext();
  await (await opened('second')).prepareNext();
  const [template = ''] = readdirSync(join(parent, 'cache')).filter((name) => name.startsWith('database-'));
  const packed = readFileSync(join(parent, 'cache', template, 'password'), 'utf8').trim();
  expect(new Set([packed, passwordIn('first'), passwordIn('second')]).size).toBe(3);
  const url = new URL(first.urls.webUrl);
  url.username = 'postgres';
  url.password = packed;
  await expect(rowsOf(url.href, 'select 1')).rejects.toThrow(/password authentication failed/);
});

it('is refused if it is damaged, and nothing of it stays', async () => {
  const whole = readFileSync(archive);
  writeFileSync(archive, whole.subarray(0, whole.length / 2));
  try {
    const refused = await opened('first').catch((error: unknown) => error);
    expect(EmbeddedPostgresError.is(refused) && refused.code).toBe('DATABASE_START_FAILED');
    expect((refused as Error).message).toContain(`${archive} cannot be unpacked`);
    expect(existsSync(join(parent, 'first/database/pgdata'))).toBe(false);
  } finally {
    writeFileSync(archive, whole);
  }
  expect((await opened('first')).isNew).toBe(true);
});

it('is packed once, and replaces those of other releases', async () => {
  const { mtimeMs } = statSync(archive);
  writeFileSync(join(archives, 'database-18.3-0123456789ab-linux-x64.tgz'), '');
  expect(await packTemplate(archives)).toBe(archive);
  expect([statSync(archive).mtimeMs, readdirSync(archives).length]).toEqual([mtimeMs, 1]);
});
