import fc from 'fast-check';
import { plannableKinds, randomConfiguration } from '../../../testing/planned-manifest';
import { packFiles, packText, testEnvironment } from '../../../testing/planning';
import { manifestOf, seedlings } from '../../../testing/random/random-manifest';
import { lawRuns } from '../../../testing/runs-of-laws';
import type { JsonObject } from '../../foundation/json';
import { NO_FILES } from '../../pack/pack-files';
import { admitPack, type PackAdmission } from './admissible-pack';
import { KnownPacks } from './known-packs';
import type { PackSource } from './pack-source';

const asker = { tenant: 'acme', signers: [] };
const setting = { environment: testEnvironment, configuration: randomConfiguration };
const manifest = (id: string): string => packText(`- { id: ${id}, run: { uses: "builtin:noop" } }`);
const sourceOf = (pack: JsonObject): PackSource => ({ manifest: JSON.stringify(pack), hasLines: true, files: [] });

/** A random pack with an input `own`, which a message reads. */
function withOwnInput(pack: JsonObject): JsonObject {
  const spec = pack['spec'] as JsonObject & { readonly inputs?: readonly JsonObject[] };
  const inputs = [...(spec.inputs ?? []), { name: 'own', type: 'integer' }];
  return { ...pack, spec: { ...spec, inputs, success: { message: 'own is {{ inputs.own }}' } } };
}

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value))
    Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

describe('packs that were read before', () => {
  it('are planned as packs that are read anew, and planning does not change them', () => {
    let planned = 0;
    fc.assert(
      fc.property(seedlings(plannableKinds()), (seedling) => {
        const source = sourceOf(withOwnInput(manifestOf(seedling, false)));
        const packs = new KnownPacks();
        const kept = packs.read(asker.tenant, source.manifest, NO_FILES);
        if (kept.kind === 'read') frozen(kept.pack);
        for (const own of [1, 'one', 2, 1]) {
          const fresh: PackAdmission = admitPack(source, { own }, setting, asker);
          expect(admitPack(source, { own }, { ...setting, packs }, asker)).toEqual(fresh);
          if (fresh.kind === 'planned') planned += 1;
        }
      }),
      lawRuns(20),
    );
    expect(planned).toBeGreaterThan(20);
  });

  it('are kept for each tenant', () => {
    const packs = new KnownPacks();
    const first = packs.read('acme', manifest('a'), NO_FILES);
    expect(packs.read('acme', manifest('a'), NO_FILES)).toBe(first);
    expect(packs.read('acme', manifest('b'), NO_FILES)).not.toBe(first);
    expect(packs.read('globex', manifest('a'), NO_FILES)).not.toBe(first);
  });

  it.each([
    ['refused', packText('- { id: a }'), NO_FILES],
    ['large', `${manifest('a')}# ${'x'.repeat(16 * 1024)}\n`, NO_FILES],
    ['with files', manifest('a'), packFiles({ 'a.txt': 'a' })],
  ])('are not kept if they are %s', (_what, text, files) => {
    const packs = new KnownPacks();
    const first = packs.read('acme', text, files);
    expect(packs.read('acme', text, files)).not.toBe(first);
  });

  it('are forgotten if they were not used for long', () => {
    const packs = new KnownPacks();
    const first = packs.read('acme', manifest('a'), NO_FILES);
    for (let i = 1; i < 16; i++) packs.read('acme', manifest(`a${i}`), NO_FILES);
    expect(packs.read('acme', manifest('a'), NO_FILES)).toBe(first);
    for (let i = 16; i < 32; i++) packs.read('acme', manifest(`a${i}`), NO_FILES);
    expect(packs.read('acme', manifest('a'), NO_FILES)).not.toBe(first);
  });
});
