import { sha256 } from '../../canonical/digest';
import type { Digest, TenantId } from '../../foundation/ids';
import type { ObjectReferences } from '../../ports/objects/object-references';
import type { CollectableObjectStore } from '../../ports/objects/object-store';
import { collectObjects, type CollectDependencies } from './collect-objects';

const acme = 'acme' as TenantId;
const digests = ['a', 'b', 'c', 'd'].map(sha256);

function world() {
  const stored = new Set(digests);
  const young = new Set<Digest>();
  const needed = new Set<Digest>();
  const suspects = new Map<Digest, number>();
  const due: TenantId[] = [];
  let now = 0;
  const store = {
    aged: async function* () {
      for (const digest of stored) if (!young.has(digest)) yield [digest];
    },
    collect: async (_tenant: TenantId, digest: Digest) => !young.has(digest) && stored.delete(digest),
  } as unknown as CollectableObjectStore;
  const references: Pick<ObjectReferences, 'takeDue' | 'forgetUploads' | 'unneeded' | 'endLook'> = {
    takeDue: async () => due.pop() ?? null,
    forgetUploads: async () => 0,
    unneeded: async (_tenant, asked, confirmMs) =>
      asked.filter((digest) => {
        if (needed.has(digest)) return suspects.delete(digest) && false;
        const seen = suspects.get(digest) ?? now;
        suspects.set(digest, seen);
        return seen <= now - confirmMs;
      }),
    endLook: async () => undefined,
  };
  const dependencies: CollectDependencies = {
    store,
    references: references as ObjectReferences,
    graceMs: 1_000,
    intervalMs: 100,
    monotonicMs: () => now,
  };
  const look = async (stop = new AbortController().signal) => {
    due.push(acme);
    now += 100;
    return collectObjects(dependencies, stop);
  };
  return { stored, young, needed, look, dependencies };
}

it('collects at the second look what nobody needs, and nothing else', async () => {
  const { stored, young, needed, look } = world();
  const [a, b, c, d] = digests as [Digest, Digest, Digest, Digest];
  needed.add(a);
  young.add(b);
  expect(await look()).toEqual({ tenant: acme, collected: 0, uploads: 0 });
  // Its reference was on its way.
  needed.add(c);
  expect(await look()).toEqual({ tenant: acme, collected: 1, uploads: 0 });
  expect([...stored]).toEqual([a, b, c]);
  expect(stored.has(d)).toBe(false);
});

it('leaves what was stored again between the question and the act', async () => {
  const { stored, young, look } = world();
  await look();
  for (const digest of digests.slice(1)) young.add(digest);
  await look();
  expect([...stored]).toEqual(digests.slice(1));
});

it('does nothing where no tenant is due, and stops when it is told', async () => {
  const { stored, look, dependencies } = world();
  expect(await collectObjects(dependencies, new AbortController().signal)).toBeNull();
  await look();
  const stop = new AbortController();
  stop.abort();
  expect(await look(stop.signal)).toEqual({ tenant: acme, collected: 0, uploads: 0 });
  expect([...stored]).toEqual(digests);
});
