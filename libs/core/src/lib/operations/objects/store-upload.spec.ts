import { sha256 } from '../../canonical/digest';
import { CodedError } from '../../foundation/coded-error';
import type { Principal } from '../../foundation/principal';
import type { ObjectStore, PutOptions } from '../../ports/objects/object-store';
import type { UploadLimits, Uploads } from '../../ports/objects/uploads';
import { StoreUpload } from './store-upload';

const ada = { tenant: 'acme', iss: 'i', sub: 'ada' } as Principal;
const LIMITS = { maxBytes: 10, tenantBytes: 12, keep: 5_000 };

function world({ limits = LIMITS, onPiece = () => {} }: { limits?: UploadLimits; onPiece?: () => void } = {}) {
  const rows = new Map<string, number>();
  const completed: string[] = [];
  const asked: number[] = [];
  let reserved = 0;
  const uploads: Pick<Uploads, 'reserve' | 'complete' | 'drop'> = {
    reserve: async (_tenant, _by, bytes) => {
      const taken = [...rows.values()].reduce((sum, size) => sum + size, 0);
      if (taken + bytes > limits.tenantBytes) return null;
      const id = `${(reserved += 1)}`;
      rows.set(id, bytes);
      return id;
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
      for await (const piece of content) {
        for (const byte of piece) bytes.push(byte);
        onPiece();
      }
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
    putPieces: (pieces: AsyncIterable<Uint8Array>, announced: number | null) => store.store(ada, pieces, announced),
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

const KIB = 1024;

async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield new Uint8Array(16 * KIB);
}

/** Content of which nothing arrives. */
const NOTHING: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: async () => new Promise<never>(() => undefined) }),
};

it('takes no room for a size that is stated and does not arrive', async () => {
  const { put, putPieces, rows } = world();
  for (let n = 0; n < 50; n++) void putPieces(NOTHING, 10);
  await put(10, 10);
  expect([...rows.values()]).toEqual([10]);
});

it.each([
  ['stated', 40 * 16 * KIB],
  ['not stated', null],
])('takes room in a few steps, at most twice what has arrived: size %s', async (_, announced) => {
  const limits = { maxBytes: 1024 * KIB, tenantBytes: 4096 * KIB, keep: 1 };
  const held: number[] = [];
  const { putPieces, rows } = world({
    limits,
    onPiece: () => held.push([...rows.values()].reduce((sum, size) => sum + size, 0) / KIB),
  });
  await putPieces(pieces(40), announced);
  expect([...new Set(held)]).toEqual([64, 128, 256, 512, announced === null ? 1024 : 640]);
  expect([...rows.values()]).toEqual([640 * KIB]);
});

it('uses the last room of a tenant, and gives all of it back after a refusal', async () => {
  const limits = { maxBytes: 1024 * KIB, tenantBytes: 320 * KIB, keep: 1 };
  const { putPieces, rows } = world({ limits });
  await expect(putPieces(pieces(21), null)).rejects.toMatchObject({ code: 'UPLOADS_FULL' });
  expect(rows.size).toBe(0);
  await putPieces(pieces(20), null);
  expect([...rows.values()]).toEqual([320 * KIB]);
});

it('records an empty upload', async () => {
  const { putPieces, rows } = world();
  await putPieces(pieces(0), 0);
  expect([...rows.values()]).toEqual([0]);
});
