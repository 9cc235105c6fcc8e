import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderCalls } from './folder-calls';

const isRoot = process.getuid?.() === 0;
const owner = isRoot ? { uid: 65_534, gid: 65_534 } : null;

// The file system of `/proc` is none that workspaces are on, so that its calls do not block.
describe.each([
  ['synchronous', tmpdir()],
  ['asynchronous', '/proc'],
])('%s calls for folders', (_kind, place) => {
  let root: string;
  let calls: FolderCalls;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'folders-'));
    calls = await FolderCalls.of(place);
  });
  afterEach(() => rm(root, { recursive: true }));

  it('make private folders of an owner, and none twice', async () => {
    await calls.makeAll(join(root, 'a/b'));
    await calls.makeAll(join(root, 'a/b'));
    await calls.make(join(root, 'a/b/c'), owner);
    const { mode, uid } = await stat(join(root, 'a/b/c'));
    expect(mode & 0o777).toBe(0o700);
    if (isRoot) expect(uid).toBe(65_534);
    await expect(calls.make(join(root, 'a/b/c'), owner)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(calls.make(join(root, 'x/y'), owner)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('remove empty folders, and nothing else', async () => {
    await mkdir(join(root, 'full/empty'), { recursive: true });
    await writeFile(join(root, 'file'), '');
    await symlink(join(root, 'full/empty'), join(root, 'link'));
    const isThere = (name: string) => calls.isFolder(join(root, name));
    expect(await Promise.all(['full', 'file', 'link', 'none'].map(isThere))).toEqual([true, false, false, false]);
    const isRemoved = (name: string) => calls.removeEmpty(join(root, name));
    expect(await Promise.all(['file', 'link', 'none'].map(isRemoved))).toEqual([false, false, false]);
    expect([await isRemoved('full'), await isRemoved('full/empty'), await isRemoved('full')]).toEqual([
      false,
      true,
      true,
    ]);
    expect((await readdir(root)).sort()).toEqual(['file', 'link']);
  });
});
