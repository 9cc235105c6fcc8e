import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { searched } from '@taskrunner/core/testing';
import { installation, type Installation } from '@taskrunner/infrastructure/testing/installation';

// The webservice as a process: how it reports a failed start, and that it is ready when it can be told to stop.

const MAIN = join(__dirname, '..', 'dist', 'main.js');

let world: Installation;

beforeAll(async () => {
  world = await installation({ reader: 'webservice' });
}, 60_000);

afterAll(() => world?.remove(), 30_000);

async function started(sections: Readonly<Record<string, object>>) {
  const configurationFile = join(world.folder, 'task-runner.yaml');
  await writeFile(configurationFile, world.text(sections));
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, TASKRUNNER_CONFIG: configurationFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = text(child.stderr);
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, said, ended };
}

/** What is wrong, sections of the configuration, and what the process says. */
type Refused = [string, Readonly<Record<string, object>>, RegExp, exit?: number];
const TELEMETRY = { endpoint: 'http://127.0.0.1:1', logLevel: 'error' };

it.each<Refused>([
  ...searched<Refused[]>(
    [],
    [['keys that are not there', { keys: { folder: '/nowhere' } }, /^KEY_FILE_MISSING .+\nhelp: .+\n$/]],
  ),
  [
    'keys that are not there, beside a receiver of telemetry that is not',
    { keys: { folder: '/nowhere' }, telemetry: TELEMETRY },
    /^KEY_FILE_MISSING .+\nhelp: .+\n$/,
  ],
  [
    'a database that is not there',
    { database: { webUrl: 'postgresql://taskrunner_web@127.0.0.1:1/taskrunner' } },
    /^DATABASE_UNAVAILABLE postgresql:\/\/taskrunner_web@127\.0\.0\.1:1\/taskrunner .*ECONNREFUSED.*\nhelp: .+\n$/,
  ],
  [
    'a key of the configuration that is none',
    { http: { ports: 1 } },
    /^CONFIG_UNKNOWN_KEY .+ http has no key "ports"/,
    // No restart mends it: `RestartPreventExitStatus` of a unit.
    2,
  ],
])(
  'ends with the refusal and its remedy for %s',
  async (_what, sections, refusal, exit = 1) => {
    const { said, ended } = await started(sections);
    expect([await ended, await said]).toEqual([exit, expect.stringMatching(refusal)]);
  },
  30_000,
);

it.each(searched<('port' | 'healthPort')[]>(['healthPort'], ['port', 'healthPort']))(
  'ends with the key and the address if http.%s is taken',
  async (key) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { said, ended } = await started({ http: { port: 0, healthPort: 0, [key]: port } });
    expect(await ended).toBe(1);
    taken.close();
    // The framework says it, too, as a line of the log.
    const lines = (await said).split('\n').filter((line) => !line.startsWith('{'));
    expect(lines).toEqual([
      `PORT_UNAVAILABLE http.${key}: cannot listen on 127.0.0.1:${port}: another process uses the address (EADDRINUSE)`,
      `help: Stop that process (\`ss -ltnp 'sport = :${port}'\` names it), or set http.${key} to a port that is free.`,
      '',
    ]);
  },
  30_000,
);

it('can be told to stop as soon as it has said that it is ready', async () => {
  const { child, said, ended } = await started({ telemetry: { logLevel: 'info' } });
  child.stdout.once('data', () => child.kill('SIGTERM'));
  expect(await ended).toBe(0);
  const events = (await said)
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: string }).event);
  // Events that parts log through the framework's logger have their documented names.
  expect(events).toEqual(expect.arrayContaining(['webservice.stopping', 'audit.no-checkpoints']));
  expect(events).not.toContain('nest');
}, 30_000);
