import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest, TenantId } from '@taskrunner/core';
import { objectStoreContract } from '@taskrunner/core/testing';
import { FileObjectStore } from './file-object-store';

const tenant = 'acme' as TenantId;

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

  it('finds an object that was cut short', async () => {
    const { store, pathOf, close } = await bench();
    const { digest } = await store.put(tenant, pieces('abcdef'), { maxBytes: 100 });
    await writeFile(pathOf(tenant, digest), 'abc');
    await expect(drain(await store.open(tenant, digest))).rejects.toMatchObject({ code: 'OBJECT_DIGEST_MISMATCH' });
    await store.put(tenant, pieces('abcdef'), { maxBytes: 100 });
    expect(await drain(await store.open(tenant, digest))).toBe('abcdef');
    await close();
  });
});

const utf8 = (text: string) => new TextEncoder().encode(text);

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text);
}

async function drain(content: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const part of content) text += Buffer.from(part).toString();
  return text;
}
