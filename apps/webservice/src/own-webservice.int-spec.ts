import { execFile, spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { JsonObject } from '@taskrunner/core';
import { installation, type Installation } from './testing/installation';

// examples/own-webservice, in a folder outside of the workspace: the main of somebody who replaces a part and adds a module, with
// nothing but the packages.

const ROOT = join(__dirname, '..', '..', '..');
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const MANIFEST = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: noop, version: 1.0.0 }
spec:
  steps:
    - { id: a, run: { uses: "builtin:noop" } }
`;

let world: Installation;
let folder: string;

beforeAll(async () => {
  const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'ES256' };
  world = await installation({ keys: [jwk] });
  folder = join(world.folder, 'outside');
  await mkdir(join(folder, 'node_modules/@taskrunner'), { recursive: true });
  await cp(join(ROOT, 'examples/own-webservice'), folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'outside', private: true }));
  for (const name of ['@nestjs', '@types', 'typescript-native'])
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  for (const name of ['libs/core', 'libs/infrastructure', 'apps/webservice'])
    await symlink(join(ROOT, name), join(folder, 'node_modules/@taskrunner', name.split('/')[1] ?? ''));
}, 60_000);

afterAll(() => world?.remove(), 30_000);

/** An access token of a person (RFC 9068). */
function token(): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    ...{ iss: 'https://issuer.example', aud: 'api', sub: 'ada', tenant: 'acme', scope: 'packs.run packs.read' },
    ...{ iat: now, exp: now + 600, auth_time: now },
  };
  const parts = [{ alg: 'ES256', typ: 'at+jwt', kid: 'k' }, claims];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

it('compiles against the packages, serves with what it replaces and adds, and stops in order', async () => {
  const tsc = join(folder, 'node_modules/typescript-native/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: folder }).catch(
    ({ stdout }: { stdout: string }) => {
      throw new Error(stdout);
    },
  );
  const configurationFile = join(folder, 'task-runner.yaml');
  await writeFile(
    configurationFile,
    world.text({ telemetry: { logLevel: 'info' }, packsRegistry: { unsigned: 'run' } }),
  );
  const child = spawn(process.execPath, [join(folder, 'dist/main.js')], {
    env: { ...process.env, TASKRUNNER_CONFIG: configurationFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = text(child.stderr);
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    said.then((all) => Promise.reject(new Error(all))),
  ])) as [string];
  const { ready, url } = JSON.parse(line) as { ready: string; url: string };
  expect(ready).toBe('webservice');
  const schedule = async (name: string, cron: string): Promise<unknown> => {
    const response = await fetch(`${url}/api/schedules`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name, cron, manifest: MANIFEST }),
    });
    return [response.status, (await response.json()) as JsonObject];
  };
  expect(await schedule('mondays', '0 9 * * 1')).toMatchObject([201, { name: 'mondays' }]);
  expect(await schedule('weekends', '0 9 * * 6,0')).toMatchObject([
    422,
    { errors: [{ code: 'SCHEDULE_NEVER', path: '/cron' }] },
  ]);
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
  const events = (await said)
    .trim()
    .split('\n')
    .map((one) => (JSON.parse(one) as { event: string }).event);
  expect(events).toEqual(expect.arrayContaining(['platform.started', 'webservice.stopping']));
}, 60_000);
