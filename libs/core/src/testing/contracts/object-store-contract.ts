import assert from 'node:assert/strict';
import type { Digest, TenantId } from '../../lib/foundation/ids';
import { isCodedError } from '../../lib/foundation/coded-error';
import { sha256 } from '../../lib/canonical/digest';
import { searched } from '../runs-of-laws';
import type { CollectableObjectStore, ObjectStoreErrorCode } from '../../lib/ports/objects/object-store';

/** An object store under test. */
export interface ObjectStoreBench {
  readonly store: CollectableObjectStore;
  /** The same objects, as another process has them open. */
  readonly elsewhere: CollectableObjectStore;
  /** Alters stored bytes without the store's knowledge, keeping their number. */
  readonly corrupt: (tenant: TenantId, digest: Digest) => Promise<void>;
  /** Resolves when everything stored so far is more than `AGE_MS` old. */
  readonly ripen: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A case of a contract suite, for any test runner: `it.each(cases)('$name', ({ run }) => run())`. */
export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

const tenant = 'acme' as TenantId;
const other = 'other' as TenantId;
const LIMIT = { maxBytes: 1 << 25 };
/** Needs several parts in a store that sends large objects in parts. */
const LARGE = 11_000_003;
/** The age by which the suite collects, milliseconds. */
export const AGE_MS = 1_000;

/** Contract of every object store. `open` creates a new, empty one for each case. */
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
    ...[0, 1, 65_536, 1_000_003, LARGE].map((size) =>
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
    contract('keeps an id, which is no object, and knows if it is empty', async ({ store, elsewhere }) => {
      const [identity, again] = [store.identity(), elsewhere.identity()];
      assert.ok(identity !== null && again !== null);
      assert.deepEqual([await identity.read(), await identity.isEmpty()], [null, true]);
      await identity.write('first');
      await identity.write('id of a store');
      assert.deepEqual([await again.read(), await again.isEmpty()], ['id of a store', true]);
      await store.put(tenant, pieces(pattern(10), 10), LIMIT);
      assert.deepEqual([await again.read(), await again.isEmpty()], ['id of a store', false]);
      await store.sweep(0);
      assert.equal(await again.read(), 'id of a store');
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
    contract('stores bytes that are the expected ones', async ({ store }) => {
      const expected = sha256(pattern(9));
      const stored = await store.put(tenant, pieces(pattern(9), 4), { ...LIMIT, expected });
      assert.deepEqual(stored, { digest: expected, size: 9 });
    }),
    contract('refuses bytes that are not the expected ones', async ({ store }) => {
      const expected = sha256(pattern(8));
      await refused('OBJECT_DIGEST_MISMATCH', () => store.put(tenant, pieces(pattern(9), 4), { ...LIMIT, expected }));
      assert.equal(await store.stat(tenant, expected), null);
      assert.equal(await store.stat(tenant, sha256(pattern(9))), null);
    }),
    ...[10, LARGE].map((size) =>
      contract(`keeps nothing of ${size} bytes that fail on the way`, async ({ store }) => {
        const broken = async function* () {
          yield* pieces(pattern(size), 65_536);
          throw new Error('the line went dead');
        };
        await assert.rejects(store.put(tenant, broken(), LIMIT), /went dead/);
        assert.equal(await store.stat(tenant, sha256(pattern(size))), null);
        assert.deepEqual(await store.tenants(), []);
      }),
    ),
    contract('shows nothing before the content is complete', async ({ store, elsewhere }) => {
      const bytes = pattern(LARGE);
      const content = async function* () {
        for await (const piece of pieces(bytes, 1 << 20)) {
          assert.deepEqual(await elsewhere.tenants(), []);
          yield piece;
        }
      };
      const { digest } = await store.put(tenant, content(), LIMIT);
      assert.deepEqual(await elsewhere.stat(tenant, digest), { size: LARGE });
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
      const large = pattern(LARGE);
      const { digest: inParts } = await store.put(tenant, pieces(large, 65_536), LIMIT);
      for (const [first, last] of [
        [5_242_879, 5_242_881],
        [LARGE - 1, LARGE - 1],
      ] as const) {
        const part = await read(store.open(tenant, inParts, { first, last }));
        assert.ok(equal(large.subarray(first, last + 1), part), `${first}-${last}`);
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
      await refused('OBJECT_MISSING', () => read(store.open(tenant, digest, { first: 0, last: 0 })));
    }),
    contract('lets a reader leave early', async ({ store }) => {
      const { digest } = await store.put(tenant, pieces(pattern(1_000_000), 65_536), LIMIT);
      for await (const piece of await store.open(tenant, digest)) {
        assert.ok(piece.length > 0);
        break;
      }
      assert.equal(await store.delete(tenant, digest), true);
    }),
    contract('lists objects of a tenant that are old, and tenants', async ({ store, elsewhere, ripen }) => {
      const old = await store.put(tenant, pieces(pattern(3), 3), LIMIT);
      const again = await store.put(tenant, pieces(pattern(4), 3), LIMIT);
      await store.put(other, pieces(pattern(5), 3), LIMIT);
      assert.deepEqual(await aged(store), []);
      await ripen();
      assert.deepEqual(await aged(elsewhere), [again.digest, old.digest].sort());
      await store.put(tenant, pieces(pattern(4), 3), LIMIT);
      await store.put(tenant, pieces(pattern(6), 3), LIMIT);
      assert.deepEqual(await aged(elsewhere), [old.digest]);
      assert.deepEqual([...(await elsewhere.tenants())].sort(), [tenant, other].sort());
    }),
    contract('collects what is old and nothing else', async ({ store, elsewhere, ripen }) => {
      const { digest } = await store.put(tenant, pieces(pattern(3), 3), LIMIT);
      await store.put(other, pieces(pattern(3), 3), LIMIT);
      assert.equal(await elsewhere.collect(tenant, digest, AGE_MS), false);
      await ripen();
      await store.put(tenant, pieces(pattern(3), 3), LIMIT);
      assert.equal(await elsewhere.collect(tenant, digest, AGE_MS), false);
      assert.deepEqual(await store.stat(tenant, digest), { size: 3 });
      await ripen();
      assert.equal(await elsewhere.collect(tenant, digest, AGE_MS), true);
      assert.equal(await elsewhere.collect(tenant, digest, AGE_MS), false);
      assert.equal(await store.stat(tenant, digest), null);
      assert.deepEqual(await store.stat(other, digest), { size: 3 });
    }),
    contract('never loses to collectors what was stored again', async ({ store, elsewhere, ripen }) => {
      const all = Array.from({ length: searched(14, 40) }, (_, at) => pattern(at + 1));
      for (const bytes of all) await store.put(tenant, pieces(bytes, 64), LIMIT);
      await ripen();
      await Promise.all(
        all.map(async (bytes, at) => {
          const collecting = [elsewhere, store].map((one) => one.collect(tenant, sha256(bytes), AGE_MS));
          for (let pause = 0; pause < at; pause++) await new Promise(setImmediate);
          await store.put(tenant, pieces(bytes, 64), LIMIT);
          const right = await elsewhere.stat(tenant, sha256(bytes));
          await Promise.all(collecting);
          assert.deepEqual([right, await store.stat(tenant, sha256(bytes))], [{ size: at + 1 }, { size: at + 1 }]);
        }),
      );
    }),
    contract('sweeps nothing that is there, young or under way', async ({ store, elsewhere }) => {
      const { digest } = await store.put(tenant, pieces(pattern(3), 3), LIMIT);
      const content = async function* () {
        for await (const piece of pieces(pattern(LARGE), 1 << 20)) {
          await elsewhere.sweep(60_000);
          yield piece;
        }
      };
      const stored = await store.put(tenant, content(), LIMIT);
      assert.equal(await elsewhere.sweep(60_000), 0);
      assert.ok(equal(pattern(LARGE), await read(store.open(tenant, stored.digest))));
      assert.deepEqual(await store.stat(tenant, digest), { size: 3 });
    }),
    contract('takes no path for a tenant or a digest', async ({ store }) => {
      const digest = `sha256:${'0'.repeat(64)}` as Digest;
      await assert.rejects(async () => store.stat('../x' as TenantId, digest), TypeError);
      await assert.rejects(async () => store.stat(tenant, 'sha256:../../../etc/passwd' as Digest), TypeError);
      await assert.rejects(async () => store.put('a/b' as TenantId, pieces(pattern(1), 1), LIMIT), TypeError);
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

async function aged(store: CollectableObjectStore): Promise<readonly Digest[]> {
  const found: Digest[] = [];
  for await (const page of store.aged(tenant, AGE_MS)) found.push(...page);
  return found.sort();
}

async function read(opening: Promise<AsyncIterable<Uint8Array>>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of await opening) parts.push(part);
  return Buffer.concat(parts);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

async function refused(code: ObjectStoreErrorCode, act: () => Promise<unknown>): Promise<void> {
  await assert.rejects(act, (error) => isCodedError(error) && error.code === code);
}
