import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@taskrunner/core/canonical';
import { compareStore } from '@taskrunner/core/operations';
import { MemoryObjects } from '@taskrunner/core/testing';
import { CronerCalendar } from '../../calendar/croner-calendar';
import { startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres';
import { FileObjectStore } from '../../object-store/file-object-store';
import { tenantA } from '../testing/builders';
import { startTestServer, type TestDatabase, type TestServer } from '../testing/test-database';
import { adoptObjectStore } from './adopt-store';
import { backUpDatabase } from './backup-database';
import { restoreDatabase } from './restore-database';

let host: TestServer;
let database: TestDatabase;
let home: string;
let store: FileObjectStore;

beforeAll(async () => {
  host = await startTestServer(startEmbeddedPostgres);
});
afterAll(() => host.stop());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'taskrunner-adopt-'));
  database = await host.database();
  store = await FileObjectStore.open(join(home, 'objects'));
});
afterEach(async () => {
  await database.close();
  await rm(home, { recursive: true });
});

/** What a service with this store finds when it starts. */
async function started(objects: FileObjectStore, role: 'web' | 'worker' = 'web', of = database) {
  const { storeRecords: records } = await of[role]();
  let made = 0;
  return compareStore({ records, identity: objects.identity(), newId: () => `id-${++made}` });
}
const anArtifact = () =>
  database.sql(
    `insert into pack_artifacts.artifacts (tenant_id, run_id, step, execution, name, path, digest, size, media_type, created_ms)
     values ($1, gen_random_uuid(), 's', 1, 'a', 'a', $2, 1, 'text/plain', 0)`,
    [tenantA, sha256('lost')],
  );
const stored = () => database.sql('select id, written from pack_artifacts.object_store');

describe('the object store of an installation', () => {
  it('is the one of its first start, for both services, and no other', async () => {
    expect(await started(store)).toBeNull();
    expect(await stored()).toEqual([{ id: 'id-1', written: true }]);
    expect(await started(store, 'worker')).toBeNull();
    const other = await FileObjectStore.open(join(home, 'objetcs'));
    expect([await started(other), await started(other, 'worker')]).toEqual(['empty', 'empty']);
    await other.identity().write('of others');
    expect(await started(other)).toBe('other');
    expect(await stored()).toEqual([{ id: 'id-1', written: true }]);
  });

  it('is not an empty folder if rows name objects, also before an id was recorded', async () => {
    await anArtifact();
    expect([await started(store), await started(store, 'worker'), await stored()]).toEqual(['empty', 'empty', []]);
  });

  it('is another one after somebody has said so, with the objects that it lacks', async () => {
    await anArtifact();
    const { id, absent } = await adoptObjectStore(database.url('maintain'), store);
    expect(absent).toEqual([
      { tenant: tenantA, run: expect.any(String) as string, digest: sha256('lost'), what: 'missing' },
    ]);
    expect([await store.identity().read(), await stored()]).toEqual([id, [{ id, written: true }]]);
    expect([await started(store), await started(store, 'worker')]).toEqual([null, null]);
    // A store without an id leaves the record as it is.
    expect(await adoptObjectStore(database.url('maintain'), new MemoryObjects())).toMatchObject({ id: null });
    expect(await stored()).toEqual([{ id, written: true }]);
  });

  it('is not taken by a new database, unless somebody says so, and then the first installation is refused', async () => {
    expect(await started(store)).toBeNull();
    const lost = await host.database();
    expect([await started(store, 'web', lost), await started(store, 'worker', lost)]).toEqual(['taken', 'taken']);
    expect(await lost.sql('select id from pack_artifacts.object_store')).toEqual([]);
    expect(await started(store)).toBeNull();
    const { id } = await adoptObjectStore(lost.url('maintain'), store);
    expect(await store.identity().read()).toBe(id);
    expect([await started(store, 'worker', lost), await started(store)]).toEqual([null, 'other']);
    // A second call changes nothing.
    expect(await adoptObjectStore(lost.url('maintain'), store)).toMatchObject({ id });
    await lost.close();
  });

  it('cannot be replaced by a service', async () => {
    const { storeRecords } = await database.worker();
    expect(await storeRecords.keep('first', true)).toBe('first');
    expect(await storeRecords.keep('second', true)).toBe('first');
  });

  it('of a restored database is the one that it was restored with', async () => {
    expect(await started(store)).toBeNull();
    const folder = join(home, 'backup');
    await backUpDatabase(database.url('maintain'), { folder, product: '0', objects: store, copyObjects: true });
    const target = await host.database();
    const fresh = await FileObjectStore.open(join(home, 'fresh'));
    await restoreDatabase(target.url('maintain'), {
      ...{ folder, objects: fresh, mode: 'copy', keys: [], keysMode: 'report' },
      ...{ calendar: new CronerCalendar(), expected: null },
    });
    expect([await started(fresh, 'web', target), await started(store, 'web', target)]).toEqual([null, 'other']);
    await target.close();
  });
});
