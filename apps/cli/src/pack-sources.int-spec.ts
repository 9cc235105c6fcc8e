import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack as tarPack } from 'tar-stream';
import { loadPack } from './packs/pack-argument';
import { NOBODY, takePack } from './packs/pack-in-hand';
import { planOffline } from './packs/plan-offline';
import { libraryOf } from './packs/supplied-registry';
import { runCommandLine } from './program';

const PACK = `apiVersion: stellaops.io/pack.v1\r
kind: TaskPack\r
metadata: { name: many-ways, version: 1.0.0 }\r
spec:\r
  inputs: [ { name: who, type: string, required: true } ]\r
  steps:\r
    - { id: act, run: { uses: "builtin:script", with: { interpreter: [sh], path: scripts/act.sh } } }\r
`;

type Entry = Parameters<ReturnType<typeof tarPack>['entry']>[0] & { readonly content?: string | Buffer };

/** What no writer of ours would write. */
async function oddTar(entries: readonly Entry[]): Promise<Buffer> {
  const tar = tarPack();
  for (const { content = '', ...header } of entries) tar.entry(header, content as string);
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar as unknown as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

describe('one pack in every form', () => {
  let folder: string;
  let pack: string;
  const at = (name: string) => join(folder, name);
  const tar = (...args: readonly string[]) => execFileSync('tar', args, { cwd: folder });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sources-'));
    pack = at('pack');
    mkdirSync(join(pack, 'scripts'), { recursive: true });
    writeFileSync(join(pack, 'pack.yaml'), PACK);
    writeFileSync(join(pack, 'scripts', 'act.sh'), 'echo done\r\n');
    chmodSync(join(pack, 'scripts', 'act.sh'), 0o755);
    for (const name of ['a-b', 'a.b', 'a', 'Z', 'ä']) writeFileSync(join(pack, name), `${name}\r\n`);
    writeFileSync(join(pack, 'notes.log'), 'not part of it');
    writeFileSync(join(pack, '.packignore'), '*.log\n');
    symlinkSync('a', join(pack, 'link'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function identityOf(argument: string, options: object = {}) {
    const context = { env: {}, readStdin: async () => new Uint8Array() };
    const planning = await planOffline(argument, { input: ['who=me'], ...options }, context);
    if (planning.kind === 'refused') throw new Error(JSON.stringify(planning.faults));
    return { planHash: planning.planned.planHash, contentDigest: planning.planned.plan.pack.contentDigest };
  }

  it('has one plan hash and one content digest', async () => {
    const inside = ['--exclude=link', '-C', 'pack'];
    tar('cf', 'flat.tar', ...inside, '.');
    tar(
      'czf',
      'flat.tar.gz',
      ...inside,
      'scripts',
      'ä',
      'Z',
      'a',
      'a-b',
      'a.b',
      '.packignore',
      'notes.log',
      'pack.yaml',
    );
    tar('czf', 'wrapped.tgz', '--exclude=link', '--format=pax', 'pack');
    tar('cf', 'modes.tar', '--exclude=link', '--mode=a+w', '--owner=7', '--mtime=@7', '-C', 'pack', '.');
    const expected = await identityOf(pack);
    const { archive, source } = await takePack(pack, {}, {});
    writeFileSync(at('ours.tar'), archive);
    mkdirSync(at('registry'));
    await (await libraryOf({ registry: at('registry') }, {})).publish(NOBODY, source, []);
    const config = at('config.yaml');
    writeFileSync(config, `packsRegistry: { registries: [ { name: here, type: folder, path: ${at('registry')} } ] }\n`);
    for (const argument of ['flat.tar', 'flat.tar.gz', 'wrapped.tgz', 'modes.tar', 'ours.tar'].map(at))
      expect([argument, await identityOf(argument)]).toEqual([argument, expected]);
    expect(await identityOf('many-ways:1.0.0', { config })).toEqual(expected);
  });

  it('is shown from a registry without a server', async () => {
    const { source, archiveDigest, contentDigest } = await takePack(pack, {}, {});
    mkdirSync(at('shown'));
    const { artifact } = await (await libraryOf({ registry: at('shown') }, {})).publish(NOBODY, source, []);
    const out: string[] = [];
    const err: string[] = [];
    const show = (...args: readonly string[]) =>
      runCommandLine({
        arguments: ['pack', 'show', ...args, '--output', 'json'],
        env: {},
        version: '0',
        readStdin: async () => new Uint8Array(),
        terminal: {
          print: (line) => void out.push(line),
          say: (line) => void err.push(line),
          draw: () => undefined,
          isInteractive: false,
          columns: 80,
          rows: 24,
          ask: async () => null,
        },
      });
    expect([await show('many-ways:1.0.0', '--registry', at('shown')), err]).toEqual([0, []]);
    expect(JSON.parse(out[0] ?? '')).toEqual({
      name: 'many-ways',
      version: '1.0.0',
      digest: artifact.digest,
      contentDigest,
      archiveDigest,
      description: null,
      registry: at('shown'),
      inputs: [expect.objectContaining({ name: 'who', type: 'string', required: true })],
      secrets: [],
      approvals: [],
      signatures: 0,
    });
    expect([await show('many-ways:2.0.0', '--registry', at('shown')), err[0]]).toEqual([
      4,
      `PACK_NOT_FOUND no configured registry has many-ways:2.0.0`,
    ]);
    expect(await show('many ways', '--registry', at('shown'))).toBe(2);
    expect(err.at(-2)).toMatch(/^CLI_USAGE /);
  });

  it('keeps bytes as they are, the executable bit and only what belongs to it', async () => {
    tar('czf', 'kept.tgz', '--exclude=link', 'pack');
    for (const argument of [pack, at('kept.tgz')]) {
      const { files, manifest } = (await loadPack(argument)).source;
      expect(manifest).toBe(PACK);
      const shown = files.map(({ path, bytes, executable }) => [path, Buffer.from(bytes).toString(), executable]);
      const sorted = shown.sort(([left], [right]) => (String(left) < String(right) ? -1 : 1));
      expect(sorted).toEqual([
        ['.packignore', '*.log\n', false],
        ['Z', 'Z\r\n', false],
        ['a', 'a\r\n', false],
        ['a-b', 'a-b\r\n', false],
        ['a.b', 'a.b\r\n', false],
        ['scripts/act.sh', 'echo done\r\n', true],
        ['ä', 'ä\r\n', false],
      ]);
    }
  });

  it.each<[string, () => Promise<Buffer>, string]>([
    [
      'a link',
      () =>
        oddTar([
          { name: 'pack.yaml', content: PACK },
          { name: 'x', type: 'symlink', linkname: '/etc/passwd' },
        ]),
      'ARCHIVE_',
    ],
    ['a path that leads out', () => oddTar([{ name: '../x', content: 'x' }]), 'ARCHIVE_'],
    ['an absolute path', () => oddTar([{ name: '/etc/x', content: 'x' }]), 'ARCHIVE_'],
    [
      'one path twice',
      () =>
        oddTar([
          { name: 'x', content: '1' },
          { name: 'x', content: '2' },
        ]),
      'ARCHIVE_',
    ],
    [
      'a bomb',
      async () => gzipSync(await oddTar([{ name: 'x', content: Buffer.alloc(65 * 1024 * 1024) }])),
      'ARCHIVE_',
    ],
    ['half of it', async () => (await oddTar([{ name: 'pack.yaml', content: PACK }])).subarray(0, 700), 'ARCHIVE_'],
    ['no manifest', () => oddTar([{ name: 'x', content: 'x' }]), 'CLI_FILE'],
  ])('refuses a tarball with %s, with a code', async (_, bytes, code) => {
    writeFileSync(at('odd.tar'), await bytes());
    await expect(loadPack(at('odd.tar'))).rejects.toMatchObject({ code: expect.stringMatching(`^${code}`) as string });
    expect(readFileSync(join(pack, 'pack.yaml'), 'utf8')).toBe(PACK);
  });
});
