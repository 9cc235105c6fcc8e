import { spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprint } from '@taskrunner/core/evidence';
import type { Json } from '@taskrunner/core/foundation';
import { hasProgram, startDockerRegistry } from './stack/docker-registry';
import { Caller, ROOT, startStack, type DevStack } from './stack/stack';
import { NODE_ENVIRONMENT } from './stack/node-environment';

// A server that accepts only signed packs, a real registry, publishers with their own keys, and adversaries who can write to the registry.

const has = hasProgram('docker-registry') && hasProgram('oras');
const SIGSTORE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

function manifestOf(name: string, more = ''): string {
  return `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: ${name}, version: 1.0.0${more} }
spec:
  inputs: [ { name: whom, type: string, default: world } ]
  steps:
    - id: greet
      run: { uses: "builtin:transform", with: { outputs: { text: "hello {{ inputs.whom }}" } } }
`;
}

(has ? describe : describe.skip)('packs from a registry', () => {
  let folder: string;
  let registry: Awaited<ReturnType<typeof startDockerRegistry>>;
  let stack: DevStack;
  let ada: Caller;
  let wendy: Caller;
  let mallory: Caller;
  let at: string;
  const spki = new Map<string, string>();

  interface Ran {
    readonly status: number | null;
    readonly out: Record<string, Json>;
    readonly stdout: string;
    readonly stderr: string;
  }

  async function cli(args: readonly string[], token?: string): Promise<Ran> {
    const env = {
      ...NODE_ENVIRONMENT,
      HOME: folder,
      ...(token === undefined ? {} : { TASKRUNNER_SERVER: stack.server, TASKRUNNER_TOKEN: token }),
    };
    return reported(await stack.taskrunner(args, env));
  }

  /** Adds the last line of output if it is JSON. */
  function reported(ended: Omit<Ran, 'out'>): Ran {
    const last = ended.stdout.trim().split('\n').at(-1) ?? '';
    return { ...ended, out: last.startsWith('{') ? (JSON.parse(last) as Record<string, Json>) : {} };
  }

  const key = (name: string) => join(folder, `${name}.pem`);

  function makeKey(name: string, type: 'ed25519' | 'ec'): void {
    const pair =
      type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) : generateKeyPairSync('ed25519');
    writeFileSync(key(name), pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const publicKey = createPublicKey(pair.privateKey);
    writeFileSync(`${key(name)}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
    spki.set(name, publicKey.export({ type: 'spki', format: 'der' }).toString('base64'));
  }

  /** Creates a folder with a pack. */
  function write(name: string, more = ''): string {
    const path = join(folder, 'packs', name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'pack.yaml'), manifestOf(name, more));
    writeFileSync(join(path, 'NOTICE'), `the pack ${name}\n`);
    return path;
  }

  /** Publishes a pack, signed with these keys. */
  async function push(name: string, keys: readonly string[], more = ''): Promise<Record<string, Json>> {
    const path = write(name, more);
    const signing = keys.flatMap((one) => ['--key', key(one)]);
    const { status, out, stderr } = await cli(['pack', 'push', path, '--registry', at, ...signing, '--output', 'json']);
    if (status !== 0) throw new Error(stderr);
    return out;
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-packs-'));
    registry = await startDockerRegistry();
    at = `http://${registry.host}/packs`;
    makeKey('release', 'ed25519');
    makeKey('security', 'ec');
    makeKey('stranger', 'ed25519');
    const build = ['pack', 'build', write('banned'), '--file', join(folder, 'b.tar'), '--output', 'json'];
    const banned = reported(
      spawnSync(process.execPath, [join(ROOT, 'apps/cli/bin/taskrunner.js'), ...build], { encoding: 'utf8' }),
    );
    const keys = ['release', 'security'];
    stack = await startStack(join(folder, 'state'), {
      configuration: {
        packsRegistry: {
          unsigned: 'refuse',
          registries: [{ name: 'main', url: at, tenants: ['acme'], publish: true }],
          keys: keys.map((keyRef) => ({ keyRef, publicKeyFile: `${key(keyRef)}.pub` })),
          rules: [{ packs: ['*'], anyOf: keys, threshold: 2 }],
          deny: [banned.out['contentDigest']],
          minimumVersions: [{ pack: 'old', version: '2.0.0' }],
        },
      },
    });
    ada = new Caller(stack.server, await stack.tokenFor('ada'));
    wendy = new Caller(stack.server, await stack.tokenFor('wendy'));
    mallory = new Caller(stack.server, await stack.tokenFor('mallory'));
  }, 180_000);

  afterAll(async () => {
    await stack?.stop();
    await registry?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const run = (pack: string, by = ada) => by.ask('POST', '/api/runs', { pack });

  it('run by name and version; their signers are in the evidence, and verify checks them', async () => {
    const pushed = await push('demo', ['release', 'security']);
    const ran = await cli(
      ['run', 'demo:1.0.0', '-i', 'whom=registry', '--output', 'ndjson'],
      await stack.tokenFor('ada'),
    );
    expect([ran.status, ran.out]).toEqual([0, expect.objectContaining({ type: 'run.finished', status: 'succeeded' })]);
    const runId = ran.out['runId'] as string;
    expect(await ada.summary(runId)).toMatchObject({
      pack: { name: 'demo', version: '1.0.0', digest: pushed['contentDigest'] },
    });
    const bundle = join(folder, 'evidence.tar');
    writeFileSync(bundle, await ada.sealed(runId));
    const verify = (packSigners: number, publishers: readonly string[]) => {
      const trust = JSON.parse(readFileSync(stack.trustPath, 'utf8')) as {
        keys: object[];
        require: Record<string, unknown>;
      };
      const validFor = { start: '2020-01-01T00:00:00.000Z', end: '2040-01-01T00:00:00.000Z' };
      trust.keys.push(
        ...publishers.map((name) => ({
          keyid: fingerprint(spki.get(name) ?? ''),
          algorithm: name === 'security' ? 'ecdsa-p256' : 'ed25519',
          spki: spki.get(name),
          usages: ['pack'],
          builders: [],
          tenants: ['acme'],
          validFor,
          revoked: null,
        })),
      );
      trust.require['packSigners'] = packSigners;
      const file = join(folder, 'trust.json');
      writeFileSync(file, JSON.stringify(trust));
      return cli(['verify', bundle, '--trust', file, '--allow-dev', '--json']);
    };
    const { status, out } = await verify(2, ['release', 'security']);
    const checks = out['checks'] as unknown as { name: string; ok: boolean; basis: string }[];
    expect([status, checks.filter(({ ok }) => !ok)]).toEqual([0, []]);
    expect(checks.find(({ name }) => name === 'pack.signers')).toMatchObject({ basis: 'recomputed' });
    expect((await verify(3, ['release', 'security', 'stranger'])).status).toBe(9);
    expect((await verify(2, ['release'])).status).toBe(9);
    // By the digest of the artifact, and as a submitted manifest: the same pack and the same signers.
    const byDigest = await run(`demo@${pushed['digest'] as string}`);
    expect(byDigest.status).toBe(201);
    const files = [{ path: 'NOTICE', contentBase64: Buffer.from('the pack demo\n').toString('base64') }];
    const inline = await ada.ask('POST', '/api/runs', { manifest: manifestOf('demo'), files });
    expect(inline.status).toBe(201);
    expect(inline.body['planHash']).toBe(byDigest.body['planHash']);
  }, 120_000);

  it('may be planned and simulated unsigned, not run', async () => {
    const body = { manifest: manifestOf('unsigned'), inputs: {} };
    expect((await ada.ask('POST', '/api/plans', body)).status).toBe(200);
    expect((await ada.ask('POST', '/api/simulations', body)).status).toBe(200);
    expect(await ada.ask('POST', '/api/runs', body)).toMatchObject({ status: 403, body: { code: 'PACK_UNSIGNED' } });
    await push('unsigned', []);
    expect((await ada.ask('POST', '/api/plans', { pack: 'unsigned:1.0.0' })).status).toBe(200);
    expect(await run('unsigned:1.0.0')).toMatchObject({ status: 403, body: { code: 'PACK_UNSIGNED' } });
    const reported = await cli(['run', 'unsigned:1.0.0'], await stack.tokenFor('ada'));
    expect([reported.status, reported.stderr]).toEqual([3, expect.stringContaining('PACK_UNSIGNED')]);
    expect((await ada.ask('GET', '/api/packs/unsigned/1.0.0')).body).toMatchObject({
      runnable: false,
      refusal: { code: 'PACK_UNSIGNED' },
    });
  });

  it('each refusal has its code', async () => {
    await push('half', ['release']);
    expect((await run('half:1.0.0')).body['code']).toBe('PACK_UNTRUSTED');
    await push('twice', ['release', 'release']);
    expect((await run('twice:1.0.0')).body['code']).toBe('PACK_UNTRUSTED');
    await push('unknown', ['stranger']);
    expect((await run('unknown:1.0.0')).body['code']).toBe('PACK_UNTRUSTED');
    await push('banned', ['release', 'security']);
    const denied = await run('banned:1.0.0');
    expect(denied).toMatchObject({ status: 403, body: { code: 'PACK_UNTRUSTED' } });
    expect(denied.body['detail']).toContain('deny list');
    await push('old', ['release', 'security']);
    expect((await run('old:1.0.0')).body).toMatchObject({ code: 'PACK_UNTRUSTED' });
    expect((await run('nobody:1.0.0')).body['code']).toBe('PACK_NOT_FOUND');
    for (const pack of ['evil.example/demo:1.0.0', 'evil.example:5000/demo:1.0.0', 'demo', 'demo:latest'])
      expect(await run(pack)).toMatchObject({ status: 422, body: { code: 'REQUEST_INVALID' } });
    expect(await ada.ask('POST', '/api/runs', { pack: 'demo:1.0.0', manifest: 'x' })).toMatchObject({ status: 422 });
    expect(await ada.ask('POST', '/api/runs', {})).toMatchObject({ status: 422, body: { code: 'REQUEST_INVALID' } });
  }, 60_000);

  it('an altered archive is refused, whoever signed it', async () => {
    const { archiveDigest } = await push('altered', ['release', 'security']);
    const hex = (archiveDigest as string).slice(7);
    const blob = join(registry.storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
    writeFileSync(blob, readFileSync(blob).toString('latin1').replace('hello', 'hullo'), 'latin1');
    expect(await run('altered:1.0.0')).toMatchObject({ status: 422, body: { code: 'PACK_DIGEST_MISMATCH' } });
    expect((await ada.ask('POST', '/api/plans', { pack: 'altered:1.0.0' })).body['code']).toBe('PACK_DIGEST_MISMATCH');
  });

  it('a wrong signature that `oras` attached is refused; a right one that `oras` attached counts', async () => {
    const path = write('attached');
    await push('attached', ['release']);
    const sign = (by: string, file: string) =>
      cli(['pack', 'sign', path, '--key', key(by), '--file', join(folder, file), '--output', 'json']);
    await sign('stranger', 'forged.json');
    const security = await sign('security', 'security.json');
    const [keyid] = security.out['signers'] as string[];
    const forged = JSON.parse(readFileSync(join(folder, 'forged.json'), 'utf8')) as {
      verificationMaterial: { publicKey: { hint: string } };
      dsseEnvelope: { signatures: { keyid: string }[] };
    };
    forged.verificationMaterial.publicKey.hint = keyid as string;
    for (const one of forged.dsseEnvelope.signatures) one.keyid = keyid as string;
    writeFileSync(join(folder, 'forged.json'), JSON.stringify(forged));
    const attach = (file: string) => {
      const args = ['attach', '--plain-http', '--artifact-type', SIGSTORE, `${registry.host}/packs/attached:1.0.0`];
      const { status, stderr } = spawnSync('oras', [...args, `${file}:${SIGSTORE}`], { cwd: folder, encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, expect.anything()]);
    };
    attach('forged.json');
    expect(await run('attached:1.0.0')).toMatchObject({ status: 403, body: { code: 'PACK_SIGNATURE_INVALID' } });
    attach('security.json');
    expect((await run('attached:1.0.0')).status).toBe(201);
  });

  it('are published through the API, listed, never moved, and absent for another tenant', async () => {
    const path = write('published');
    const token = await stack.tokenFor('wendy');
    const keys = ['--key', key('release'), '--key', key('security')];
    expect((await cli(['pack', 'push', path, ...keys], token)).status).toBe(0);
    expect((await run('published:1.0.0')).status).toBe(201);
    const moved = { manifest: manifestOf('published', ', description: same') };
    expect(await wendy.ask('POST', '/api/packs', moved)).toMatchObject({
      status: 409,
      body: { code: 'PACK_VERSION_MOVED' },
    });
    expect((await ada.ask('POST', '/api/packs', moved)).body['code']).toBe('SCOPE_MISSING');
    const foreign = { ...moved, manifest: manifestOf('other'), signatures: [{ dsseEnvelope: {} }] };
    expect((await wendy.ask('POST', '/api/packs', foreign)).body['code']).toBe('PACK_SIGNATURE_INVALID');
    const { items } = (await ada.ask('GET', '/api/packs?limit=200')).body as unknown as { items: { name: string }[] };
    expect(items.map(({ name }) => name)).toEqual([...items.map(({ name }) => name)].sort());
    expect(items.map(({ name }) => name)).toContain('published');
    expect((await ada.ask('GET', '/api/packs/published/1.0.0')).body).toMatchObject({
      runnable: true,
      inputs: [{ name: 'whom' }],
    });
    // Another tenant cannot distinguish a private pack from one that does not exist.
    expect((await mallory.ask('GET', '/api/packs')).body).toEqual({ items: [], nextCursor: null });
    const answers = await Promise.all(['published:1.0.0', 'publishes:1.0.0'].map((pack) => run(pack, mallory)));
    const [private_, absent] = answers.map(({ status, body }) => ({ status, ...body, traceId: '', detail: '' }));
    expect(private_).toEqual(absent);
    await push('shared', ['release', 'security'], ', tenantVisibility: [globex]');
    expect((await run('shared:1.0.0', mallory)).status).toBe(201);
  }, 60_000);

  it('are pulled, verified and planned on the command line; cosign takes the signature of the archive', async () => {
    await push('pulled', ['release', 'security']);
    const to = join(folder, 'pulled');
    const pulled = await cli(['pack', 'pull', 'pulled:1.0.0', '--registry', at, '--to', to, '--output', 'json']);
    expect(pulled.status).toBe(0);
    const tar = join(to, 'pulled-1.0.0.tar');
    const signatures = (pulled.out['signatures'] as string[]).flatMap((file) => ['--signature', file]);
    const verify = (...more: string[]) => cli(['pack', 'verify', tar, ...signatures, ...more, '--output', 'json']);
    const both = ['--key', `${key('release')}.pub`, '--key', `${key('security')}.pub`];
    expect(await verify(...both, '--threshold', '2')).toMatchObject({ status: 0, out: { ok: true } });
    expect(await verify('--key', `${key('stranger')}.pub`)).toMatchObject({
      status: 9,
      out: { code: 'PACK_UNTRUSTED' },
    });
    expect(await cli(['pack', 'verify', 'pulled:1.0.0', '--registry', at, ...both])).toMatchObject({ status: 0 });
    // Signed in the registry, and pulled to a folder together with its signatures.
    expect((await cli(['pack', 'sign', 'pulled:1.0.0', '--registry', at, '--key', key('stranger')])).status).toBe(0);
    const air = join(folder, 'air');
    mkdirSync(air);
    const carried = await cli(['pack', 'push', tar, '--registry', air, ...signatures, '--output', 'json']);
    expect([carried.status, carried.out['digest']]).toEqual([0, pulled.out['digest']]);
    for (const [where, by, status] of [
      [at, 'stranger', 0],
      [air, 'release', 0],
      [air, 'stranger', 9],
    ] as const) {
      const ran = await cli(['pack', 'verify', 'pulled:1.0.0', '--registry', where, '--key', `${key(by)}.pub`]);
      expect([where, by, ran.status]).toEqual([where, by, status]);
    }
    const listed = await cli(['pack', 'list', '--registry', at, '--output', 'json']);
    expect(JSON.parse(listed.stdout)).toContainEqual(expect.objectContaining({ name: 'pulled', version: '1.0.0' }));
    const offline = await cli(['plan', 'pulled:1.0.0', '--config', stack.configurationPath, '--output', 'json']);
    const online = await ada.ask('POST', '/api/plans', { pack: 'pulled:1.0.0' });
    expect([offline.status, offline.out['planHash']]).toEqual([0, online.body['planHash']]);
    if (!hasProgram('cosign')) return;
    const root = join(folder, 'root.json');
    writeFileSync(root, '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}');
    const cosign = (by: string, subject: string) =>
      (pulled.out['signatures'] as string[]).map((bundle) =>
        spawnSync(
          'cosign',
          [
            'verify-blob-attestation',
            '--key',
            `${key(by)}.pub`,
            '--bundle',
            bundle,
            '--new-bundle-format',
            '--trusted-root',
            root,
            '--insecure-ignore-tlog=true',
            '--type',
            'https://stellaops.io/attestation/pack/v1',
            subject,
          ],
          { encoding: 'utf8' },
        ).stderr.includes('Verified OK'),
      );
    expect(cosign('release', tar).sort()).toEqual([false, true]);
    expect(cosign('security', tar).sort()).toEqual([false, true]);
    expect(cosign('release', key('release'))).toEqual([false, false]);
  }, 60_000);
});
