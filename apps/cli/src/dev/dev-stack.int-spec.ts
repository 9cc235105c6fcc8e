import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTrust } from '@taskrunner/core/evidence';
import { loadConfiguration } from '@taskrunner/infrastructure/configuration';
import type { ChildEnd } from './child-process';
import { startDevStack, tokenOfStack, type DevStack } from './dev-stack';

// A real database and a real Authority. The two applications are replaced by a process that answers 200 and reacts to the same signals.
const STAND_IN = `
const server = require('node:http').createServer((request, response) => response.end(process.env.TASKRUNNER_CONFIG));
server.listen(0, '127.0.0.1', () => {
  const url = 'http://127.0.0.1:' + server.address().port;
  console.log(JSON.stringify({ ready: 'stand-in', url, health: url }));
});
process.on('SIGTERM', () => process.exit(0));
process.stdin.resume().on('close', () => process.exit(0));
`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the development stack', () => {
  let folder: string;
  let script: string;
  let stack: DevStack | null = null;
  const lost: ChildEnd[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dev-stack-'));
    script = join(folder, 'stand-in.js');
    writeFileSync(script, STAND_IN);
  });
  afterEach(async () => {
    await stack?.stop();
    stack = null;
    lost.length = 0;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const start = async (more: object = {}): Promise<DevStack> => {
    const scripts = { webservice: script, worker: script };
    const stateDirectory = join(folder, 'state');
    return (stack = await startDevStack({
      stateDirectory,
      durable: false,
      scripts,
      onLost: (end) => lost.push(end),
      ...more,
    }));
  };

  it('starts, signs people in, and keeps addresses, keys and trust over a restart', async () => {
    const first = await start({ configuration: { worker: { lease: '3s' } } });
    expect(await (await fetch(first.server)).text()).toBe(first.configurationPath);
    const reading = await loadConfiguration(first.configurationPath, {});
    expect(reading).toMatchObject({
      kind: 'read',
      configuration: { http: { host: '127.0.0.1' }, authority: { development: true }, worker: { lease: 3_000 } },
    });
    expect(reading.kind === 'read' && reading.configuration.sandbox.profile).not.toBe('auto');
    expect(statSync(first.configurationPath).mode & 0o777).toBe(0o600);
    const trust = readTrust(readFileSync(first.trustPath, 'utf8'));
    expect(trust.keys.map(({ usages }) => usages[0])).toEqual([
      'admission',
      'ledger',
      'checkpoint',
      'run-open',
      'run-sealed',
      'bundle',
    ]);
    const claims = (token: string) =>
      JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims(await first.tokenFor('grace'))).toMatchObject({ iss: first.issuer, sub: 'grace', tenant: 'acme' });
    expect(claims(await tokenOfStack(first.stateDirectory, 'ada'))).toMatchObject({ sub: 'ada' });
    await expect(first.tokenFor('eve')).rejects.toMatchObject({ code: 'DEV_LOGIN_FAILED' });
    await first.stop();
    await expect(tokenOfStack(first.stateDirectory, 'ada')).rejects.toMatchObject({
      code: 'DEV_NOT_RUNNING',
      message: `the stack in ${first.stateDirectory} is not running`,
      remediation: expect.stringContaining(`taskrunner dev --keep-data ${first.stateDirectory}`),
    });

    const second = await start();
    expect(second.issuer).toBe(first.issuer);
    expect(readTrust(readFileSync(second.trustPath, 'utf8'))).toEqual(trust);
  });

  it('does not start twice in one folder, and leaves the first as it is', async () => {
    const first = await start();
    const kept = (): readonly string[] =>
      ['ports.json', 'task-runner.yaml', 'trust.json', 'logs/authority.log'].map((name) =>
        readFileSync(join(first.stateDirectory, name), 'utf8'),
      );
    const before = kept();
    await expect(startDevStack({ stateDirectory: first.stateDirectory, ports: { api: 1 } })).rejects.toMatchObject({
      code: 'DEV_ALREADY_RUNS',
      message: `process ${process.pid} runs a stack in ${first.stateDirectory}`,
    });
    expect(kept()).toEqual(before);
    expect(await (await fetch(first.server)).text()).toBe(first.configurationPath);
    // A port that is taken, in another folder: nothing has started there.
    const other = join(folder, 'other');
    const api = Number(new URL(first.server).port);
    await expect(startDevStack({ stateDirectory: other, ports: { api } })).rejects.toMatchObject({
      code: 'DEV_PORT_UNAVAILABLE',
      message: `the API cannot listen on 127.0.0.1:${api}: another process uses the port`,
      remediation: expect.stringContaining('choose another port with --port'),
    });
    expect(
      ['ports.json', 'task-runner.yaml', 'database/PG_VERSION'].filter((name) => existsSync(join(other, name))),
    ).toEqual([]);
  });

  it('kills and starts workers on demand, tells of those that are lost, and leaves none behind', async () => {
    const running = await start({ workers: 2 });
    const before = running.workerPids();
    expect(before).toHaveLength(2);
    await running.killWorker('SIGKILL', before[0]);
    expect(running.workerPids()).toEqual([before[1]]);
    const third = await running.startWorker();
    expect(running.workerPids()).toEqual([before[1], third]);
    expect(lost).toEqual([]);
    process.kill(third, 'SIGKILL');
    while (lost.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(lost).toEqual([{ name: 'worker', code: null, signal: 'SIGKILL' }]);
    await running.stop();
    expect([...before, third].filter(isAlive)).toEqual([]);
  });

  it('tells why a process does not start, and takes the others down', async () => {
    const broken = join(folder, 'broken.js');
    writeFileSync(broken, "console.error('CONFIG_RANGE no port');process.exit(3)");
    await expect(start({ scripts: { webservice: broken, worker: script } })).rejects.toMatchObject({
      code: 'DEV_START_FAILED',
      message: expect.stringMatching(/^the webservice did not start: exit code 3\nCONFIG_RANGE no port$/),
    });
    // The database was released and can be started again.
    await start();
  });
});
