import { sha256 } from '../../canonical/digest';
import { CodedError } from '../../foundation/coded-error';
import type { Principal } from '../../foundation/principal';
import type { ObjectStore, PutOptions } from '../../ports/objects/object-store';
import type { Uploads } from '../../ports/objects/uploads';
import { StoreUpload } from './store-upload';

const ada = { tenant: 'acme', iss: 'i', sub: 'ada' } as Principal;
const limits = { maxBytes: 10, tenantBytes: 12, keep: 5_000 };

function world() {
  const rows = new Map<string, number>();
  const completed: string[] = [];
  const asked: number[] = [];
  const uploads: Pick<Uploads, 'reserve' | 'complete' | 'drop'> = {
    reserve: async (_tenant, _by, bytes) => {
      const taken = [...rows.values()].reduce((sum, size) => sum + size, 0);
      if (taken + bytes > limits.tenantBytes) return null;
      rows.set(`${rows.size}`, bytes);
      return `${rows.size - 1}`;
    },
    complete: async (_tenant, _by, { id, digest, size, keepMs }) => {
      rows.set(id, size);
      completed.push(digest);
      return { expiresAt: keepMs };
    },
    drop: async (_tenant, id) => void rows.delete(id),
  };
  const objects = {
    put: async (_tenant: string, content: AsyncIterable<Uint8Array>, { maxBytes }: PutOptions) => {
      asked.push(maxBytes);
      const bytes: number[] = [];
      for await (const piece of content) bytes.push(...piece);
      if (bytes.length > maxBytes) throw new CodedError('OBJECT_TOO_LARGE', 'large', 'less');
      return { digest: sha256(Uint8Array.from(bytes)), size: bytes.length };
    },
  } as unknown as ObjectStore;
  const store = new StoreUpload({ uploads: uploads as Uploads, objects, limits });
  return {
    rows,
    completed,
    asked,
    put: (size: number, announced: number | null) => store.store(ada, bytes(size), announced),
  };
}

async function* bytes(size: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(size);
}

it('stores what was announced, and no more', async () => {
  const { put, asked, rows } = world();
  expect(await put(4, 4)).toEqual({ digest: sha256(new Uint8Array(4)), size: 4, expiresAt: 5_000 });
  await expect(put(5, 4)).rejects.toMatchObject({ code: 'OBJECT_TOO_LARGE' });
  expect(asked).toEqual([4, 4]);
  expect([...rows.values()]).toEqual([4]);
});

it('refuses what is too large before a byte of it is read', async () => {
  const { put, asked, rows } = world();
  await expect(put(11, 11)).rejects.toMatchObject({ code: 'OBJECT_TOO_LARGE' });
  expect([asked, [...rows]]).toEqual([[], []]);
});

it('holds room for the largest where nothing is announced, and gives back what was too much', async () => {
  const { put, rows, completed } = world();
  await put(2, null);
  expect([...rows.values()]).toEqual([2]);
  await put(2, null);
  await expect(put(1, null)).rejects.toMatchObject({ code: 'UPLOADS_FULL' });
  await put(1, 1);
  expect(completed).toHaveLength(3);
});
