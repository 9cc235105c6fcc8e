import type { TenantId } from '../foundation/ids';
import { layInnerPacks } from './inner-packs';
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

describe('layInnerPacks', () => {
  const asked: string[] = [];
  const shelf: Readonly<Record<string, PackSource>> = {
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
    const found = shelf[key];
    if (found === undefined) throw new PackLibraryError('PACK_NOT_FOUND', 'none', 'none');
    return { source: found } as LibraryPack;
  };
  beforeEach(() => asked.splice(0));

  it('fetches each published pack once, also those that others use, and lays its files apart', async () => {
    const laid = await layInnerPacks(
      tenant,
      source(manifest('top', 'pack:a:1.0.0', 'pack:a:1.0.0', 'pack:gone:1.0.0')),
      resolve,
    );
    expect(asked.sort()).toEqual(['a:1.0.0', 'b:1.0.0', 'c:1.0.0', 'gone:1.0.0']);
    expect(laid.packs).toHaveLength(3);
    expect(laid.published.map(({ path }) => path.replace('.taskrunner/packs/', '')).sort()).toEqual([
      'a/1.0.0/own/pack.yaml',
      'a/1.0.0/pack.yaml',
      'b/1.0.0/pack.yaml',
      'c/1.0.0/pack.yaml',
      'c/1.0.0/run.sh',
    ]);
  });

  it('takes nothing that a caller sends for a published pack', async () => {
    const forged = file('.taskrunner/packs/a/1.0.0/pack.yaml', manifest('a', 'builtin:noop'));
    const laid = await layInnerPacks(tenant, source(manifest('top', 'builtin:noop'), forged), resolve);
    expect([laid.source.files, laid.published]).toEqual([[], []]);
  });

  it('does not hide that a registry is away', async () => {
    const away = async (): Promise<LibraryPack> => Promise.reject(new Error('away'));
    await expect(layInnerPacks(tenant, source(manifest('top', 'pack:a:1.0.0')), away)).rejects.toThrow('away');
  });
});
