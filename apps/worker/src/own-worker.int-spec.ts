import { execFile, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { installation, type Installation } from './testing/installation';

// examples/own-worker, in a folder outside of the workspace: the two programs of somebody who replaces a part and adds a module, with
// nothing but the packages.

const ROOT = join(__dirname, '..', '..', '..');

let world: Installation;
let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  world = await installation();
  folder = join(world.folder, 'outside');
  await mkdir(join(folder, 'node_modules/@taskrunner'), { recursive: true });
  await cp(join(ROOT, 'examples/own-worker'), folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'outside', private: true }));
  for (const name of ['@nestjs', '@types', 'typescript'])
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  for (const name of ['libs/core', 'libs/infrastructure', 'apps/worker'])
    await symlink(join(ROOT, name), join(folder, 'node_modules/@taskrunner', name.split('/')[1] ?? ''));
  const tsc = join(folder, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: folder }).catch(
    ({ stdout }: { stdout: string }) => {
      throw new Error(stdout);
    },
  );
  const configurationFile = join(folder, 'task-runner.yaml');
  await writeFile(configurationFile, world.text({ telemetry: { logLevel: 'info' } }));
  env = { ...process.env, TASKRUNNER_CONFIG: configurationFile };
}, 60_000);

afterAll(() => world?.remove(), 30_000);

/** The events that a process has said, and the code that it ended with. */
async function endOf(child: ChildProcess, said: Promise<string>): Promise<readonly [number, readonly string[]]> {
  const [code] = (await once(child, 'exit')) as [number];
  const events = (await said)
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event);
  return [code, events];
}

it('compiles against the packages, works with what it replaces and adds, and stops in order', async () => {
  const child = spawn(process.execPath, [join(folder, 'dist/main.js')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = text(child.stderr);
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    said.then((all) => Promise.reject(new Error(all))),
  ])) as [string];
  const { ready, health } = JSON.parse(line) as { ready: string; health: string };
  expect(ready).toBe('worker');
  expect((await fetch(`${health}/health/ready`)).status).toBe(200);
  child.kill('SIGTERM');
  const [code, events] = await endOf(child, said);
  expect(code).toBe(0);
  const own = ['platform.vault', 'platform.started', 'worker.started', 'worker.draining', 'worker.drained'];
  expect(events.filter((event) => own.includes(event))).toEqual(own);
}, 60_000);

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
  const [code, events] = await endOf(child, said);
  expect(code).toBe(0);
  expect(events).toEqual(expect.arrayContaining(['platform.vault', 'platform.started']));
  expect(events).not.toContain('worker.started');
}, 60_000);
