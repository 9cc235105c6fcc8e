import { execFileSync } from 'node:child_process';
import {
  link,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { sha256 } from '@taskrunner/core/canonical';
import type { Digest, TenantId } from '@taskrunner/core/foundation';
import type { Staging } from '@taskrunner/core/ports';
import { objectStoreContract } from '@taskrunner/core/testing';
import { throwStoreError } from './durable-files';
import { FileObjectStore } from './file-object-store';

const tenant = 'acme' as TenantId;
const utf8 = (text: string) => new TextEncoder().encode(text);

async function bench() {
  const root = await mkdtemp(join(tmpdir(), 'objects-'));
  const pathOf = (owner: TenantId, digest: Digest) =>
    join(root, 't', owner, 'sha256', digest.slice(7, 9), digest.slice(7));
  return {
    root,
    pathOf,
    store: await FileObjectStore.open(root),
    elsewhere: await FileObjectStore.open(root),
    ripen: async () => {
      for (const entry of await readdir(join(root, 't'), { recursive: true, withFileTypes: true }))
        if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), 1, 1);
    },
    corrupt: async (owner: TenantId, digest: Digest) => {
      const bytes = await readFile(pathOf(owner, digest));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await writeFile(pathOf(owner, digest), Uint8Array.from(bytes));
    },
    close: () => rm(root, { recursive: true }),
  };
}

describe('FileObjectStore keeps the contract of object stores', () => {
  it.each(objectStoreContract(bench))('$name', ({ run }) => run());
});

describe('FileObjectStore', () => {
  it('shows nothing and stages everything until the content is complete', async () => {
    const { root, store, close } = await bench();
    let during: string[] = [];
    const content = async function* () {
      yield utf8('half');
      during = (await readdir(root)).sort();
      yield utf8(' and half');
    };
    await store.put(tenant, content(), { maxBytes: 100 });
    expect(during).toEqual(['condemned', 'staging']);
    expect(await readdir(join(root, 'staging'))).toEqual([]);
    await close();
  });

  it('sweeps what was left behind, and only that', async () => {
    const { root, store, close } = await bench();
    const old = join(root, 'staging', 'old');
    await writeFile(old, 'x');
    await utimes(old, 1, 1);
    await writeFile(join(root, 'staging', 'young'), 'x');
    expect(await store.sweep(60_000)).toBe(1);
    expect(await readdir(join(root, 'staging'))).toEqual(['young']);
    await close();
  });

  it('leaves a folder that is being filled to who fills it, and sweeps one that was left', async () => {
    const { root, store, close } = await bench();
    const [used, left] = [await stagingOf(store), await stagingOf(store)];
    await writeFile(join(used.folder, '0'), 'x');
    await writeFile(join(left.folder, '0'), 'x');
    for (const path of [used.folder, join(left.folder, '0'), left.folder]) await utimes(path, 1, 1);
    expect(await store.sweep(60_000)).toBe(1);
    expect(await readdir(used.folder)).toEqual(['0']);
    await utimes(left.folder, 1, 1);
    expect(await store.sweep(60_000)).toBe(0);
    expect(await readdir(join(root, 'staging'))).toEqual([basename(used.folder)]);
    await close();
  });

  it('finds an object that was cut short', async () => {
    const { store, pathOf, close } = await bench();
    const { digest } = await store.put(tenant, pieces('abcdef'), { maxBytes: 100 });
    await writeFile(pathOf(tenant, digest), 'abc');
    await expect(drain(await store.open(tenant, digest))).rejects.toMatchObject({
      code: 'OBJECT_DIGEST_MISMATCH',
      message: `the stored bytes of ${digest} were altered`,
    });
    await store.put(tenant, pieces('abcdef'), { maxBytes: 100 });
    expect(await drain(await store.open(tenant, digest))).toBe('abcdef');
    await close();
  });
});

describe('a folder of objects that is not there', () => {
  const content = () => pieces('abcdef');
  const digest = sha256(utf8('abcdef'));
  const uses: Readonly<Record<string, (store: FileObjectStore) => Promise<unknown>>> = {
    'a put': (store) => store.put(tenant, content(), { maxBytes: 100 }),
    'a read': async (store) => drain(await store.open(tenant, digest)),
    'a read of what was never stored': async (store) => drain(await store.open(tenant, sha256('never'))),
    'a look': (store) => store.stat(tenant, digest),
    'a removal': (store) => store.delete(tenant, digest),
    'a folder for others': (store) => store.stage(null),
    'a probe': (store) => store.probe(1_000),
    'a sweep': (store) => store.sweep(0),
    'a collection': (store) => store.collect(tenant, digest, 1_000),
    'a list of tenants': (store) => store.tenants(),
  };

  it.each(Object.entries(uses))('is away for %s, and is not made anew', async (_what, use) => {
    const { root, store, close } = await bench();
    await store.put(tenant, content(), { maxBytes: 100 });
    await rename(root, `${root}.away`);
    await expect(use(store)).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
    // An empty folder in place of a mounted one is not a store either.
    await mkdir(root);
    await expect(use(store)).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
    expect(await readdir(root)).toEqual([]);
    await rename(`${root}.away`, root);
    expect(await drain(await store.open(tenant, digest))).toBe('abcdef');
    await close();
  });

  it('is away in the middle of a put, and of a read', async () => {
    const { root, store, close } = await bench();
    const moving = async function* () {
      yield utf8('abc');
      await rename(root, `${root}.away`);
      yield utf8('def');
    };
    const put = store.put(tenant, moving(), { maxBytes: 100 });
    await expect(put).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
    await rename(`${root}.away`, root);
    await store.put(tenant, content(), { maxBytes: 100 });
    const read = await store.open(tenant, digest);
    await rename(root, `${root}.away`);
    await expect(drain(read)).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
    await rename(`${root}.away`, root);
    await close();
  });

  it('leaves nothing of a probe behind', async () => {
    const { root, store, close } = await bench();
    await store.probe(100_000);
    expect(await readdir(join(root, 'staging'))).toEqual([]);
    expect(await readdir(root)).toEqual(['condemned', 'staging']);
    await close();
  });
});

describe('an error of the file system', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'ESTALE'])(
    '(%s) is an outage, with its cause',
    (code) => {
      const cause = Object.assign(new Error(`${code}: told by the kernel`), { code });
      expect(() => throwStoreError(cause)).toThrow(
        expect.objectContaining({ code: 'OBJECT_STORE_UNAVAILABLE', cause }),
      );
    },
  );

  it('that says nothing of the folder is thrown on', () => {
    const cause = Object.assign(new Error('EINVAL'), { code: 'EINVAL' });
    expect(() => throwStoreError(cause)).toThrow(cause);
  });
});

describe('a folder that another process fills', () => {
  const digest = sha256(utf8('laid'));
  const stored = { name: '0', digest, size: 4 };

  it('gives its files to the store, as if they had been put', async () => {
    const { root, store, elsewhere, pathOf, close } = await bench();
    const staging = await stagingOf(store);
    for (const name of ['0', '1']) {
      await writeFile(join(staging.folder, name), 'laid', { mode: 0o666 });
      await staging.adopt(tenant, { ...stored, name });
      expect(await drain(await elsewhere.open(tenant, digest))).toBe('laid');
      expect((await stat(pathOf(tenant, digest))).mode & 0o777).toBe(0o600);
    }
    await writeFile(join(staging.folder, '2'), 'not wanted');
    await staging.close();
    expect(await readdir(join(root, 'staging'))).toEqual([]);
    await close();
  });

  it.each<[string, (path: string, outside: string) => Promise<unknown>]>([
    ['a link', (path, outside) => symlink(outside, path)],
    ['a second name of a file', (path, outside) => link(outside, path)],
    ['a folder', (path) => mkdir(path)],
    ['a FIFO', async (path) => execFileSync('mkfifo', [path])],
    ['a file of another size', (path) => writeFile(path, 'laid wrong')],
  ])('gives it no %s', async (_what, make) => {
    const { root, store, close } = await bench();
    const outside = join(root, 'outside');
    await writeFile(outside, 'laid', { mode: 0o640 });
    const staging = await stagingOf(store);
    await make(join(staging.folder, '0'), outside);
    await expect(staging.adopt(tenant, stored)).rejects.toMatchObject({ code: 'OBJECT_DIGEST_MISMATCH' });
    expect(await store.stat(tenant, digest)).toBeNull();
    expect((await stat(outside)).mode & 0o777).toBe(0o640);
    await staging.close();
    expect(await readdir(join(root, 'staging'))).toEqual([]);
    await close();
  });

  it('takes no path for a name', async () => {
    const { store, close } = await bench();
    const staging = await stagingOf(store);
    await expect(staging.adopt(tenant, { ...stored, name: '../0' })).rejects.toThrow(TypeError);
    await close();
  });

  it('gives nothing to readers whose digest was told wrong', async () => {
    const { store, close } = await bench();
    const staging = await stagingOf(store);
    await writeFile(join(staging.folder, '0'), 'lied');
    await staging.adopt(tenant, stored);
    await expect(drain(await store.open(tenant, digest))).rejects.toMatchObject({ code: 'OBJECT_DIGEST_MISMATCH' });
    await close();
  });
});

async function stagingOf(store: FileObjectStore): Promise<Staging> {
  const staging = await store.stage(null);
  if (staging === null) throw new Error('no folder');
  return staging;
}

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text);
}

async function drain(content: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const part of content) text += Buffer.from(part).toString();
  return text;
}
