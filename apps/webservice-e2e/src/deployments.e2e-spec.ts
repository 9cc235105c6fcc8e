import { execFile, fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import {
  fingerprint,
  verifyRun,
  verifySignature,
  type EvidenceDocuments,
  type KeyUsage,
  type TrustFile,
} from '@taskrunner/core/evidence';
import { trustOf } from '@taskrunner/core/testing';
import { readTar } from '@taskrunner/infrastructure/archive';
import { installation, type Installation, type Sections } from '@taskrunner/infrastructure/testing/installation';
import { createWebservice, type RunningWebservice } from '@taskrunner/webservice';
import { WorkerModule } from '@taskrunner/worker';
import { atNight } from './stack/at-night';
import { Caller, pack, ROOT } from './stack/stack';

// Deployments that are compositions of the modules, on one database: webservice and worker in one application, the same without network
// access, and the programs of a platform team in a folder outside of the workspace. Each executes a pack, and its evidence verifies.
// Separate processes of the packages' own main programs are covered by the stack of the other specs (`stack/stack.ts`).

const LIMITS = { maxBytes: 1 << 28, maxFiles: 10_000, maxFileBytes: 1 << 27 };
const KEYS: readonly KeyUsage[] = ['admission', 'ledger', 'run-open', 'run-sealed', 'bundle'];
const UNSIGNED = { unsigned: 'run' };
const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let world: Installation;

beforeAll(async () => {
  const jwk = { ...authority.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'ES256' };
  world = await installation({ jwks: { keys: [jwk] } });
}, 120_000);

afterAll(() => world?.remove(), 30_000);

/** A person of a tenant (RFC 9068). */
function personOf(tenant: string, server: string): Caller {
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    ...{ iss: 'https://issuer.example', aud: 'api', sub: 'ada', tenant, scope: 'packs.run packs.read' },
    ...{ iat: now, exp: now + 3_600, auth_time: now },
  };
  const parts = [{ alg: 'ES256', typ: 'at+jwt', kid: 'k' }, claims];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key: authority.privateKey, dsaEncoding: 'ieee-p1363' });
  return new Caller(server, `${signed}.${signature.toString('base64url')}`);
}

/** Trusts the keys of the installation. */
async function trust(): Promise<TrustFile> {
  const start = new Date(Date.now() - 3_600_000).toISOString();
  const end = new Date(Date.now() + 86_400_000).toISOString();
  const keys = await Promise.all(
    KEYS.map(async (usage) => {
      const pem = await readFile(join(world.folder, `${usage}.pub.pem`), 'utf8');
      const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64');
      const builders = usage.startsWith('run-') ? ['https://stellaops.io/taskrunner/builders/local/v1'] : [];
      return {
        ...{ keyid: fingerprint(spki), algorithm: 'ed25519' as const, spki, usages: [usage], builders },
        ...{ tenants: ['*'], validFor: { start, end }, revoked: null },
      };
    }),
  );
  return { ...trustOf([]), issued: start, expires: end, keys };
}

async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/** Executes a pack to its end. Returns its outputs and the verified documents of its evidence. */
async function proven(caller: Caller, manifest: string, inputs = {}) {
  const run = await caller.submit(manifest, inputs);
  const { status, outputs } = await caller.until(run, ['succeeded', 'failed']);
  const files = await readTar(pieces(await caller.sealed(run)), LIMITS);
  const { checks, documents } = verifyRun({ files, trust: await trust(), verifySignature, now: Date.now() });
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(status).toBe('succeeded');
  return { outputs, documents: documents as EvidenceDocuments };
}

/** Webservice and worker in one application. */
async function together(sections: Sections): Promise<RunningWebservice> {
  const configuration = world.configured({ packsRegistry: UNSIGNED, ...sections });
  return createWebservice(configuration, { imports: [WorkerModule.forRoot({ configuration, embedded: true })] });
}

it('embedded: webservice and worker are one application, and end with it; without bubblewrap it refuses sealed runs', async () => {
  const without = {
    profile: 'none',
    bubblewrap: join(world.folder, 'none'),
    workDirectory: join(world.folder, 'work'),
  };
  const { url, stop } = await together({ sealedMode: { wait: '2s' }, sandbox: without });
  const answer = `- { id: answer, run: { uses: "builtin:transform", with: { outputs: { value: "{{ inputs.value + 1 }}" } } } }`;
  const manifest = pack(
    answer,
    '  inputs: [ { name: value, type: number } ]\n  outputs: [ { name: value, type: number, value: "{{ steps.answer.outputs.value }}" } ]\n',
  );
  try {
    const caller = personOf('embedded', url);
    const { outputs, documents } = await proven(caller, manifest, { value: 41 });
    expect(outputs).toEqual({ value: 42 });
    expect(documents.environment.mode).toBe('open');
    const sealed = pack('- { id: a, run: { uses: "builtin:noop" } }', '  sandbox: { mode: sealed }\n');
    const refused = await caller.ask('POST', '/api/runs', { manifest: sealed, inputs: {} });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'SEALED_UNENFORCEABLE', detail: expect.stringContaining('sealed mode') as string },
    });
  } finally {
    await stop();
  }
  expect(await world.connections()).toBe(0);
}, 120_000);

atNight(
  'in a folder: webservice and worker share the database of their process, which nobody else can open',
  async () => {
    const folder = join(world.folder, 'storage');
    const database = { kind: 'file', folder, poolSize: 4 };
    const manifest = pack(`- { id: a, run: { uses: "builtin:noop" } }`);
    const first = await together({ database });
    let run: string;
    try {
      const caller = personOf('in-folder', first.url);
      await proven(caller, manifest);
      run = await caller.submit(manifest, {});
      await caller.until(run, ['succeeded']);
      const held = { code: 'STORAGE_HELD', message: expect.stringContaining(`process ${process.pid}`) as string };
      await expect(createWebservice(world.configured({ database }))).rejects.toMatchObject(held);
    } finally {
      await first.stop();
    }
    expect(existsSync(join(folder, 'owner'))).toBe(false);
    const second = await together({ database });
    try {
      await personOf('in-folder', second.url).until(run, ['succeeded']);
    } finally {
      await second.stop();
    }
  },
  240_000,
);

it('air-gapped: packs come from a folder, keys from files, and every step is sealed', async () => {
  if (spawnSync('which', ['bwrap']).status !== 0) {
    if (process.env['CI'] === 'true') throw new Error('bubblewrap is missing');
    return console.warn('skipped: bubblewrap is missing');
  }
  const path = join(world.folder, 'carried');
  await mkdir(path, { recursive: true });
  const { url, stop } = await together({
    sealedMode: { enabled: true, required: true },
    sandbox: { profile: 'bwrap', workDirectory: join(world.folder, 'sealed') },
    packsRegistry: { ...UNSIGNED, registries: [{ name: 'carried', type: 'folder', path, tenants: ['*'] }] },
  });
  const caller = personOf('sealed', url);
  const inside = pack(`- { id: hello, run: { uses: "builtin:command", with: { command: [echo, hello] } } }`);
  const outside = pack(`- { id: call, run: { uses: "builtin:http", with: { url: "https://example.org/" } } }`);
  try {
    const { documents } = await proven(caller, inside);
    expect(documents.environment).toMatchObject({ mode: 'sealed', isolation: 'bwrap-sealed/v1' });
    const refused = await caller.ask('POST', '/api/runs', { manifest: outside, inputs: {} });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ code: 'SEALED_EGRESS_DENIED' }] } });
  } finally {
    await stop();
  }
}, 120_000);

/** A process with the line that it prints when it is ready, and its standard error. */
interface Started {
  readonly child: ChildProcess;
  readonly ready: Readonly<Record<string, string>>;
  readonly said: Promise<string>;
}

describe('a platform team, in a folder outside of the workspace', () => {
  const token = 'from the vault';
  const binding = { name: 'deploy-token', provider: 'vault', ref: 'deploy/token', tenants: ['platform'], packs: ['*'] };
  let folder: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = join(world.folder, 'outside');
    await mkdir(join(folder, 'node_modules/@taskrunner'), { recursive: true });
    await cp(join(ROOT, 'examples/own-platform'), folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'outside', private: true }));
    for (const name of ['@nestjs', '@types', 'typescript-native'])
      await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
    for (const name of ['libs/core', 'libs/infrastructure', 'apps/webservice', 'apps/worker'])
      await symlink(join(ROOT, name), join(folder, 'node_modules/@taskrunner', name.split('/')[1] ?? ''));
    const tsc = join(folder, 'node_modules/typescript-native/bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: folder }).catch(
      ({ stdout }: { stdout: string }) => {
        throw new Error(stdout);
      },
    );
    const configurationFile = join(folder, 'task-runner.yaml');
    await writeFile(
      configurationFile,
      world.text({
        telemetry: { logLevel: 'info' },
        packsRegistry: UNSIGNED,
        secrets: {
          providers: [{ id: 'vault', kind: 'custom' }],
          bindings: [{ ...binding, signedBy: ['unsigned'] }],
        },
      }),
    );
    env = { ...process.env, TASKRUNNER_CONFIG: configurationFile };
  }, 120_000);

  async function started(program: string): Promise<Started> {
    const child = spawn(process.execPath, [join(folder, 'dist', program)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = text(child.stderr);
    const [line] = (await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      said.then((all) => Promise.reject(new Error(all))),
    ])) as [string];
    return { child, ready: JSON.parse(line) as Record<string, string>, said };
  }

  /** The events that a process has printed by its end. */
  async function eventsOf(child: ChildProcess, said: Promise<string>): Promise<readonly string[]> {
    const [code] = (child.exitCode === null ? await once(child, 'exit') : [child.exitCode]) as [number];
    expect(code).toBe(0);
    const lines = (await said).trim().split('\n');
    return lines.map((line) => (JSON.parse(line) as { event: string }).event);
  }

  it('plans, performs and proves steps of its own with secrets of its own, and its schedules rest on weekends', async () => {
    const webservice = await started('webservice.js');
    const worker = await started('worker.js');
    const caller = personOf('platform', webservice.ready['url'] ?? '');
    const step = `- { id: deploy, run: { uses: "ext:deployment@1.0.0", with: { service: "{{ inputs.service }}", version: "1.2.3" }, secrets: [ { name: deploy-token, env: DEPLOY_TOKEN } ] } }`;
    const manifest = pack(
      step,
      '  inputs: [ { name: service, type: string } ]\n  secrets: [ { name: deploy-token } ]\n  outputs: [ { name: receipt, type: string, value: "{{ steps.deploy.outputs.receipt }}" } ]\n',
    );
    try {
      const { outputs, documents } = await proven(caller, manifest, { service: 'shop' });
      expect(outputs).toEqual({ receipt: createHmac('sha256', token).update('shop 1.2.3').digest('hex') });
      expect(documents.plan.executors).toEqual(['ext:deployment@1.0.0']);
      expect(documents.environment.extensions['ext:deployment@1.0.0']).toMatchObject({ effects: 'idempotent' });
      const unknown = await caller.ask('POST', '/api/runs', { manifest: manifest.replace('version: "1.2.3"', 'release: "1.2.3"'), inputs: { service: 'shop' } }); // prettier-ignore
      expect(unknown).toMatchObject({ status: 422, body: { errors: expect.arrayContaining([expect.objectContaining({ code: 'EXECUTOR_PARAMETER_UNKNOWN' })]) as object } }); // prettier-ignore
      const wrong = await caller.submit(manifest, { service: 'No Service' });
      expect(await caller.until(wrong, ['failed'])).toMatchObject({ status: 'failed' });
      const schedule = async (name: string, cron: string) =>
        caller.ask('POST', '/api/schedules', {
          name,
          cron,
          manifest: pack('- { id: a, run: { uses: "builtin:noop" } }'),
        });
      expect(await schedule('mondays', '0 9 * * 1')).toMatchObject({ status: 201, body: { name: 'mondays' } });
      expect(await schedule('weekends', '0 9 * * 6,0')).toMatchObject({ status: 422, body: { errors: [{ code: 'SCHEDULE_NEVER', path: '/cron' }] } }); // prettier-ignore
    } finally {
      for (const { child } of [worker, webservice]) child.kill('SIGTERM');
    }
    const own = [
      'platform.vault',
      'platform.started',
      'worker.started',
      'platform.deployed',
      'worker.draining',
      'worker.drained',
    ];
    const events = await eventsOf(worker.child, worker.said);
    expect(events.filter((event) => own.includes(event))).toEqual(own);
    expect(await eventsOf(webservice.child, webservice.said)).toEqual(
      expect.arrayContaining(['platform.started', 'webservice.stopping']),
    );
  }, 180_000);

  it('drives runs in quarantine with the same parts, in a process that its worker begins and ends', async () => {
    const child = fork(join(folder, 'dist/isolated.js'), [], { env, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    if (!child.stderr) throw new Error('no stderr');
    const said = text(child.stderr);
    const [message] = (await Promise.race([
      once(child, 'message'),
      said.then((all) => Promise.reject(new Error(all))),
    ])) as [unknown];
    expect(message).toEqual({ type: 'ready' });
    child.send({ type: 'leave' });
    const events = await eventsOf(child, said);
    expect(events).toEqual(expect.arrayContaining(['platform.vault', 'platform.started']));
    expect(events).not.toContain('worker.started');
  }, 60_000);
});
