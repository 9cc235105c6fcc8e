import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfiguration, printSample } from '@taskrunner/infrastructure/configuration';
import { runCommandLine } from '../program';

const TEN_MISTAKES = `http:
  prot: 8080
  healthPort: 70000
databse: {}
approvals:
  floor:
    minApprovals: two
    proof: tokn
  expiresAfter: soon
artifacts:
  maxBytes: 12
telemetry:
  endpoint: otel:4318
  sampling: 2
worker: { lease: 1s }
`;

interface Ended {
  readonly exit: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

async function taskrunner(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await runCommandLine({
    arguments: args,
    env,
    version: '0',
    readStdin: async () => new Uint8Array(),
    terminal: {
      print: (line) => void out.push(line),
      say: (line) => void err.push(line),
      draw: () => undefined,
      isInteractive: false,
      columns: 80,
      rows: 24,
      ask: async () => null,
    },
  });
  return { exit, out, err };
}

describe('taskrunner config', () => {
  let folder: string;
  const file = (text: string): string => {
    const path = join(folder, 'c.yaml');
    writeFileSync(path, text);
    return path;
  };
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'config-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('check lists ten mistakes of one file at once, each with its line and what to do', async () => {
    const path = file(TEN_MISTAKES);
    const { exit, out, err } = await taskrunner(['config', 'check', path]);
    expect([exit, out]).toEqual([2, []]);
    expect(err.filter((line) => !line.startsWith('help: '))).toEqual([
      `CONFIG_UNKNOWN_KEY ${path}:2:3 http has no key "prot".`,
      `CONFIG_RANGE ${path}:3:15 http.healthPort must be from 0 to 65535; it is 70000.`,
      `CONFIG_UNKNOWN_KEY ${path}:4:1 The configuration has no key "databse".`,
      `CONFIG_TYPE ${path}:7:19 approvals.floor.minApprovals must be an integer.`,
      `CONFIG_CHOICE ${path}:8:12 approvals.floor.proof must be one of service, token, key.`,
      `CONFIG_FORMAT ${path}:9:17 approvals.expiresAfter must be a duration such as 500ms, 90s, 30m, 4h or 7d.`,
      `CONFIG_FORMAT ${path}:11:13 artifacts.maxBytes must be a size such as 64KiB, 24MiB or 1GiB.`,
      `CONFIG_FORMAT ${path}:13:13 telemetry.endpoint must be an http or https URL without credentials.`,
      `CONFIG_RANGE ${path}:14:13 telemetry.sampling must be from 0 to 1; it is 2.`,
      `CONFIG_RANGE ${path}:15:18 worker.lease must be from 3s to 5m.`,
    ]);
    expect(err.filter((line) => line.startsWith('help: '))).toHaveLength(10);
    expect(err).toContain('help: Did you mean port?');
    expect(err).toContain('help: Did you mean database?');
    expect(err).toContain('help: Did you mean token?');
  });

  it('check tells the same to programs', async () => {
    const path = file(TEN_MISTAKES);
    const { exit, out, err } = await taskrunner(['config', 'check', path, '--output', 'json']);
    expect([exit, err]).toEqual([2, []]);
    const reported = JSON.parse(out[0] ?? '') as { valid: boolean; file: string; errors: { line: number }[] };
    expect(reported).toMatchObject({ valid: false, file: path });
    expect(reported.errors.map(({ line }) => line)).toEqual([2, 3, 4, 7, 8, 9, 11, 13, 14, 15]);
    expect(Object.keys(reported.errors[0] ?? {}).sort()).toEqual(
      ['code', 'column', 'line', 'message', 'path', 'remediation'].sort(),
    );
  });

  it('check reads the variables that override it too', async () => {
    const path = file('http: { port: 1 }\n');
    const env = { TASKRUNNER_HTTP_PORT: 'x', TASKRUNNER_HTTP_PROT: '1', TASKRUNNER_SERVER: 'https://a', HOME: '/' };
    const { exit, err } = await taskrunner(['config', 'check', path], env);
    expect(exit).toBe(2);
    expect(err).toEqual([
      `CONFIG_VARIABLE_UNKNOWN ${path} The environment variable TASKRUNNER_HTTP_PROT does not match any key.`,
      'help: Did you mean TASKRUNNER_HTTP_PORT?',
      `CONFIG_TYPE ${path}#/http/port http.port must be an integer. The value comes from TASKRUNNER_HTTP_PORT.`,
      'help: Use a value of the type shown in etc/task-runner.yaml.sample.',
    ]);
  });

  it('check says that a good one is good, and that a named one must be there', async () => {
    const path = file('http: { port: 1 }\n');
    expect(await taskrunner(['config', 'check'], { TASKRUNNER_CONFIG: path })).toEqual({
      exit: 0,
      out: [`${path} is valid`],
      err: [],
    });
    const missing = await taskrunner(['config', 'check', join(folder, 'none.yaml')]);
    expect([missing.exit, missing.err[0]]).toEqual([2, expect.stringMatching(/^CONFIG_UNREADABLE /)]);
  });

  describe('check warns, and the file is valid', () => {
    const keyFile = (name: string): string => {
      const path = join(folder, name);
      writeFileSync(path, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
      return path;
    };
    const check = async (sections: object) => {
      const path = join(folder, 'c.json');
      writeFileSync(path, JSON.stringify({ keys: { folder }, sandbox: { profile: 'bwrap' }, ...sections }));
      const { exit, out, err } = await taskrunner(['config', 'check', path]);
      return { exit, out, warnings: err.filter((line) => !line.startsWith('help: ')) };
    };
    const web = { database: { webUrl: 'postgresql://u@h/d' } };
    beforeAll(() => ['admission.pem', 'ledger.pem'].map(keyFile));

    it('of a sandbox that isolates nothing', async () => {
      expect(await check({ ...web, sandbox: { profile: 'none' } })).toMatchObject({
        exit: 0,
        out: [`${join(folder, 'c.json')} is valid`],
        warnings: [expect.stringMatching(/^warning: CONFIG_UNSAFE .*c\.json:1:\d+ sandbox\.profile is none: /)],
      });
      expect(await check(web)).toMatchObject({ exit: 0, warnings: [] });
      const path = join(folder, 'c.json');
      const { out } = await taskrunner(['config', 'check', path, '--output', 'json']);
      expect(JSON.parse(out[0] ?? '')).toEqual({ valid: true, file: path, errors: [], warnings: [] });
    });

    it('of a key with two uses, and of public keys of another key', async () => {
      const ledger = join(folder, 'ledger.pem');
      const other = keyFile('other.pem');
      const { exit, warnings } = await check({
        ...web,
        keys: { folder, admission: ledger, admissionPublic: [other], ledgerPublic: [ledger] },
      });
      expect([exit, warnings]).toEqual([
        0,
        [
          expect.stringMatching(/^warning: CONFIG_KEY_USE .* keys\.ledger \(.*\) is the same key as keys\.admission\./),
          expect.stringMatching(
            /^warning: CONFIG_KEY_USE .* The public half of keys\.admission \(.*ledger\.pem\) is not in .*other\.pem/,
          ),
        ],
      ]);
    });

    it('of key files that are missing, and refuses a folder that is', async () => {
      const { exit, warnings } = await check({ database: { kind: 'file', folder: '/nowhere/storage' } });
      expect([exit, warnings.map((line) => /The key file (\S+) does not exist/.exec(line)?.[1])]).toEqual([
        0,
        ['admission.pub.pem', 'bundle.pem', 'journal-mac.key', 'ledger.pub.pem', 'run-open.pem', 'run-sealed.pem'].map(
          (name) => join(folder, name),
        ),
      ]);
      const missing = await check({ ...web, keys: { folder: join(folder, 'kyes') } });
      expect(missing).toEqual({
        exit: 2,
        out: [],
        warnings: [expect.stringMatching(/^CONFIG_FILE .* The folder of keys .*kyes does not exist\.$/)],
      });
    });

    it('of an issuer whose key set cannot be read from here', async () => {
      const answers = createServer((request, response) =>
        response.end(request.url === '/jwks' ? '{"keys":[]}' : ''),
      ).listen(0, '127.0.0.1');
      await once(answers, 'listening');
      const { port } = answers.address() as AddressInfo;
      const issuer = (n: number, jwksUri: string) => ({ issuer: `http://127.0.0.1:${n}`, jwksUri, audience: 'a' });
      const issuers = [issuer(1, `http://127.0.0.1:${port}/jwks`), issuer(2, 'http://127.0.0.1:9/jwks')];
      const { exit, warnings } = await check({ ...web, authority: { development: true, issuers } });
      answers.close();
      expect([exit, warnings]).toEqual([
        0,
        [
          expect.stringMatching(/^warning: CONFIG_UNREACHABLE .* The key set http:.*\/jwks has no keys\.$/),
          expect.stringMatching(/^warning: CONFIG_UNREACHABLE .* The key set http:.*:9\/jwks cannot be read \(.+\)\.$/),
        ],
      ]);
    });
  });

  it('check says of a file in the default place that is not there that it is not there', async () => {
    expect(await taskrunner(['config', 'check'])).toEqual({
      exit: 2,
      out: [],
      err: [
        'CONFIG_UNREADABLE /etc/taskrunner/task-runner.yaml The file /etc/taskrunner/task-runner.yaml does not exist.',
        'help: Pass the file, or set TASKRUNNER_CONFIG. To check only the environment variables, pass /dev/null.',
      ],
    });
    expect((await taskrunner(['config', 'check', '/dev/null'])).exit).toBe(0);
  });

  it('check refuses sandbox.profile: auto where the file is that of a webservice', async () => {
    const check = (text: string) => taskrunner(['config', 'check', file(text)]);
    const web = 'database: { webUrl: "postgresql://u@h/d" }\n';
    const place = join(folder, 'c.yaml');
    expect(await check(`${web}sandbox:\n  profile: auto\n`)).toEqual({
      exit: 2,
      out: [],
      err: [
        `CONFIG_CONFLICT ${place}:3:12 sandbox.profile is auto, which the webservice cannot probe.`,
        'help: Use bwrap or none, with the same value for the webservice and the workers.',
      ],
    });
    expect((await check(web)).err[0]).toMatch(/^CONFIG_CONFLICT .* sandbox\.profile is auto/);
    expect((await check(`${web}sandbox: { profile: none }\n`)).exit).toBe(0);
    // A worker can, because it probes its own machine.
    expect((await check('database: { workerUrl: "postgresql://u@h/d" }\n')).exit).toBe(0);
  });

  it('show prints what it means, without passwords', async () => {
    const path = file('database: { webUrl: "postgresql://u:hunter2@h/d" }\n');
    const env = { TASKRUNNER_WORKER_LEASE: '9s' };
    for (const format of ['text', 'json']) {
      const { exit, out } = await taskrunner(['config', 'show', path, '--output', format], env);
      expect(exit).toBe(0);
      const text = out.join('\n');
      expect(text).not.toContain('hunter2');
      const shown = parseConfiguration(text);
      expect(shown.kind === 'read' && shown.configuration.worker.lease).toBe(9_000);
    }
    expect((await taskrunner(['config', 'show', file('a: 1')])).exit).toBe(2);
  });

  it('sample prints every key', async () => {
    expect((await taskrunner(['config', 'sample'])).out.join('\n')).toBe(printSample().trimEnd());
  });
});
