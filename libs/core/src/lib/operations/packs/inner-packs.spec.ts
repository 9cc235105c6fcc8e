import type { TenantId } from '../../foundation/ids';
import { embedInnerPacks } from './inner-packs';
import { publishedUses } from './published-uses';
import { PackLibraryError, type LibraryPack } from './pack-library';
import type { PackFile, PackSource } from './pack-source';

const tenant = 'acme' as TenantId;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const manifest = (name: string, ...uses: readonly string[]): string => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: ${name}, version: 1.0.0 }
spec:
  steps: [ ${uses.map((one, i) => `{ id: s${i}, run: { uses: "${one}" } }`).join(', ')} ]
`;
const file = (path: string, text: string): PackFile => ({ path, bytes: bytes(text), executable: false });
const source = (text: string, ...files: readonly PackFile[]): PackSource => ({ manifest: text, hasLines: true, files });

describe('embedInnerPacks', () => {
  const asked: string[] = [];
  const packs: Readonly<Record<string, PackSource>> = {
    'a:1.0.0': source(
      manifest('a', 'pack:b:1.0.0', 'pack:./own'),
      file('own/pack.yaml', manifest('own', 'pack:c:1.0.0')),
    ),
    'b:1.0.0': source(manifest('b', 'pack:a:1.0.0')),
    'c:1.0.0': source(manifest('c', 'builtin:noop'), file('run.sh', 'true')),
  };
  const resolve = async (_: TenantId, { name, version }: { name: string; version: string | null }) => {
    const key = `${name}:${version ?? ''}`;
    asked.push(key);
    const found = packs[key];
    if (found === undefined) throw new PackLibraryError('PACK_NOT_FOUND', 'none', 'none');
    return { source: found } as LibraryPack;
  };
  const uses = async (_: TenantId, user: PackSource) => publishedUses(user);
  const dependencies = { resolve, uses };
  beforeEach(() => asked.splice(0));

  it('fetches each published pack once, also those that others use, and lays its files apart', async () => {
    const embedded = await embedInnerPacks(
      tenant,
      source(manifest('top', 'pack:a:1.0.0', 'pack:a:1.0.0', 'pack:gone:1.0.0')),
      dependencies,
    );
    expect(asked.sort()).toEqual(['a:1.0.0', 'b:1.0.0', 'c:1.0.0', 'gone:1.0.0']);
    expect(embedded.packs).toHaveLength(3);
    expect(embedded.published.map(({ path }) => path.replace('.taskrunner/packs/', '')).sort()).toEqual([
      'a/1.0.0/own/pack.yaml',
      'a/1.0.0/pack.yaml',
      'b/1.0.0/pack.yaml',
      'c/1.0.0/pack.yaml',
      'c/1.0.0/run.sh',
    ]);
  });

  it('takes nothing that a caller sends for a published pack', async () => {
    const forged = file('.taskrunner/packs/a/1.0.0/pack.yaml', manifest('a', 'builtin:noop'));
    const embedded = await embedInnerPacks(tenant, source(manifest('top', 'builtin:noop'), forged), dependencies);
    expect([embedded.source.files, embedded.published]).toEqual([[], []]);
  });

  it('does not hide that a registry is away', async () => {
    const away = async (): Promise<LibraryPack> => Promise.reject(new Error('away'));
    await expect(
      embedInnerPacks(tenant, source(manifest('top', 'pack:a:1.0.0')), { resolve: away, uses }),
    ).rejects.toThrow('away');
  });

  it('reads no pack itself, and asks who reads only about packs that may use others', async () => {
    const read: string[] = [];
    const reader = async (whose: TenantId, user: PackSource) => {
      read.push(`${whose} ${/name: (\w+)/.exec(user.manifest)?.[1] ?? ''}`);
      return publishedUses(user);
    };
    await embedInnerPacks(tenant, source(manifest('top', 'pack:a:1.0.0')), { resolve, uses: reader });
    expect(read).toEqual(['acme top', 'acme a', 'acme b']);
    await expect(
      embedInnerPacks(tenant, source('no pack: at all'), {
        resolve,
        uses: async () => Promise.reject(new Error('limit')),
      }),
    ).rejects.toThrow('limit');
  });

  it('goes as deep as packs may stand in each other, and no deeper', async () => {
    const found: string[] = [];
    const chain = async (_: TenantId, { name }: { name: string }) => {
      found.push(name);
      return { source: source(manifest(name, `pack:p${Number(name.slice(1)) + 1}:1.0.0`)) } as LibraryPack;
    };
    const embedded = await embedInnerPacks(tenant, source(manifest('top', 'pack:p1:1.0.0')), { resolve: chain, uses });
    expect([found, embedded.packs.length]).toEqual([['p1', 'p2', 'p3', 'p4', 'p5'], 5]);
  });

  it('takes no more packs than a hundred', async () => {
    const many = Array.from({ length: 120 }, (_, i) => `pack:m${i}:1.0.0`);
    const any = async () => ({ source: source(manifest('m', 'builtin:noop')) }) as LibraryPack;
    const embedded = await embedInnerPacks(tenant, source(manifest('top', ...many)), { resolve: any, uses });
    expect(embedded.packs).toHaveLength(100);
  });
});

describe('publishedUses', () => {
  it('names those of the pack and of the packs in its folders, each once, also where these use each other or have faults', () => {
    const uses = publishedUses(
      source(
        manifest('top', 'pack:a:1.0.0', 'pack:./own', 'pack:./none', 'pack:a:1.0.0'),
        file('own/pack.yaml', manifest('own', 'pack:b:1.0.0', 'pack:./own', 'pack:./deep')),
        file('own/own/pack.yaml', manifest('own', 'pack:a:1.0.0', 'pack:c:1.0.0')),
        file('own/deep/pack.yaml', `${manifest('deep', 'pack:d:1.0.0')}colour: blue\n`),
        file('own/deep/none/pack.yaml', 'kind: nothing'),
      ),
    );
    expect(uses.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  });
});
