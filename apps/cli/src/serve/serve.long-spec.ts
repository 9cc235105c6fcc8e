import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

const serve = async () => {
  const started = await small.serve(config);
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

  it('ends when the server of its database has ended, and the next one finds all that was stored', async () => {
    const lost = await serve();
    process.kill(serverOf(small.storage), 'SIGKILL');
    expect(await lost.ended).toBe(1);
    expect(lost.said()).toMatch(/^CLI_DATABASE_LOST .*\nhelp: /m);
    const again = await serve();
    const { out } = await small.as('ada', again.url)('list', '--output', 'ndjson');
    expect(out.trim().split('\n')).toHaveLength(1);
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
  }
}
