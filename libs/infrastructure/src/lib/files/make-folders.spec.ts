import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolders, removeMadeFolders } from './make-folders';

describe('a folder with its parents', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'folders-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is created, and the first new one is named', async () => {
    expect(await makeFolders(join(root, 'a/b/c'), { mode: 0o700 })).toBe(join(root, 'a'));
    expect(statSync(join(root, 'a/b')).mode & 0o777).toBe(0o700);
    expect(await makeFolders(join(root, 'a/b/c'))).toBeUndefined();
    expect(await makeFolders(join(root, 'a/b/d/'))).toBe(join(root, 'a/b/d'));
  });

  it('is deleted with the parents that were new, unless something is in it', async () => {
    const path = join(root, 'a/b/c');
    await removeMadeFolders(path, await makeFolders(path));
    expect(existsSync(join(root, 'a'))).toBe(false);
    const first = await makeFolders(path);
    writeFileSync(join(root, 'a/b/file'), '');
    await removeMadeFolders(path, first);
    expect([existsSync(path), existsSync(join(root, 'a/b/file'))]).toEqual([false, true]);
    await removeMadeFolders(root, undefined);
    expect(existsSync(root)).toBe(true);
  });

  it('may be a link to a folder, and is created once by several', async () => {
    symlinkSync(root, join(root, 'link'));
    expect(await makeFolders(join(root, 'link'))).toBeUndefined();
    await Promise.all(Array.from({ length: 8 }, () => makeFolders(join(root, 'x/y/z'))));
    expect(existsSync(join(root, 'x/y/z'))).toBe(true);
  });

  it('is refused where a file is in the way, and where nothing can be created', async () => {
    writeFileSync(join(root, 'file'), '');
    await expect(makeFolders(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolders(join(root, 'file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    // The recursive mkdir of Node.js does not end here.
    await expect(makeFolders('/proc/none/below')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
