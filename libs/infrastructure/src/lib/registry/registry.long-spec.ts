import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as requestTo, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonical } from '@taskrunner/core/canonical';
import { buildPackStatement, sigstoreBundle, verifySignature } from '@taskrunner/core/evidence';
import type { Digest, Json, TenantId } from '@taskrunner/core/foundation';
import { PackLibrary, type LibraryPack } from '@taskrunner/core/operations';
import type { PackReference } from '@taskrunner/core/pack';
import { PackVersions, type KnownVersion, type PackRegistry } from '@taskrunner/core/ports';
import { decidePackTrust, type PackTrustPolicy } from '@taskrunner/core/publisher';
import { packRegistryContract, type PackRegistryBench } from '@taskrunner/core/testing';
import { TAR_CODEC } from '../archive/tar-codec';
import { FileSigner } from '../signing/file-signer';
import { loadKey } from '../signing/key-file';
import { openRegistry, type RegistrySetting } from './open-registries';
import { hasProgram, startDockerRegistry, type TestRegistry } from './testing/docker-registry';

const ACME = 'acme' as TenantId;
const GLOBEX = 'globex' as TenantId;
const LIMITS = { timeout: 5_000, maxPackBytes: 1 << 20, maxFiles: 100, maxSignatures: 4, cacheBytes: 0 };
const FILES = [
  { path: 'scripts/run.sh', bytes: Buffer.from('#!/bin/sh\necho hello\n'), executable: true },
  { path: 'schemas/inputs.schema.json', bytes: Buffer.from('{"type":"object"}'), executable: false },
];

function manifestOf(name: string, version = '1.0.0', more = ''): string {
  return `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: ${name}, version: ${version}${more} }
spec:
  steps:
    - { id: greet, run: { uses: "builtin:script", with: { interpreter: [sh], path: scripts/run.sh } } }
`;
}

/** Pack versions in memory, for the duration of a test. */
class Memory extends PackVersions {
  readonly known = new Map<string, KnownVersion>();

  async remember(tenant: TenantId, version: KnownVersion): Promise<Digest> {
    const key = `${tenant}/${version.name}:${version.version}`;
    if (!this.known.has(key)) this.known.set(key, version);
    return this.known.get(key)?.contentDigest as Digest;
  }

  async signaturesOf(): Promise<readonly Json[] | null> {
    return null;
  }
}

function oci(url: string, more: Partial<RegistrySetting> = {}): Promise<PackRegistry> {
  const none = { path: null, usernameFile: null, passwordFile: null, tokenRealm: null };
  return openRegistry({ name: 'main', type: 'oci', url, ...none, ...more }, LIMITS, TAR_CODEC);
}

function folderOf(path: string): Promise<PackRegistry> {
  const none = { url: null, usernameFile: null, passwordFile: null, tokenRealm: null };
  return openRegistry({ name: 'folder', type: 'folder', path, ...none }, LIMITS, TAR_CODEC);
}

function libraryOf(registry: PackRegistry, tenants: readonly string[] = ['acme']): PackLibrary {
  return new PackLibrary([{ registry, tenants, publish: true }], new Memory());
}

interface Publisher {
  readonly signer: FileSigner;
  readonly trusted: PackTrustPolicy['keys'][number];
}

async function publisher(folder: string, keyRef: string, type: 'ed25519' | 'ec' = 'ed25519'): Promise<Publisher> {
  const pair = type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) : generateKeyPairSync('ed25519');
  const path = join(folder, `${keyRef}.pem`);
  writeFileSync(path, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const signer = new FileSigner('pack', await loadKey(path));
  return { signer, trusted: { keyRef, algorithm: type === 'ec' ? 'ecdsa-p256' : 'ed25519', spki } };
}

async function signatureOf(
  { signer }: Publisher,
  { artifact, contentDigest }: Pick<LibraryPack, 'artifact' | 'contentDigest'>,
) {
  const { name, version } = artifact.facts;
  const statement = buildPackStatement({ name, version, contentDigest }, artifact.archive.digest);
  const envelope = await signer.sign('application/vnd.in-toto+json', canonical(statement));
  return sigstoreBundle(envelope, signer.keyid) as unknown as Json;
}

function policyOf(publishers: readonly Publisher[], threshold = 1): PackTrustPolicy {
  const keys = publishers.map(({ trusted }) => trusted);
  const rule = { tenants: ['*'], packs: ['*'], anyOf: keys.map(({ keyRef }) => keyRef), threshold };
  return { unsigned: 'refuse', keys, rules: [rule], deny: [], minimumVersions: [] };
}

function judged(found: LibraryPack, policy: PackTrustPolicy) {
  const { name, version } = found.pack.metadata;
  const about = { name, version, contentDigest: found.contentDigest };
  return decidePackTrust(about, ACME, found.signatures, policy, verifySignature);
}

/** Changes one byte in the middle of a file. */
function corrupt(path: string): void {
  const bytes = readFileSync(path);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

const named = (name: string, version = '1.0.0'): PackReference => ({ name, version, digest: null });

let folder: string;
let release: Publisher;
let security: Publisher;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'taskrunner-registry-'));
  release = await publisher(folder, 'release');
  security = await publisher(folder, 'security', 'ec');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const here = hasProgram('docker-registry') && hasProgram('oras');
(here ? describe : describe.skip)('a registry over HTTP (docker-registry)', () => {
  let server: TestRegistry;
  let registry: PackRegistry;
  let library: PackLibrary;

  beforeAll(async () => {
    server = await startDockerRegistry();
    registry = await oci(`http://${server.host}/packs`);
    library = libraryOf(registry);
  });
  afterAll(() => server?.stop());

  /** Publishes a pack and signs it with these keys. */
  async function published(name: string, publishers: readonly Publisher[], more = ''): Promise<LibraryPack> {
    const source = { manifest: manifestOf(name, '1.0.0', more), hasLines: true, files: FILES };
    await library.publish(ACME, source, []);
    const found = await library.resolve(ACME, named(name));
    const signatures = await Promise.all(publishers.map((one) => signatureOf(one, found)));
    await library.publish(ACME, source, signatures);
    return library.resolve(ACME, named(name));
  }

  /** Files of the registry's storage that hold a blob. */
  function blobPath(digest: Digest): string {
    const hex = digest.slice(7);
    return join(server.storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
  }

  let benches = 0;
  const bench = async (): Promise<PackRegistryBench> => ({
    registry: await oci(`http://${server.host}/bench-${++benches}`),
    corrupt: async (_pack, digest) => corrupt(blobPath(digest)),
    close: async () => undefined,
  });
  // Archives have the same bytes in every case, so a blob that one case damages would damage the others. The storage is therefore deleted.
  const mended = async (run: () => Promise<void>) => {
    await run();
    rmSync(server.storage, { recursive: true, force: true });
  };
  it.each(packRegistryContract(bench))('$name', ({ run }) => mended(run));

  it('gives back a signed pack as it was published, by version and by digest', async () => {
    const found = await published('demo', [release, security]);
    expect(found.source.files).toEqual([...FILES].sort((a, b) => (a.path < b.path ? -1 : 1)));
    expect(judged(found, policyOf([release, security], 2))).toMatchObject({
      signers: [release.signer.keyid, security.signer.keyid].sort(),
      refusal: null,
    });
    const { digest } = found.artifact;
    const again = await library.resolve(ACME, { name: 'demo', version: null, digest });
    expect([again.artifact.digest, again.contentDigest]).toEqual([digest, found.contentDigest]);
  });

  it('is read by oras, digests equal; and oras finds the signatures', async () => {
    const found = await published('for-oras', [release]);
    const reference = `${server.host}/packs/for-oras`;
    const oras = (...args: string[]) => execFileSync('oras', args, { encoding: 'utf8', cwd: folder });
    expect(oras('resolve', '--plain-http', `${reference}:1.0.0`).trim()).toBe(found.artifact.digest);
    oras('pull', '--plain-http', '-o', 'pulled', `${reference}@${found.artifact.digest}`);
    const tar = readFileSync(join(folder, 'pulled', 'for-oras-1.0.0.tar'));
    expect(`sha256:${createHash('sha256').update(tar).digest('hex')}`).toBe(found.artifact.archive.digest);
    const discovered = oras('discover', '--plain-http', '--format', 'json', `${reference}:1.0.0`);
    expect(discovered).toContain('application/vnd.dev.sigstore.bundle.v0.3+json');
  });

  it('takes a pack that oras pushed', async () => {
    const found = await published('pushed-by-us', []);
    const config = canonical({
      schema: 'stellaops.pack.config.v1',
      ...found.artifact.facts,
    });
    const tar = readFileSync(blobPath(found.artifact.archive.digest));
    mkdirSync(join(folder, 'push'), { recursive: true });
    writeFileSync(join(folder, 'push', 'config.json'), config);
    writeFileSync(join(folder, 'push', 'pack.tar'), tar);
    execFileSync(
      'oras',
      [
        'push',
        '--plain-http',
        '--artifact-type',
        'application/vnd.stellaops.pack.v1',
        '--config',
        'config.json:application/vnd.stellaops.pack.config.v1+json',
        `${server.host}/other/pushed-by-us:1.0.0`,
        'pack.tar:application/vnd.stellaops.pack.layer.v1.tar',
      ],
      { cwd: join(folder, 'push') },
    );
    const other = libraryOf(await oci(`http://${server.host}/other`));
    expect((await other.resolve(ACME, named('pushed-by-us'))).contentDigest).toBe(found.contentDigest);
  });

  it.each(['archive', 'artifact'] as const)('refuses an altered %s', async (part) => {
    const found = await published(`altered-${part}`, [release]);
    const digest = part === 'archive' ? found.artifact.archive.digest : found.artifact.digest;
    const bytes = readFileSync(blobPath(digest));
    // In the archive, a byte of a file's content is changed; in the manifest, a byte of an annotation.
    const at = part === 'archive' ? bytes.indexOf('greet') : bytes.indexOf('altered-artifact');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(blobPath(digest), bytes);
    const again = library.resolve(
      ACME,
      part === 'archive' ? named(`altered-${part}`) : { name: `altered-${part}`, version: null, digest },
    );
    // docker-registry verifies manifests itself and does not return altered ones.
    const codes = part === 'archive' ? ['PACK_DIGEST_MISMATCH'] : ['PACK_DIGEST_MISMATCH', 'REGISTRY_UNAVAILABLE'];
    const error: unknown = await again.catch((refused: unknown) => refused);
    expect(codes).toContain((error as { code?: string }).code);
  });

  it('refuses a pack that is not what its artifact says: other content under the same facts', async () => {
    const found = await published('honest', [release]);
    const lying = { ...found.artifact.facts, name: 'lying' };
    await registry.publish(lying, { manifest: manifestOf('lying'), files: [] });
    await expect(library.resolve(ACME, named('lying'))).rejects.toMatchObject({ code: 'PACK_INVALID' });
    await registry.publish(lying, { manifest: manifestOf('lying'), files: FILES });
    await expect(library.resolve(ACME, named('lying'))).rejects.toMatchObject({ code: 'PACK_DIGEST_MISMATCH' });
    // The artifact of another pack under a trusted name.
    await expect(registry.find('honest', { version: '2.0.0', digest: null })).resolves.toBeNull();
    execFileSync('oras', ['tag', '--plain-http', `${server.host}/packs/honest:1.0.0`, '2.0.0']);
    await expect(library.resolve(ACME, named('honest', '2.0.0'))).rejects.toMatchObject({
      code: 'PACK_DIGEST_MISMATCH',
    });
  });

  it('tells unsigned, wrongly signed and unknown apart', async () => {
    const stranger = await publisher(folder, 'stranger');
    const unsigned = await published('unsigned', []);
    expect(judged(unsigned, policyOf([release])).refusal?.code).toBe('PACK_UNSIGNED');
    const unknown = await published('unknown', [stranger]);
    expect(judged(unknown, policyOf([release])).refusal?.code).toBe('PACK_UNTRUSTED');
    const forged = await published('forged', []);
    const bundle = JSON.parse(JSON.stringify(await signatureOf(stranger, forged))) as {
      verificationMaterial: { publicKey: { hint: string } };
      dsseEnvelope: { signatures: { keyid: string }[] };
    };
    bundle.verificationMaterial.publicKey.hint = release.signer.keyid;
    for (const one of bundle.dsseEnvelope.signatures) one.keyid = release.signer.keyid;
    await registry.attach(forged.artifact, bundle);
    const again = await library.resolve(ACME, named('forged'));
    expect(judged(again, policyOf([release])).refusal?.code).toBe('PACK_SIGNATURE_INVALID');
    // A signature of another pack, attached to this pack.
    const swapped = await published('swapped', []);
    await registry.attach(swapped.artifact, await signatureOf(release, forged));
    expect(judged(await library.resolve(ACME, named('swapped')), policyOf([release])).refusal?.code).toBe(
      'PACK_SIGNATURE_INVALID',
    );
  });

  it('counts distinct keys: one key twice is one', async () => {
    const twice = await published('twice', [release]);
    const other = JSON.parse(JSON.stringify(await signatureOf(release, twice))) as Record<string, Json>;
    // A second artifact with a signature of the same key over another encoding of the statement.
    const statement = buildPackStatement({ name: 'twice', version: '1.0.0', contentDigest: twice.contentDigest }, null);
    const envelope = await release.signer.sign('application/vnd.in-toto+json', canonical(statement));
    await registry.attach(twice.artifact, { ...other, dsseEnvelope: envelope as unknown as Json });
    const found = await library.resolve(ACME, named('twice'));
    expect(found.signatures).toHaveLength(2);
    const both = policyOf([release, security], 2);
    expect(judged(found, both)).toMatchObject({ signers: [release.signer.keyid], refusal: { code: 'PACK_UNTRUSTED' } });
    await registry.attach(found.artifact, await signatureOf(security, found));
    expect(judged(await library.resolve(ACME, named('twice')), both).refusal).toBeNull();
  });

  it('never moves a version, and shows a private pack to its owner alone', async () => {
    await published('fixed', []);
    const moved = { manifest: `${manifestOf('fixed')}  timeout: 5m\n`, hasLines: true, files: FILES };
    await expect(library.publish(ACME, moved, [])).rejects.toMatchObject({ code: 'PACK_VERSION_MOVED' });
    await published('shown', [], ', tenantVisibility: [globex]');
    await published('open', [], ', tenantVisibility: public');
    await expect(library.resolve(GLOBEX, named('fixed'))).rejects.toMatchObject({ code: 'PACK_NOT_FOUND' });
    expect((await library.resolve(GLOBEX, named('shown'))).pack.metadata.name).toBe('shown');
    const theirs = (await library.list(GLOBEX, 50, null)).items.map(({ facts }) => facts.name);
    expect(theirs).toEqual(['open', 'shown']);
    const source = { manifest: manifestOf('theirs'), hasLines: true, files: FILES };
    await expect(library.publish(GLOBEX, source, [])).rejects.toMatchObject({ code: 'PACK_PUBLISH_CLOSED' });
    // Overwritten in the registry: detected for tenants that have seen the version.
    const { facts } = (await library.resolve(ACME, named('fixed'))).artifact;
    const overwritten = { manifest: manifestOf('fixed'), files: [{ ...FILES[0], bytes: Buffer.from('x') }] as never };
    await registry.publish({ ...facts, contentDigest: (await contentOf(overwritten)) as Digest }, overwritten);
    await expect(library.resolve(ACME, named('fixed'))).rejects.toMatchObject({ code: 'PACK_VERSION_MOVED' });
  });

  async function contentOf(archive: { manifest: string; files: typeof FILES }): Promise<string> {
    const scratch = libraryOf(await oci(`http://${server.host}/scratch`));
    const { artifact } = await scratch.publish(ACME, { ...archive, hasLines: true }, []);
    return artifact.facts.contentDigest;
  }

  it('lists in pages, each pack once', async () => {
    const all = (await library.list(ACME, 200, null)).items.map(({ facts }) => facts.name);
    const paged: string[] = [];
    for (let after: Parameters<typeof library.list>[2] = null; ;) {
      const { items, next } = await library.list(ACME, 2, after);
      paged.push(...items.map(({ facts }) => facts.name));
      if (next === null) break;
      after = next;
    }
    expect(paged).toEqual(all);
    expect(new Set(paged).size).toBe(paged.length);
  });

  it('refuses what is larger than configured, before it fetches it', async () => {
    const big = [{ path: 'big.bin', bytes: Buffer.alloc(2 << 20), executable: false }];
    const wide = await openRegistry(
      {
        name: 'w',
        type: 'oci',
        url: `http://${server.host}/packs`,
        path: null,
        usernameFile: null,
        passwordFile: null,
        tokenRealm: null,
      },
      { ...LIMITS, maxPackBytes: 1 << 23 },
      TAR_CODEC,
    );
    const manifest = manifestOf('big').replace('scripts/run.sh', 'big.bin');
    await libraryOf(wide).publish(ACME, { manifest, hasLines: true, files: big }, []);
    await expect(library.resolve(ACME, named('big'))).rejects.toMatchObject({ code: 'PACK_TOO_LARGE' });
  });

  it('does not tell others that a pack is there by what is wrong with it', async () => {
    const found = await published('damaged', []);
    const config = createHash('sha256')
      .update(canonical({ schema: 'stellaops.pack.config.v1', ...found.artifact.facts }))
      .digest('hex');
    writeFileSync(blobPath(`sha256:${config}` as Digest), '{}');
    await expect(library.resolve(ACME, named('damaged'))).rejects.toMatchObject({ code: 'PACK_DIGEST_MISMATCH' });
    await expect(library.resolve(GLOBEX, named('damaged'))).rejects.toMatchObject({ code: 'PACK_NOT_FOUND' });
  });

  it('goes offline and back by `oras cp`, signatures with it, and by `skopeo copy`', async () => {
    const found = await published('offline', [release]);
    const layouts = join(folder, 'layouts');
    mkdirSync(layouts);
    const from = `${server.host}/packs/offline:1.0.0`;
    execFileSync('oras', ['cp', '-r', '--from-plain-http', '--to-oci-layout', from, `${layouts}/offline:1.0.0`]);
    const air = libraryOf(await folderOf(layouts));
    const there = await air.resolve(ACME, named('offline'));
    expect([there.artifact.digest, judged(there, policyOf([release])).refusal]).toEqual([found.artifact.digest, null]);
    if (!hasProgram('skopeo')) return;
    const copied = join(folder, 'copied');
    mkdirSync(copied);
    for (const tag of ['1.0.0', found.artifact.digest.replace(':', '-')])
      execFileSync('skopeo', [
        '--insecure-policy',
        'copy',
        '--all',
        '--src-tls-verify=false',
        `docker://${server.host}/packs/offline:${tag}`,
        `oci:${copied}/offline:${tag}`,
      ]);
    const carried = await libraryOf(await folderOf(copied)).resolve(ACME, named('offline'));
    expect(judged(carried, policyOf([release])).refusal).toBeNull();
  });
});

describe('a folder of layouts', () => {
  const bench = async (): Promise<PackRegistryBench> => {
    const path = mkdtempSync(join(tmpdir(), 'taskrunner-layouts-'));
    return {
      registry: await folderOf(path),
      corrupt: async (pack, digest) => corrupt(join(path, pack, 'blobs/sha256', digest.slice(7))),
      close: async () => rmSync(path, { recursive: true, force: true }),
    };
  };
  it.each(packRegistryContract(bench))('$name', ({ run }) => run());

  it('loses nothing where several publish and attach at once', async () => {
    const { registry, close } = await bench();
    try {
      const pack = (version: string) => {
        const facts = { name: 'demo', version, contentDigest: `sha256:${'0'.repeat(64)}` as Digest, description: null };
        return registry.publish({ ...facts, tenantVisibility: 'private' }, { manifest: version, files: [] });
      };
      const versions = ['1.0.0', '1.0.1', '1.0.2', '1.0.3'];
      const [first] = await Promise.all(versions.map(pack));
      if (!first) throw new Error('nothing was published');
      await Promise.all(versions.map((version) => registry.attach(first, { by: version })));
      expect([...(await registry.versions('demo'))].sort()).toEqual(versions);
      expect(await registry.signatures(first)).toHaveLength(versions.length);
    } finally {
      await close();
    }
  });

  it('is published to, read, listed, and refuses altered bytes', async () => {
    const path = mkdtempSync(join(tmpdir(), 'taskrunner-layouts-'));
    try {
      const library = libraryOf(await folderOf(path));
      const source = { manifest: manifestOf('demo', '1.2.0-rc.1+b7'), hasLines: true, files: FILES };
      const { isNew } = await library.publish(ACME, source, []);
      const found = await library.resolve(ACME, named('demo', '1.2.0-rc.1+b7'));
      const signed = await signatureOf(release, found);
      expect([isNew, (await library.publish(ACME, source, [signed])).isNew]).toEqual([true, false]);
      await library.publish(ACME, source, [signed]);
      const again = await library.resolve(ACME, named('demo', '1.2.0-rc.1+b7'));
      expect(again.signatures).toEqual([signed]);
      expect((await library.list(ACME, 10, null)).items.map(({ facts }) => facts.version)).toEqual(['1.2.0-rc.1+b7']);
      const blob = join(path, 'demo/blobs/sha256', found.artifact.archive.digest.slice(7));
      const bytes = readFileSync(blob);
      bytes[600] = (bytes[600] ?? 0) ^ 1;
      writeFileSync(blob, bytes);
      await expect(library.resolve(ACME, named('demo', '1.2.0-rc.1+b7'))).rejects.toMatchObject({
        code: 'PACK_DIGEST_MISMATCH',
      });
      expect(readdirSync(join(path, 'demo')).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  });
});

(here ? describe : describe.skip)('a registry that asks who is there', () => {
  let server: TestRegistry;
  let proxy: Server;
  let host: string;
  let challenge: string;
  const tokens = { issued: 0, scopes: new Set<string>() };
  const basic = `Basic ${Buffer.from('robot:s3cret').toString('base64')}`;

  beforeAll(async () => {
    server = await startDockerRegistry();
    for (const [name, text] of [
      ['robot', 'robot\n'],
      ['right', 's3cret\n'],
      ['wrong', 'guess\n'],
    ] as const)
      writeFileSync(join(folder, name), text);
    // A proxy in front of docker-registry, on the same host. It requires credentials, issues tokens for them, and forwards the other
    // requests.
    proxy = createServer((request, response) => {
      const { authorization } = request.headers;
      const url = new URL(request.url ?? '/', host);
      if (url.pathname === '/token') {
        tokens.issued++;
        tokens.scopes.add(url.searchParams.get('scope') ?? '');
        if (authorization !== basic) response.writeHead(401).end();
        else response.end(JSON.stringify({ token: `t-${url.searchParams.get('scope')}`, expires_in: 300 }));
        return;
      }
      const scheme = challenge.split(' ', 1)[0];
      const isLetIn = scheme === 'Basic' ? authorization === basic : authorization?.startsWith('Bearer t-repository:');
      if (!isLetIn) {
        response.writeHead(401, { 'www-authenticate': challenge }).end();
        return;
      }
      const { authorization: _dropped, ...headers } = request.headers;
      const onward = requestTo(
        `http://${server.host}${request.url}`,
        { method: request.method ?? 'GET', headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      request.pipe(onward);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    host = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;
  });
  afterAll(async () => {
    proxy?.close();
    proxy?.closeAllConnections();
    await server?.stop();
  });

  const with_ = async (password: string) =>
    libraryOf(
      await oci(`${host}/packs`, { usernameFile: join(folder, 'robot'), passwordFile: join(folder, password) }),
    );

  it.each(['Basic realm="packs"', 'Bearer realm="/token",service="packs"'])('by %s is answered', async (asked) => {
    challenge = asked;
    const name = asked.startsWith('Basic') ? 'basic' : 'bearer';
    const source = { manifest: manifestOf(name), hasLines: true, files: FILES };
    const library = await with_('right');
    await library.publish(ACME, source, []);
    expect((await library.resolve(ACME, named(name))).pack.metadata.name).toBe(name);
    await expect((await with_('wrong')).resolve(ACME, named(name))).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    await expect(libraryOf(await oci(`${host}/packs`)).resolve(ACME, named(name))).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
    });
  });

  it('gives one token for many exchanges, of no wider scope than each needs', () => {
    expect([...tokens.scopes].sort()).toEqual(['repository:packs/bearer:pull', 'repository:packs/bearer:pull,push']);
    expect(tokens.issued).toBeLessThanOrEqual(4);
  });
});

describe('a registry that points elsewhere', () => {
  let server: Server;
  let host: string;
  let elsewhere: Server;
  const asked: string[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => response.end();

  beforeAll(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
    elsewhere = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('{"token":"stolen"}');
    }).listen(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(elsewhere, 'listening')]);
    host = addressOf(server);
  });
  afterAll(async () => {
    server.close();
    elsewhere.close();
    server.closeAllConnections();
    elsewhere.closeAllConnections();
  });

  const addressOf = (one: Server): string => `http://127.0.0.1:${(one.address() as { port: number }).port}`;
  const refusedWith = async (code: string, more: Partial<RegistrySetting> = {}) => {
    const library = libraryOf(await oci(`${host}/packs`, more));
    await expect(library.resolve(ACME, named('demo'))).rejects.toMatchObject({ code });
  };

  it.each([301, 302, 303, 307, 308])('by a redirect (%d) is refused, and nobody else is asked', async (status) => {
    answer = (_request, response) => response.writeHead(status, { location: `${addressOf(elsewhere)}/v2/x` }).end();
    await refusedWith('REGISTRY_REFUSED');
    expect(asked).toEqual([]);
  });

  it('by a token realm is refused before credentials are sent', async () => {
    writeFileSync(join(folder, 'user'), 'robot\n');
    writeFileSync(join(folder, 'password'), 's3cret\n');
    const credentials = { usernameFile: join(folder, 'user'), passwordFile: join(folder, 'password') };
    answer = (_request, response) =>
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${addressOf(elsewhere)}/token",service="s"` }).end();
    await refusedWith('REGISTRY_REFUSED', credentials);
    expect(asked).toEqual([]);
    // A configured token realm is used, exactly as given.
    await refusedWith('REGISTRY_DENIED', { ...credentials, tokenRealm: `${addressOf(elsewhere)}/token` });
    expect(asked).toHaveLength(1);
    asked.length = 0;
  });

  it('by an upload location is refused', async () => {
    answer = (request, response) => {
      if (request.method === 'POST') response.writeHead(202, { location: `${addressOf(elsewhere)}/upload` }).end();
      else response.writeHead(404).end();
    };
    const library = libraryOf(await oci(`${host}/packs`));
    const source = { manifest: manifestOf('demo'), hasLines: true, files: FILES };
    await expect(library.publish(ACME, source, [])).rejects.toMatchObject({ code: 'REGISTRY_REFUSED' });
    expect(asked).toEqual([]);
  });

  it('to itself without end is refused; without an answer it is unavailable; endless bytes are cut', async () => {
    answer = (_request, response) => response.writeHead(302, { location: '/v2/again' }).end();
    await refusedWith('REGISTRY_REFUSED');
    answer = (_request, response) => response.writeHead(503).end();
    await refusedWith('REGISTRY_UNAVAILABLE');
    answer = (_request, response) => response.destroy();
    await refusedWith('REGISTRY_UNAVAILABLE');
    answer = (_request, response) => response.writeHead(200).end(Buffer.alloc(5 << 20));
    await refusedWith('PACK_TOO_LARGE');
    const digest = `sha256:${'a'.repeat(64)}` as Digest;
    answer = (_request, response) => response.writeHead(200).end('{"schemaVersion":2}');
    const altered = libraryOf(await oci(`${host}/packs`)).resolve(ACME, { name: 'demo', version: null, digest });
    await expect(altered).rejects.toMatchObject({ code: 'PACK_DIGEST_MISMATCH' });
    answer = (_request, response) => response.writeHead(200).end('[]');
    await refusedWith('PACK_ARTIFACT_INVALID');
  });
});
