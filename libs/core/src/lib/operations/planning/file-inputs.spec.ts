import { sha256 } from '../../canonical/digest';
import type { Digest, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import { describePack } from '../packs/describe-pack';
import { resolveFileInputs } from './file-inputs';
import { packSourceOf } from '../packs/pack-source';

const MANIFEST = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: filed, version: 1.0.0 }
spec:
  inputs:
    - { name: report, type: file }
    - { name: facts, type: object }
  steps:
    - { id: a, run: { uses: builtin:noop } }
`;
const digest = sha256('report');
const source = { manifest: MANIFEST, hasLines: true, files: [] };

async function resolve(inputs: JsonObject, mustBeThere = true, known: readonly [Digest, number][] = [[digest, 6]]) {
  const asked: Digest[] = [];
  const uploads = {
    find: async (_tenant: TenantId, digests: readonly Digest[]) => {
      asked.push(...digests);
      return new Map(known.filter(([one]) => digests.includes(one)));
    },
  };
  const { inputs: resolved, faults } = await resolveFileInputs(
    { uploads, planner: { describe: async (_tenant, pack) => describePack(pack) } },
    'acme' as TenantId,
    { source, inputs },
    mustBeThere,
  );
  return { resolved, faults: faults.map(({ code, path }) => `${code} ${path}`), asked };
}

describe('resolveFileInputs', () => {
  it.each<[string, JsonObject, boolean, JsonObject, string[]]>([
    ['takes the size from the upload', { report: { digest } }, true, { report: { digest, size: 6 } }, []],
    ['takes the right size', { report: { digest, size: 6 } }, true, { report: { digest, size: 6 } }, []],
    [
      'leaves name and media type behind',
      { report: { digest, name: 'r', mediaType: 'm' } },
      true,
      { report: { digest, size: 6 } },
      [],
    ],
    [
      'refuses another size',
      { report: { digest, size: 7 } },
      true,
      { report: { digest, size: 6 } },
      ['INPUT_UPLOAD_SIZE /inputs/report'],
    ],
    [
      'refuses what was not uploaded',
      { report: { digest: sha256('x'), size: 1 } },
      true,
      { report: { digest: sha256('x'), size: 1 } },
      ['INPUT_UPLOAD_MISSING /inputs/report'],
    ],
    [
      'plans what was not uploaded',
      { report: { digest: sha256('x'), size: 1 } },
      false,
      { report: { digest: sha256('x'), size: 1 } },
      [],
    ],
    [
      'cannot plan without a size',
      { report: { digest: sha256('x') } },
      false,
      { report: { digest: sha256('x'), size: 0 } },
      ['INPUT_UPLOAD_MISSING /inputs/report'],
    ],
    ['leaves objects alone', { facts: { digest } }, true, { facts: { digest } }, []],
    [
      'leaves to the planner what is no file',
      { report: { digest, more: 1 } },
      true,
      { report: { digest, more: 1 } },
      [],
    ],
    ['and no digest', { report: 'sha256' }, true, { report: 'sha256' }, []],
  ])('%s', async (_name, inputs, mustBeThere, expected, faults) => {
    expect(await resolve(inputs, mustBeThere)).toMatchObject({ resolved: expected, faults });
  });

  it('asks for nothing where nothing looks like a file', async () => {
    expect((await resolve({ report: 1, facts: { a: 1 } })).asked).toEqual([]);
  });
});

describe('packSourceOf', () => {
  const file = (path: string, text: string | Uint8Array) => ({
    path,
    bytes: typeof text === 'string' ? new TextEncoder().encode(text) : text,
    executable: false,
  });

  it.each([
    [['pack.yaml', 'a/b', 'c'], 'pack.yaml', ['a/b', 'c']],
    [['demo/pack.yml', 'demo/a/b', 'demo/c'], 'pack.yml', ['a/b', 'c']],
    [['demo/pack.yaml', 'other'], null, []],
    [['readme'], null, []],
    [[], null, []],
  ])('of %j has the manifest %s', (paths, manifest, files) => {
    const found = packSourceOf(paths.map((path) => file(path, MANIFEST)));
    expect(found?.manifest ?? null).toBe(manifest);
    expect(found?.source.files.map(({ path }) => path) ?? []).toEqual(files);
  });

  it('leaves out what is ignored, and wants UTF-8', () => {
    const files = [
      file('pack.yaml', MANIFEST),
      file('.packignore', 'secret\n'),
      file('secret', 'x'),
      file('kept', 'x'),
    ];
    expect(packSourceOf(files)?.source.files.map(({ path }) => path)).toEqual(['.packignore', 'kept']);
    expect(packSourceOf([file('pack.yaml', Uint8Array.of(0xff))])).toBeNull();
  });
});
