import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryObjects } from '@taskrunner/core/testing';
import { Client } from 'pg';
import { CronerCalendar } from '../calendar/croner-calendar';
import { discardDatabase } from '../embedded-postgres';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { openWebDatabase } from '../postgres/databases';
import { submit, tenantA, tenantB } from '../postgres/testing/builders';
import { startTestServer, type TestDatabase, type TestServer } from '../postgres/testing/test-database';
import { openFolderDatabase } from './folder-database';
import { importFolder } from './import-folder';
import { settingsOfOneProcess } from './server-settings';

let host: TestServer;
let target: TestDatabase;
let parent: string;
let folder: string;
const objects = new MemoryObjects();

beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
  parent = mkdtempSync(join(tmpdir(), 'import-'));
  // The account of a server that root starts traverses it.
  chmodSync(parent, 0o711);
  folder = join(parent, 'storage');
  const source = await openFolderDatabase(folder, { fsync: false });
  const web = await openWebDatabase(source.urls.webUrl, { allowLoss: true });
  for (const tenant of [tenantA, tenantB]) await submit(web.runStore, { tenant });
  await web.close();
  await source.close();
});
afterAll(async () => {
  await discardDatabase(join(folder, 'database'));
  rmSync(parent, { recursive: true, force: true });
  await host.stop();
});
beforeEach(async () => {
  target = await host.database();
});

const imported = (from = folder) =>
  importFolder(target.url('maintain'), {
    ...{ from, fromObjects: null, objects, product: '0.1.0', keys: [] },
    calendar: new CronerCalendar(),
  });
const state = () => (JSON.parse(readFileSync(join(folder, 'storage.json'), 'utf8')) as { state: string }).state;
const runs = () => target.sql('select run_id from pack_runs.runs');
/** Changes the stopped folder as the administrator of its server. */
async function altered(text: string): Promise<void> {
  const settings = settingsOfOneProcess(10);
  const server = await startEmbeddedPostgres({ dataDirectory: join(folder, 'database'), listen: 'socket', settings });
  const client = new Client({ connectionString: server.url(undefined, 'taskrunner') });
  await client.connect();
  await client.query(text);
  await client.end();
  await server.stop();
}

// In this order on one folder, which each of them leaves as it was. The last one moves it.
describe('an import of a storage folder', () => {
  it('is refused while a process holds the folder, and names the process', async () => {
    const source = await openFolderDatabase(folder, { fsync: false });
    const message = expect.stringContaining(`process ${process.pid}`) as string;
    await expect(imported()).rejects.toMatchObject({ code: 'STORAGE_HELD', message });
    await source.close();
    expect([state(), await runs()]).toEqual(['ready', []]);
  });

  it('is refused without a database, and creates none', async () => {
    for (const path of [join(parent, 'nothing'), parent])
      await expect(imported(path)).rejects.toMatchObject({ code: 'STORAGE_FOREIGN' });
    expect(existsSync(join(parent, 'nothing'))).toBe(false);
  });

  it('is refused by a target that has rows, or is of another release', async () => {
    const web = await target.web();
    await submit(web.runStore, { tenant: tenantA });
    await expect(imported()).rejects.toMatchObject({
      code: 'RESTORE_NOT_EMPTY',
      remediation: expect.stringMatching(/^Import into a new database/) as string,
    });
    target = await host.database('empty');
    await expect(imported()).rejects.toMatchObject({ code: 'BACKUP_SCHEMA' });
    target = await host.database();
    await target.sql(`insert into pack_runs.migrations (timestamp, name) values (9, 'OfTomorrow')`);
    await expect(imported()).rejects.toMatchObject({ code: 'BACKUP_SCHEMA' });
    expect(state()).toBe('ready');
  });

  it('is refused if the folder is of another release, and migrates nothing', async () => {
    await altered(`insert into pack_runs.migrations (timestamp, name) values (9, 'OfTomorrow')`);
    const remediation = expect.stringContaining('taskrunner serve') as string;
    await expect(imported()).rejects.toMatchObject({ code: 'BACKUP_SCHEMA', remediation });
    expect([state(), await runs(), readdirSync(parent)]).toEqual(['ready', [], ['storage']]);
    await altered(`delete from pack_runs.migrations where name = 'OfTomorrow'`);
  });

  it('arrives whole, and nobody goes on with the folder', async () => {
    // An import that was killed.
    writeFileSync(join(folder, 'storage.json'), JSON.stringify({ format: 'taskrunner.storage.v1', state: 'moving' }));
    await expect(openFolderDatabase(folder)).rejects.toMatchObject({
      code: 'STORAGE_MOVED',
      message: expect.stringContaining('was interrupted') as string,
    });
    const done = await imported();
    expect([done.goingOn, done.standing, done.skipped]).toEqual([2, [], 0]);
    expect(done.rows).toBeGreaterThan(10);
    expect([state(), (await runs()).length, readdirSync(parent)]).toEqual(['moved', 2, ['storage']]);
    await expect(openFolderDatabase(folder)).rejects.toMatchObject({ code: 'STORAGE_MOVED' });
    // The target has its rows now, which is not the reason.
    await expect(imported()).rejects.toMatchObject({ code: 'STORAGE_MOVED' });
    target = await host.database();
    await expect(imported()).rejects.toMatchObject({ code: 'STORAGE_MOVED' });
  });
});
