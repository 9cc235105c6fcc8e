import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  algorithmOf,
  CONTENT_MANIFEST,
  CONTENT_PAYLOAD_TYPE,
  preAuthEncoding,
  sealEnvelope,
} from '@taskrunner/core/evidence';
import type { Digest } from '@taskrunner/core/foundation';
import type { ExecutionRequest, Outcome } from '@taskrunner/core/ports';
import { Redactor } from '@taskrunner/core/secret';
import { searched } from '@taskrunner/core/testing';
import { pack as tarPack } from 'tar-stream';
import { tarEntries } from '../archive/read-tar';
import { writeTar } from '../archive/write-tar';
import { FileObjectStore } from '../object-store/file-object-store';
import { BundleIngestExecutor } from './bundle-ingest-executor';
import { DeclaredOutputs } from './step/declared-outputs';
import { PackContent } from './step/pack-content';
import { aRequest, Report, tenant } from './testing/requests';

const LIMITS = { maxBytes: 64 * 1024 ** 2, maxFileBytes: 8 * 1024 ** 2, maxFiles: 5_000, names: 'portable' } as const;

type Files = ReadonlyMap<string, string | Uint8Array>;
interface Key {
  readonly privateKey: KeyObject;
  readonly spki: string;
}

function aKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') };
}

const digestOf = (bytes: string | Uint8Array): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;

const CONTENT: Files = new Map<string, string | Uint8Array>([
  ['bin/install', '#!/bin/sh\nexit 0\n'],
  ['data/big.bin', Buffer.alloc(3_000_000, 7)],
  ['readme.txt', 'hello'],
]);

function manifestOf(files: Files, change: object = {}): object {
  const entries = [...files]
    .map(([path, bytes]) => ({
      path,
      size: Buffer.from(bytes as string).length,
      sha256: digestOf(bytes),
      mediaType: 'application/octet-stream',
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { schema: 'taskrunner.bundle.v1', name: 'tools', version: '1.2.0', entries, ...change };
}

function envelopeOf(manifest: object, key: Key, type = CONTENT_PAYLOAD_TYPE): string {
  const payload = Buffer.from(JSON.stringify(manifest));
  return JSON.stringify(sealEnvelope(type, payload, sign(null, preAuthEncoding(type, payload), key.privateKey)));
}

async function collected(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

function archived(files: Files, envelope: string | null): Promise<Buffer> {
  const all = new Map(files);
  if (envelope !== null) all.set(CONTENT_MANIFEST, envelope);
  const list = [...all].map(([path, bytes]) => ({ path, bytes: Buffer.from(bytes as string) }));
  return collected(writeTar(list.sort((a, b) => (a.path < b.path ? -1 : 1))));
}

/** An archive that this product would not write. */
async function oddTar(entries: readonly (readonly [object, string?])[]): Promise<Buffer> {
  const pack = tarPack();
  for (const [header, content] of entries) pack.entry(header as Parameters<typeof pack.entry>[0], content ?? '');
  pack.finalize();
  return collected(pack as unknown as AsyncIterable<Uint8Array>);
}

describe('builtin:bundle.ingest', () => {
  let root: string;
  let objects: FileObjectStore;
  let executor: BundleIngestExecutor;
  const publisher = aKey();
  const stranger = aKey();

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'taskrunner-ingest-'));
    objects = await FileObjectStore.open(root);
    const rootOf = (spki: string, tenants: readonly string[]) => ({
      keys: [{ algorithm: algorithmOf(spki), spki, usages: ['pack' as const] }],
      tenants,
    });
    executor = new BundleIngestExecutor({
      objects,
      declared: new DeclaredOutputs(new PackContent(objects)),
      roots: new Map([
        ['vendor', rootOf(publisher.spki, ['*'])],
        ['others', rootOf(stranger.spki, ['globex'])],
      ]),
      entries: (source) => tarEntries(source, LIMITS),
      maxEntryBytes: LIMITS.maxFileBytes,
    });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** All objects of the store. */
  const stored = (): readonly string[] =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map(({ name, parentPath }) => join(parentPath, name))
      .sort();

  async function ingest(
    archive: Uint8Array,
    parameters: ExecutionRequest['with'] = {},
  ): Promise<{ outcome: Outcome; report: Report; added: readonly string[] }> {
    const { digest, size } = await objects.put(tenant, pieces(archive), { maxBytes: 1 << 28 });
    const before = stored();
    const report = new Report();
    const request = aRequest({ bundle: { digest, size }, trust: ['vendor'], ...parameters });
    const outcome = await executor.execute(request, report);
    return { outcome, report, added: stored().filter((path) => !before.includes(path)) };
  }

  it('stores no entry that holds a secret of the run: it is known by its name alone', async () => {
    const secret = Buffer.from('hunter2-hunter2-hunter2');
    const content: Files = new Map([
      ['key.pem', `a ${secret.toString()} b`],
      ['readme.txt', 'hello'],
    ]);
    const archive = await archived(content, envelopeOf(manifestOf(content), publisher));
    const { digest, size } = await objects.put(tenant, pieces(archive), { maxBytes: 1 << 28 });
    const report = new Report();
    const request = aRequest({ bundle: { digest, size }, trust: ['vendor'] }, { redactor: Redactor.of([secret]) });
    expect(await executor.execute(request, report)).toMatchObject({ kind: 'succeeded' });
    const [note] = report.of('note');
    expect(note).toMatchObject({ code: 'ARTIFACT_WITHHELD', detail: { name: 'key.pem' } });
    expect(Object.keys((note as { detail: object }).detail)).toEqual(['step', 'execution', 'name', 'path']);
    expect(report.of('artifact.captured').map(({ name }) => name)).toEqual(['readme.txt']);
    await expect(objects.open(tenant, digestOf(content.get('key.pem') as string))).rejects.toMatchObject({ code: 'OBJECT_MISSING' }); // prettier-ignore
  });

  it.each([
    ['plain', (tar: Buffer) => tar],
    ['gzip', (tar: Buffer) => gzipSync(tar)],
    [
      'gzip of several members',
      (tar: Buffer) => Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]),
    ],
  ])('takes a good bundle, %s: each entry an artifact', async (_name, packed) => {
    const archive = packed(await archived(CONTENT, envelopeOf(manifestOf(CONTENT), publisher)));
    const { outcome, report } = await ingest(archive, {
      expect: { name: 'tools', version: '1.2.0', digest: digestOf(archive) },
    });
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      outputs: { digest: digestOf(archive), manifest: { name: 'tools', version: '1.2.0' } },
    });
    const facts = report.facts.filter(({ type }) => type === 'artifact.captured');
    expect(facts.map((fact) => 'path' in fact && fact.path)).toEqual(['bin/install', 'data/big.bin', 'readme.txt']);
    for (const [path, bytes] of CONTENT) {
      const content = await collected(await objects.open(tenant, digestOf(bytes)));
      expect([path, content.equals(Buffer.from(bytes as string))]).toEqual([path, true]);
    }
  });

  const without = (path: string): Files => new Map([...CONTENT].filter(([name]) => name !== path));
  const changed = new Map(CONTENT).set('readme.txt', 'hellO');
  const good = () => envelopeOf(manifestOf(CONTENT), publisher);

  it.each<[string, string, () => Promise<Uint8Array>, ExecutionRequest['with']?]>([
    ['no envelope', 'BUNDLE_UNSIGNED', () => archived(CONTENT, null)],
    [
      'signed by a stranger',
      'BUNDLE_SIGNATURE_INVALID',
      () => archived(CONTENT, envelopeOf(manifestOf(CONTENT), stranger)),
    ],
    [
      'another payload type',
      'BUNDLE_MANIFEST_INVALID',
      () => archived(CONTENT, envelopeOf(manifestOf(CONTENT), publisher, 'text/plain')),
    ],
    [
      'two signatures',
      'BUNDLE_SIGNATURE_INVALID',
      async () => {
        const envelope = JSON.parse(good()) as { signatures: object[] };
        return archived(
          CONTENT,
          JSON.stringify({ ...envelope, signatures: [...envelope.signatures, ...envelope.signatures] }),
        );
      },
    ],
    [
      'another schema',
      'BUNDLE_MANIFEST_INVALID',
      () => archived(CONTENT, envelopeOf(manifestOf(CONTENT, { schema: 'x' }), publisher)),
    ],
    [
      'an entry twice in the manifest',
      'BUNDLE_MANIFEST_INVALID',
      () => {
        const manifest = manifestOf(CONTENT) as { entries: object[] };
        return archived(
          CONTENT,
          envelopeOf({ ...manifest, entries: [manifest.entries[0], ...manifest.entries] }, publisher),
        );
      },
    ],
    ['a file missing', 'BUNDLE_ENTRY_MISSING', () => archived(without('readme.txt'), good())],
    ['a file more', 'BUNDLE_ENTRY_EXTRA', () => archived(new Map(CONTENT).set('extra', ''), good())],
    ['a file changed', 'BUNDLE_ENTRY_DIFFERS', () => archived(changed, good())],
    [
      'another version than expected',
      'BUNDLE_EXPECTATION',
      () => archived(CONTENT, good()),
      { expect: { version: '2.0.0' } },
    ],
    [
      'another digest than expected',
      'BUNDLE_EXPECTATION',
      () => archived(CONTENT, good()),
      { expect: { digest: digestOf('x') } },
    ],
    ['a root that is not configured', 'BUNDLE_TRUST_UNKNOWN', () => archived(CONTENT, good()), { trust: ['nobody'] }],
    [
      'a root of another tenant',
      'BUNDLE_TRUST_UNKNOWN',
      () => archived(CONTENT, envelopeOf(manifestOf(CONTENT), stranger)),
      { trust: ['others'] },
    ],
    ['no root named', 'WITH_INVALID', () => archived(CONTENT, good()), { trust: [] }],
    ['cut off', 'ARCHIVE_INVALID', async () => (await archived(CONTENT, good())).subarray(0, 2_000_000)],
    ['gzip cut off', 'ARCHIVE_INVALID', async () => gzipSync(await archived(CONTENT, good())).subarray(0, 1_000)],
    ['a link', 'ARCHIVE_UNSAFE', () => oddTar([[{ name: 'a', type: 'symlink', linkname: '..' }]])],
    ['a file too large', 'ARCHIVE_TOO_LARGE', () => archived(new Map([['big', Buffer.alloc(9 * 1024 ** 2)]]), good())],
  ])('refuses %s: %s, and stores nothing', async (...row) => {
    const [, code, archive, parameters] = row;
    const { outcome, report, added } = await ingest(await archive(), parameters);
    expect(outcome).toMatchObject({ kind: 'failed', code });
    expect(report.facts).toEqual([]);
    expect(added).toEqual([]);
  });

  describe('refuses the archives of the vectors, and stores nothing', () => {
    const path = join(
      process.env['TASKRUNNER_VECTORS'] ?? resolve(__dirname, '../../../../../../shared/vectors'),
      'project/archive-cases.json',
    );
    let cases: readonly string[] | null = null;
    try {
      cases = (JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly string[] }).cases;
    } catch {
      console.log(`skipped: no vectors at ${path}`);
    }
    const file = (name: string, content = 'x'): readonly [object, string] => [{ name }, content];
    const tarOf = (...names: readonly string[]): Promise<Buffer> => oddTar(names.map((name) => file(name)));
    const zip = Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(600)]);
    const builders: Readonly<Record<string, () => Promise<readonly Buffer[]>>> = {
      '../evil': async () => [await tarOf('../evil')],
      '../../../../tmp/evil': async () => [await tarOf('../../../../tmp/evil'), await tarOf('/tmp/evil')],
      'C:\\\\evil': async () => [await tarOf('C:\\\\evil'), await tarOf('C:/evil')],
      '..\\\\evil': async () => [await tarOf('..\\\\evil')],
      'a/./../../evil': async () => [await tarOf('a/./../../evil')],
      '....//evil': async () => [await tarOf('....//evil')],
      'symlink a -> .. then file a/evil': async () => [
        await oddTar([[{ name: 'a', type: 'symlink', linkname: '..' }], file('a/evil')]),
      ],
      'symlink chain a->b, b->../..': async () => [
        await oddTar([
          [{ name: 'a', type: 'symlink', linkname: 'b' }],
          [{ name: 'b', type: 'symlink', linkname: '../..' }],
        ]),
      ],
      'hardlink to a symlink': async () => [
        await oddTar([[{ name: 'a', type: 'symlink', linkname: '..' }], [{ name: 'h', type: 'link', linkname: 'a' }]]),
        await oddTar([[{ name: 'h', type: 'link', linkname: 'a' }]]),
      ],
      'device node / fifo / socket entry': async () => [
        await oddTar([[{ name: 'd', type: 'character-device' }]]),
        await oddTar([[{ name: 'b', type: 'block-device' }]]),
        await oddTar([[{ name: 'f', type: 'fifo' }]]),
      ],
      'duplicate entry names, second differs': async () => [await oddTar([file('a', '1'), file('a', '2')])],
      'case-colliding names on a case-insensitive store': async () => [
        await tarOf('Read', 'read'),
        await tarOf('é', 'e\u0301'),
      ],
      'name with NUL, CR, LF, trailing dot, trailing space, CON, .git/config, .ssh/authorized_keys': async () =>
        Promise.all(
          ['a\rb', 'a\nb', 'a.', 'a ', 'CON', 'aux.txt', '.git/config', 'x/.ssh/authorized_keys'].map((name) =>
            tarOf(name),
          ),
        ).then(async (all) => [...all, await oddTar([[{ name: 'a', pax: { path: 'a\0b' } }, 'x']])]),
      'name 4096 bytes; 65k path components': async () => [
        await tarOf('n'.repeat(4_096)),
        await tarOf('a/'.repeat(65_000) + 'a'),
      ],
      'zip with two end-of-central-directory records': async () => [zip],
      'zip64 size lie; compressed size lie': async () => [zip],
      'tar sparse file claiming 8 EiB': async () => [
        await oddTar([
          [{ name: 's', pax: { 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '9223372036854775807' } }, 'x'],
        ]),
        await oddTar([[{ name: 's', pax: { size: '9223372036854775807' } }, 'x']]),
      ],
      'pax header overriding path/size': async () => [
        await oddTar([[{ name: 'fine', pax: { path: '../evil' } }, 'x']]),
        await oddTar([[{ name: 'fine', pax: { size: '999999' } }, 'x']]),
      ],
      'gzip with many members, trailing garbage': async () => {
        const tar = await archived(CONTENT, good());
        const members = [tar.subarray(0, 1_000), tar.subarray(1_000)].map((part) => gzipSync(part));
        return [Buffer.concat([...members, Buffer.from('garbage')])];
      },
      '1,000,000 empty entries': async () => [
        gzipSync(Buffer.concat(Array.from({ length: searched(100_000, 1_000_000) / 50 }, () => fifty()))),
      ],
      'trailing data after tar EOF blocks holding a second archive': async () => {
        const tar = await archived(CONTENT, good());
        return [Buffer.concat([tar, tar])];
      },
    };
    /** Fifty headers of empty files. */
    let block: Buffer | null = null;
    function fifty(): Buffer {
      block ??= (() => {
        const one = emptyHeader('e');
        return Buffer.concat(Array.from({ length: 50 }, () => one));
      })();
      return block;
    }

    const names = cases ?? [];
    it('has every case of the vectors', () => {
      if (cases === null) return;
      expect(cases.filter((name) => !(name in builders))).toEqual([]);
      expect(Object.keys(builders)).toHaveLength(cases.length);
    });
    for (const name of names)
      it(
        JSON.stringify(name),
        async () => {
          for (const archive of await (builders[name] as () => Promise<readonly Buffer[]>)()) {
            const { outcome, report, added } = await ingest(archive);
            expect(outcome).toMatchObject({ kind: 'failed', code: expect.stringMatching(/^ARCHIVE_/) as string });
            expect(report.facts).toEqual([]);
            expect(added).toEqual([]);
          }
        },
        60_000,
      );
  });
});

function emptyHeader(name: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write('00000000000\0', 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
