import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serverOf, smallInstallation, type Running, type SmallInstallation } from '../testing/small-installation';

// What takes longer than every change should: `serve.int-spec.ts` has the rest.

const PACK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: slow, version: 1.0.0, description: For a test. }
spec:
  steps:
    - { id: first, effects: idempotent, run: { uses: "builtin:command", with: { command: [sh, -c, "echo one"] } } }
    - { id: second, needs: [first], effects: once, run: { uses: "builtin:command", with: { command: [sh, -c, "echo begin; sleep 2; echo done"] } } }
`;

let small: SmallInstallation;
let config: string;
const running: Running[] = [];

beforeAll(async () => {
  small = await smallInstallation();
  config = small.configured('task-runner.json', { telemetry: { logLevel: 'info' } });
  writeFileSync(join(small.folder, 'pack.yaml'), PACK);
});
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
});
afterAll(() => small?.remove());

const serve = async (path = config) => {
  const started = await small.serve(path);
  running.push(started);
  return started;
};
describe('taskrunner serve, at length', () => {
  it('waits for steps that may act only once at SIGTERM, as the two services do', async () => {
    const first = await serve();
    const ada = small.as('ada', first.url);
    const drained = (await ada('run', 'pack.yaml', '--detach')).out.trim();
    await begun(first.url, drained);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    const again = await serve();
    const { out } = await small.as('ada', again.url)('logs', drained, '--no-follow', '--step', 'second');
    // It was not executed twice.
    expect(out.match(/begin/g)).toHaveLength(1);
  }, 120_000);

  it('writes evidence that passes with the trust file of the guide, from the first run on', async () => {
    const guide = readFileSync(join(__dirname, '../../../../docs/guides/small-installation.md'), 'utf8');
    const [, lines = ''] = /## Make the trust file[^]*?```sh[^\n]*\n([^]*?)```/.exec(guide) ?? [];
    // The script is the one of the guide, which calls the command for each key.
    for (const word of ['key', '--usage']) expect(lines).toContain(word);
    const script = lines
      .replaceAll('/etc/taskrunner/keys', join(small.folder, 'keys'))
      .replace('https://login.example.org', 'https://issuer.example')
      .replace('> trust.json', '> guide.json');
    const program = `taskrunner() { '${process.execPath}' '${join(__dirname, '../../bin/taskrunner.js')}' "$@"; }`;
    execFileSync('bash', ['-euo', 'pipefail', '-c', `${program}\n${script}`], { cwd: small.folder });
    const started = await serve();
    const ada = small.as('ada', started.url);
    const run = (await ada('run', 'pack.yaml', '--detach')).out.trim();
    expect(await ada('evidence', run, '--file', 'guide.tar', '--wait', '60')).toMatchObject({ exit: 0 });
    const verified = await small.taskrunner('verify', 'guide.tar', '--trust', 'guide.json', '--expect', `run=${run}`);
    expect(verified).toMatchObject({ exit: 0 });
  }, 120_000);

  it('goes on if the server of its database is killed: a step that may act only once acts once', async () => {
    // Long enough for a recovery: at the end of the lease, steps in progress are killed.
    const worker = { lease: '1m', drain: '5s', claimInterval: '50ms' };
    const served = await serve(small.configured('patient.json', { telemetry: { logLevel: 'info' }, worker }));
    const ada = small.as('ada', served.url);
    const run = (await ada('run', 'pack.yaml', '--detach')).out.trim();
    await begun(served.url, run);
    process.kill(serverOf(small.storage), 'SIGKILL');
    await served.until('database.server-restarted');
    expect(await ada('wait', run)).toMatchObject({ exit: 0 });
    const { out } = await ada('logs', run, '--no-follow', '--step', 'second');
    expect(out.match(/begin|done/g)).toEqual(['begin', 'done']);
    expect(await ada('evidence', run, '--file', 'run.tar', '--wait', '60')).toMatchObject({ exit: 0 });
    const verified = await small.taskrunner('verify', 'run.tar', '--trust', small.trust, '--expect', `run=${run}`);
    expect(verified).toMatchObject({ exit: 0 });

    // A server that ends again at once is not kept alive for ever.
    const listed = async ({ url }: { readonly url: string }) =>
      (await small.as('ada', url)('list', '--output', 'ndjson')).out.replaceAll(url, '');
    const before = await listed(served);
    process.kill(serverOf(small.storage), 'SIGKILL');
    expect(await served.ended).toBe(1);
    expect(served.said()).toMatch(/^CLI_DATABASE_LOST .*\nhelp: /m);
    expect(await listed(await serve())).toBe(before);
  }, 240_000);

  it('does not wait for steps when the server of its database has ended: nothing of them could be stored', async () => {
    // The test would time out.
    const worker = { lease: '3s', drain: '1h', stopGrace: '1s' };
    const lost = await serve(small.configured('endless.json', { telemetry: { logLevel: 'info' }, worker }));
    const ada = small.as('ada', lost.url);
    writeFileSync(join(small.folder, 'endless.yaml'), PACK.replace('sleep 2', 'sleep 3600'));
    await begun(lost.url, (await ada('run', 'endless.yaml', '--detach')).out.trim());
    process.kill(serverOf(small.storage), 'SIGKILL');
    await lost.until('database.server-restarted');
    process.kill(serverOf(small.storage), 'SIGKILL');
    expect(await lost.ended).toBe(1);
    expect(lost.said()).toMatch(/^CLI_DATABASE_LOST /m);
  }, 120_000);

  it('is not ready while its worker cannot isolate steps', async () => {
    const nowhere = { profile: 'bwrap', bubblewrap: '/nowhere', workDirectory: join(small.folder, 'work') };
    const started = await small.serve(small.configured('isolated.json', { sandbox: nowhere }));
    running.push(started);
    const answer = await fetch(`${started.health}/health/ready`);
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      {
        details: { database: { status: 'up' }, objects: { status: 'up' } },
        error: {
          worker: { reason: expect.stringContaining('this worker cannot enforce the sandbox profile') as string },
        },
      },
    ]);
  }, 120_000);
});

/** Resolves when the second step runs. */
async function begun(url: string, run: string): Promise<void> {
  for (;;) {
    const { out } = await small.as('ada', url)('logs', run, '--no-follow');
    if (out.includes('begin')) return;
    await delay(100);
  }
}
