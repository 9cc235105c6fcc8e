import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TenantId } from '@taskrunner/core/foundation';
import { sha256 } from '@taskrunner/core/canonical';
import { refusal } from './object-store-error';
import { StoreAdmission, WatchedObjectStore } from './watched-object-store';
import { foreignStore, openExistingObjectStore, openObjectStore, type ObjectStoreChoice } from './open-object-store';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'taskrunner-store-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const database = { folder: '/srv/storgae', host: null, name: 'taskrunner' };
const choice = (root: string) => ({ store: 'file', root }) as ObjectStoreChoice;

describe('a store that must be there already', () => {
  it.each([
    ['is not there', 'objects'],
    ['is an empty folder, as one that is not mounted', ''],
  ])('is refused where it %s, and nothing is made in its place', async (_, name) => {
    await expect(openExistingObjectStore(choice(join(folder, name)))).rejects.toMatchObject({
      code: 'OBJECT_STORE_UNAVAILABLE',
      remediation: expect.stringMatching(/^Mount the folder.*--objects copy/),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is opened where a service has made it', async () => {
    const root = join(folder, 'objects');
    await openObjectStore(choice(root));
    await expect(openExistingObjectStore(choice(root))).resolves.toBeDefined();
  });
});

describe('a store that is not used', () => {
  it.each([['new/deep/objects'], ['.']])('leaves nothing of its opening behind: %s', async (name) => {
    const store = await openObjectStore(choice(join(folder, name)));
    await store.identity()?.abandon?.();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps what was there before, and what was stored since', async () => {
    const root = join(folder, 'objects');
    const store = await openObjectStore(choice(root));
    await store.identity()?.write('a');
    await store.identity()?.abandon?.();
    const again = await openObjectStore(choice(root));
    expect(await again.identity()?.read()).toBe('a');
    await openObjectStore(choice(root));
    await again.identity()?.abandon?.();
    expect(readdirSync(root)).toContain('identity');
  });
});

describe('a store of another installation', () => {
  it('is named by the keys of the configuration', () => {
    const { message, remediation } = foreignStore(choice('/srv/objetcs'), 'empty', database);
    expect(message).toBe(
      'the store of artifacts.root /srv/objetcs is not the object store of this installation: it is empty',
    );
    expect(remediation).toMatch(/^Correct `artifacts\.root`, .*maintain adopt-store/);
    const s3 = { bucket: 'b', prefix: 'prod/', endpoint: 'http://127.0.0.1:9' } as ObjectStoreChoice['s3'];
    const inBucket = foreignStore({ store: 's3', root: '', s3 }, 'other', database);
    expect(inBucket.message).toBe(
      'the store of artifacts.s3.bucket b, artifacts.s3.prefix prod/ at http://127.0.0.1:9 is not the object store of this installation: it belongs to another installation',
    );
    expect(inBucket.remediation).toMatch(/artifacts\.s3\.bucket/);
  });

  it('that a new database would take is named with the database, and each way out', () => {
    const { message, remediation } = foreignStore(choice('/srv/objects'), 'taken', database);
    expect(message).toBe(
      'the store of artifacts.root /srv/objects is not the object store of this installation: it belongs to an installation, and the database of this one is new (database.folder /srv/storgae)',
    );
    expect(remediation).toMatch(/^Correct `database\.folder`, or .*maintain restore.*maintain adopt-store/);
    const onServer = foreignStore(choice('/srv/objects'), 'taken', { folder: null, host: 'db', name: 'tr' });
    expect(onServer.message).toMatch(/ \(database\.host db, database\.name tr\)$/);
  });
});

describe('a store that is compared later, because it is not available at the start', () => {
  it('is used by nobody until it is recognised, and its outage ends then', async () => {
    const said: (string | null)[] = [];
    let now = 0;
    const store = new WatchedObjectStore(await openObjectStore(choice(folder)), {
      ...{ bytes: 1, interval: 10, monotonicMs: () => (now += 1_000) },
      onChange: (outage) => void said.push(outage?.reason ?? null),
    });
    const away = refusal('OBJECT_STORE_UNAVAILABLE', 'it is not recognised');
    let isForeign = true;
    const admission = new StoreAdmission(store);
    admission.after(() => (isForeign ? Promise.reject(away) : Promise.resolve()));
    store.health.note(away);
    await store.health.check();
    await expect(store.stat('acme' as TenantId, sha256('x'))).rejects.toBe(away);
    expect([said, store.health.isAway]).toEqual([['it is not recognised'], true]);
    expect(await admission.identity()?.read()).toBeNull();
    isForeign = false;
    expect(await store.health.check()).toBeNull();
    expect(await store.stat('acme' as TenantId, sha256('x'))).toBeNull();
    expect(said).toEqual(['it is not recognised', null]);
    store.health.close();
  });
});
