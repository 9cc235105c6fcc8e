import assert from 'node:assert/strict';
import { sha256 } from '../../lib/canonical/digest';
import { isCodedError, type CodedError } from '../../lib/foundation/coded-error';
import type { Digest } from '../../lib/foundation/ids';
import type { Json } from '../../lib/foundation/json';
import type { PackArchive, PackFacts, PackRegistry, RegistryErrorCode } from '../../lib/ports/packs/pack-registry';
import type { ContractCase } from './object-store-contract';

/** A registry of packs under test. */
export interface PackRegistryBench {
  readonly registry: PackRegistry;
  /** Alters the stored bytes with this digest, without the registry's knowledge. */
  readonly corrupt: (pack: string, digest: Digest) => Promise<void>;
  readonly close: () => Promise<void>;
}

const archive: PackArchive = {
  manifest: 'apiVersion: stellaops.io/pack.v1\n# as its author wrote it: "ünïcode"\n',
  files: [
    { path: 'scripts/run.sh', bytes: Buffer.from('#!/bin/sh\n'), executable: true },
    { path: 'data/empty', bytes: new Uint8Array(), executable: false },
  ],
};

function facts(change: Partial<PackFacts> = {}): PackFacts {
  const contentDigest = sha256('content');
  return { name: 'demo', version: '1.0.0', contentDigest, description: null, tenantVisibility: 'private', ...change };
}

const named = (version: string) => ({ version, digest: null });

/** A list of this realm, because test runners give Node's own arrays another prototype. */
async function namesOf(registry: PackRegistry, after: string | null, limit: number): Promise<readonly string[]> {
  return [...(await registry.packs(after, limit))];
}

async function refused(code: RegistryErrorCode, action: Promise<unknown>): Promise<void> {
  await assert.rejects(action, (error) => isCodedError(error) && error.code === code);
}

/** Contract of every registry of packs. `open` creates a new, empty one for each case. */
export function packRegistryContract(open: () => Promise<PackRegistryBench>): readonly ContractCase[] {
  const contract = (name: string, check: (bench: PackRegistryBench) => Promise<void>): ContractCase => ({
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
    contract('gives back a pack as it was published, by version and by digest', async ({ registry }) => {
      const supplied = facts({ version: '1.2.0-rc.1+b7', description: 'ä', tenantVisibility: ['acme', 'globex'] });
      const published = await registry.publish(supplied, archive);
      for (const what of [named('1.2.0-rc.1+b7'), { version: null, digest: published.digest }]) {
        const found = await registry.find('demo', what);
        assert.ok(found);
        assert.deepEqual(found, published);
        const { manifest, files } = await registry.archive(found);
        assert.equal(manifest, archive.manifest);
        const sorted = [...archive.files].sort((a, b) => (a.path < b.path ? -1 : 1));
        assert.deepEqual(
          files.map((file) => ({ ...file, bytes: [...file.bytes] })),
          sorted.map((file) => ({ ...file, bytes: [...file.bytes] })),
        );
      }
    }),
    contract('has null for what is not there', async ({ registry }) => {
      assert.equal(await registry.find('demo', named('1.0.0')), null);
      await registry.publish(facts(), archive);
      assert.equal(await registry.find('demo', named('1.0.1')), null);
      assert.equal(await registry.find('demo', { version: null, digest: sha256('nothing') }), null);
      assert.equal(await registry.find('other', named('1.0.0')), null);
    }),
    contract('gives the same pack the same digest, whenever it is published', async ({ registry }) => {
      const first = await registry.publish(facts(), archive);
      const again = await registry.publish(facts(), { ...archive, files: [...archive.files].reverse() });
      assert.deepEqual(again, first);
      assert.deepEqual([...(await registry.versions('demo'))], ['1.0.0']);
    }),
    contract('lists names after a name, and versions; signatures are neither', async ({ registry }) => {
      for (const name of ['b', 'a', 'c']) await registry.publish(facts({ name }), archive);
      const artifact = await registry.publish(facts({ name: 'b', version: '2.0.0' }), archive);
      await registry.attach(artifact, { signed: true });
      assert.deepEqual(await namesOf(registry, null, 10), ['a', 'b', 'c']);
      assert.deepEqual(await namesOf(registry, 'a', 1), ['b']);
      assert.deepEqual(await namesOf(registry, 'c', 10), []);
      assert.deepEqual([...(await registry.versions('b'))].sort(), ['1.0.0', '2.0.0']);
      assert.deepEqual([...(await registry.versions('nothing'))], []);
    }),
    contract('keeps signatures with the artifact that they were attached to, each once', async ({ registry }) => {
      const one = await registry.publish(facts(), archive);
      const other = await registry.publish(facts({ version: '2.0.0' }), archive);
      assert.deepEqual(await registry.signatures(one), []);
      const documents: readonly Json[] = [{ by: 'release' }, { by: 'security' }, { by: 'release' }];
      for (const document of documents) await registry.attach(one, document);
      const found = (await registry.signatures(one)).map((document) => (document as { by: string }).by);
      assert.deepEqual(found.sort(), ['release', 'security']);
      assert.deepEqual(await registry.signatures(other), []);
    }),
    contract('refuses bytes that are not those of their digest', async ({ registry, corrupt }) => {
      const artifact = await registry.publish(facts(), archive);
      await corrupt('demo', artifact.archive.digest);
      await refused('PACK_DIGEST_MISMATCH', registry.archive(artifact));
    }),
    contract('refuses a pack under another name than its own', async ({ registry }) => {
      const { digest } = await registry.publish(facts(), archive);
      await registry.publish(facts({ name: 'other' }), archive);
      // The artifact's digest is of one pack: in another's place there is none, or one that is refused.
      const found = registry.find('other', { version: null, digest });
      assert.equal(await found.catch((error: unknown) => (error as CodedError).code), null);
    }),
  ];
}
