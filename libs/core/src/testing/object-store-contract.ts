import assert from 'node:assert/strict';
import type { Digest, TenantId } from '../lib/foundation/ids';
import { CodedError } from '../lib/foundation/coded-error';
import { sha256 } from '../lib/canonical/digest';
import type { ObjectStore, ObjectStoreErrorCode } from '../lib/ports/object-store';

/** An object store under test. */
export interface ObjectStoreBench {
  readonly store: ObjectStore;
  /** Alters stored bytes behind the store's back, keeping their number. */
  readonly corrupt: (tenant: TenantId, digest: Digest) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A case of a contract suite, for any test runner: `it.each(cases)('$name', ({ run }) => run())`. */
export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

const tenant = 'acme' as TenantId;
const other = 'other' as TenantId;
const LIMIT = { maxBytes: 1 << 22 };

/** What every object store must do. `open` makes a fresh, empty one for each case. */
export function objectStoreContract(open: () => Promise<ObjectStoreBench>): readonly ContractCase[] {
  const contract = (name: string, check: (bench: ObjectStoreBench) => Promise<void>): ContractCase => ({
    name,
    run: async () => {
      const bench = await open();
      try {
        await check(bench);
      } finally {
        await bench.close();
      }
    },
  });
  return [
    ...[0, 1, 65_536, 1_000_003].map((size) =>
      contract(`gives back ${size} bytes as they were`, async ({ store }) => {
        const bytes = pattern(size);
        const stored = await store.put(tenant, pieces(bytes, 10_007), LIMIT);
        assert.deepEqual(stored, { digest: sha256(bytes), size });
        assert.deepEqual(await store.stat(tenant, stored.digest), { size });
        assert.ok(equal(bytes, await read(store.open(tenant, stored.digest))));
      }),
    ),
    contract('stores the same bytes twice without complaint, also at the same time', async ({ store }) => {
      const bytes = pattern(5_000);
      const all = await Promise.all([1, 7, 64, 5_000].map((size) => store.put(tenant, pieces(bytes, size), LIMIT)));
      assert.equal(new Set(all.map((each) => each.digest)).size, 1);
      assert.ok(equal(bytes, await read(store.open(tenant, sha256(bytes)))));
    }),
    contract('keeps tenants apart', async ({ store }) => {
      const { digest } = await store.put(tenant, pieces(pattern(10), 10), LIMIT);
      assert.equal(await store.stat(other, digest), null);
      await refused('OBJECT_MISSING', () => read(store.open(other, digest)));
      assert.equal(await store.delete(other, digest), false);
      assert.deepEqual(await store.stat(tenant, digest), { size: 10 });
    }),
    contract('refuses more than it was told to take, and keeps nothing of it', async ({ store }) => {
      await refused('OBJECT_TOO_LARGE', () => store.put(tenant, pieces(pattern(101), 10), { maxBytes: 100 }));
      assert.equal(await store.stat(tenant, sha256(pattern(101))), null);
      assert.equal((await store.put(tenant, pieces(pattern(100), 10), { maxBytes: 100 })).size, 100);
    }),
    contract('refuses bytes that are not the expected ones', async ({ store }) => {
      const expected = sha256(pattern(8));
      await refused('OBJECT_DIGEST_MISMATCH', () => store.put(tenant, pieces(pattern(9), 4), { ...LIMIT, expected }));
      assert.equal(await store.stat(tenant, expected), null);
      assert.equal(await store.stat(tenant, sha256(pattern(9))), null);
    }),
    contract('keeps nothing of content that fails on the way', async ({ store }) => {
      const broken = async function* () {
        yield pattern(10);
        throw new Error('the line went dead');
      };
      await assert.rejects(store.put(tenant, broken(), LIMIT), /went dead/);
      assert.equal(await store.stat(tenant, sha256(pattern(10))), null);
    }),
    contract('finds altered bytes before the last piece is out', async ({ store, corrupt }) => {
      const bytes = pattern(700_000);
      const { digest } = await store.put(tenant, pieces(bytes, 65_536), LIMIT);
      await corrupt(tenant, digest);
      let seen = 0;
      await refused('OBJECT_DIGEST_MISMATCH', async () => {
        for await (const piece of await store.open(tenant, digest)) seen += piece.length;
      });
      assert.ok(seen < bytes.length, 'all bytes were handed out');
    }),
    contract('reads ranges, both ends included', async ({ store }) => {
      const bytes = pattern(200_000);
      const { digest } = await store.put(tenant, pieces(bytes, 65_536), LIMIT);
      for (const [first, last] of [
        [0, 0],
        [0, 199_999],
        [65_535, 131_073],
        [199_999, 199_999],
      ] as const) {
        const part = await read(store.open(tenant, digest, { first, last }));
        assert.ok(equal(bytes.subarray(first, last + 1), part), `${first}-${last}`);
      }
      for (const [first, last] of [
        [0, 200_000],
        [5, 4],
        [-1, 3],
      ] as const)
        await refused('OBJECT_RANGE', () => read(store.open(tenant, digest, { first, last })));
    }),
    contract('forgets what it is told to delete', async ({ store }) => {
      const { digest } = await store.put(tenant, pieces(pattern(3), 3), LIMIT);
      assert.equal(await store.delete(tenant, digest), true);
      assert.equal(await store.delete(tenant, digest), false);
      await refused('OBJECT_MISSING', () => read(store.open(tenant, digest)));
    }),
    contract('lets a reader leave early', async ({ store }) => {
      const { digest } = await store.put(tenant, pieces(pattern(1_000_000), 65_536), LIMIT);
      for await (const piece of await store.open(tenant, digest)) {
        assert.ok(piece.length > 0);
        break;
      }
      assert.equal(await store.delete(tenant, digest), true);
    }),
  ];
}

function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + size) & 0xff;
  return bytes;
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(opening: Promise<AsyncIterable<Uint8Array>>): Promise<Uint8Array> {
  const parts: number[] = [];
  for await (const part of await opening) for (const byte of part) parts.push(byte);
  return Uint8Array.from(parts);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

async function refused(code: ObjectStoreErrorCode, act: () => Promise<unknown>): Promise<void> {
  await assert.rejects(act, (error) => error instanceof CodedError && error.code === code);
}
