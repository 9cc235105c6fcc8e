import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openExistingObjectStore, openObjectStore, type ObjectStoreChoice } from './open-object-store';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'taskrunner-store-'))));
afterEach(() => rmSync(folder, { recursive: true }));

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
