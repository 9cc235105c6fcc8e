import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atNight, searched } from '@taskrunner/core/testing';
import { loadConfiguration } from '@taskrunner/infrastructure/configuration';
import { smallInstallation, type Running, type SmallInstallation } from '../testing/small-installation';

// The real command, its database in a folder, and the real client.

const PACK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: slow, version: 1.0.0, description: For a test. }
spec:
  steps:
    - { id: first, effects: idempotent, run: { uses: "builtin:command", with: { command: [sh, -c, "echo one"] } } }
    - { id: second, needs: [first], effects: idempotent, run: { uses: "builtin:command", with: { command: [sh, -c, "echo begin; sleep 2; echo done"] } } }
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
/** The events that were logged, as the two services write them. */
const events = (said: string): readonly string[] =>
  said
    .split('\n')
    .filter((line) => line.startsWith('{"time"'))
    .map((line) => (JSON.parse(line) as { event: string }).event);

/** Warnings and errors that were logged since the process was told to stop. */
const troublesOfStop = (said: string): readonly string[] => {
  const lines = said.split('\n').filter((line) => line.startsWith('{"time"'));
  const stop = lines.findIndex((line) => line.includes('"event":"webservice.stopping"'));
  return lines.slice(stop).filter((line) => /"level":"(warn|error)"/.test(line));
};

describe('taskrunner serve', () => {
  it('goes on with runs after kill -9, at night in quarantine after a second one, holds its folder, and ends at SIGTERM', async () => {
    const killed = await serve();
    expect(killed.said()).toContain('"ready":"serve"');
    // Webservice and worker are one process.
    expect(killed.said().match(/"event":"configuration\.warning".*/g)).toEqual([
      expect.stringMatching(/"code":"CONFIG_UNSAFE","key":"sandbox\.profile"/),
    ]);
    const readiness = await fetch(`${killed.health}/health/ready`);
    expect([readiness.status, await readiness.json()]).toMatchObject([
      200,
      { status: 'ok', details: { database: { status: 'up' }, objects: { status: 'up' }, worker: { status: 'up' } } },
    ]);
    const metrics = await (await fetch(`${killed.health}/metrics`)).text();
    for (const name of ['taskrunner_http_requests_active', 'taskrunner_runs_driving', 'taskrunner_runs_capacity'])
      expect(metrics).toContain(`\n${name}`);
    const submitted = await small.as('ada', killed.url)('run', 'pack.yaml', '--detach');
    const run = submitted.out.trim();
    expect(run).toMatch(/^run_/);
    await begun(killed.url, run);
    killed.child.kill('SIGKILL');
    await killed.ended;

    // The run is then driven in quarantine.
    if (searched(false, true)) {
      const second = await serve();
      await begun(second.url, run, 2);
      second.child.kill('SIGKILL');
      await second.ended;
    }

    const again = await serve();
    const held = await small.taskrunner('serve', '--config', config);
    expect(held).toMatchObject({ exit: 1, err: expect.stringContaining(`process ${again.child.pid}`) as string });
    expect(held.err).toMatch(/^STORAGE_HELD /m);
    const ada = small.as('ada', again.url);
    expect(await ada('wait', run)).toMatchObject({ exit: 0 });
    expect(await ada('evidence', run, '--file', 'run.tar', '--wait', '60')).toMatchObject({ exit: 0 });
    const verified = await small.taskrunner('verify', 'run.tar', '--trust', small.trust, '--expect', `run=${run}`);
    expect(verified).toMatchObject({ exit: 0 });

    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
    expect(events(again.said())).toEqual(
      expect.arrayContaining([
        ...['worker.started', 'webservice.stopping', 'worker.drained'],
        ...searched([], ['quarantine.began']),
      ]),
    );
    expect(events(again.said())).not.toContain('quarantine.failed');
    expect(troublesOfStop(again.said())).toEqual([]);
    // The database is closed after everything that uses it.
    expect(events(again.said())).not.toContain('database.connection-lost');
    expect(existsSync(join(small.storage, 'owner'))).toBe(false);
  }, 240_000);

  atNight(it)(
    'refuses a mistyped folder of rows or of objects, names it, and leaves nothing behind',
    async () => {
      const first = await serve();
      first.child.kill('SIGTERM');
      expect(await first.ended).toBe(0);
      const at = (name: string) => join(small.folder, name);
      const rows = small.configured('rows.json', {
        database: { kind: 'file', folder: at('var/storgae'), poolSize: 4 },
      });
      expect(await small.taskrunner('serve', '--config', rows)).toMatchObject({
        exit: 1,
        err: expect.stringMatching(
          /^OBJECT_STORE_FOREIGN .*artifacts\.root .*objects .*database\.folder .*storgae\)\n.*`database\.folder`/m,
        ) as string,
      });
      const objects = small.configured('objects.json', { artifacts: { root: at('var/objetcs') } });
      expect(await small.taskrunner('serve', '--config', objects)).toMatchObject({
        exit: 1,
        err: expect.stringMatching(/^OBJECT_STORE_FOREIGN .*objetcs .*: it is empty$/m) as string,
      });
      expect(existsSync(at('var'))).toBe(false);
      expect((await serve()).url).not.toBe('');
    },
    120_000,
  );

  it('reads the configuration that is shipped for it', async () => {
    const shipped = join(__dirname, '../../../../docker/systemd/task-runner.yaml');
    expect(await loadConfiguration(shipped, {}, 'webservice')).toMatchObject({
      kind: 'read',
      configuration: { database: { kind: 'file' }, sandbox: { profile: 'bwrap' } },
    });
  });

  it('refuses an invalid configuration before it creates anything', async () => {
    const bad = small.configured('bad.json', {
      database: { kind: 'file', folder: 'storage' },
      http: { port: 'many' },
    });
    const { exit, out, err } = await small.taskrunner('serve', '--config', bad);
    expect([exit, out]).toEqual([2, '']);
    expect(err).toMatch(/^CONFIG_TYPE .*bad\.json:1:.*http\.port/m);
    expect(err).toMatch(/^CONFIG_FORMAT /m);
    expect(err).toMatch(/^CLI_CONFIG /m);
    const webless = small.configured('webless.json', { database: { kind: 'postgres' } });
    expect(await small.taskrunner('serve', '--config', webless)).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/^CONFIG_MISSING_KEY /m) as string,
    });
    expect(await small.taskrunner('serve', '--config', 'none.yaml')).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/^CONFIG_UNREADABLE /m) as string,
    });
  });
});

/** Resolves when the second step has begun this many times. */
async function begun(url: string, run: string, times = 1): Promise<void> {
  for (;;) {
    const { out } = await small.as('ada', url)('logs', run, '--no-follow');
    if (out.split('begin').length > times) return;
    await delay(100);
  }
}
