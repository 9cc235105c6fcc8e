import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunNode } from '@taskrunner/core/plan';
import type { ClaimedRun, Executor, Outcome } from '@taskrunner/core/ports';
import { EgressProxy } from '../../egress/egress-proxy';
import { makeCertificate, type TestCertificate } from '../../egress/testing/certificates';
import { startDns, type DnsServer } from '../../egress/testing/dns-server';
import { FileObjectStore } from '../../object-store/file-object-store';
import { tarEntries } from '../../archive/read-tar';
import { probeSandbox } from '../../sandbox/probe';
import { stepSandbox } from '../../sandbox/step-sandbox';
import { Supervisor } from '../../sandbox/supervisor';
import { builtinExecutors } from '../builtin-executors';
import { NO_BUNDLES, NO_EXPORTS, NO_SPOOL, aRequest, aRun, Report, tenant } from '../testing/requests';

const LIMITS = { connections: 8, attempts: 50, headerBytes: 16_384, idleMs: 20_000, dialMs: 20_000, drainMs: 1_000, bytes: 1_000_000 }; // prettier-ignore
const DECLARED = [{ url: 'https://api.test', intent: null }];

const missing = ['/usr/bin/curl', '/usr/bin/openssl'].filter((program) => !existsSync(program));
if (missing.length > 0 && process.env['CI'] === 'true') throw new Error(`${missing.join()} is needed`);
if (missing.length > 0) console.log(`skipped: no ${missing.join()}`);

(missing.length > 0 ? describe.skip : describe)('the way out of a sandboxed step', () => {
  let folder: string;
  let supervisor: Supervisor;
  let objects: FileObjectStore;
  let proxy: EgressProxy;
  let command: Executor | null = null;
  let dns: DnsServer;
  let server: Server;
  let certificate: TestCertificate;
  const asked: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'steps-egress-'));
    await mkdir(join(folder, 'work'));
    supervisor = Supervisor.start();
    objects = await FileObjectStore.open(join(folder, 'objects'));
    certificate = makeCertificate(['api.test', 'evil.test']);
    dns = await startDns((_, type) => (type === 'A' ? ['127.0.0.1'] : []));
    server = createServer(certificate, (request, response) => {
      asked.push(`${request.headers.host} ${request.url}`);
      if (request.url === '/away') response.writeHead(302, { location: 'https://evil.test/' }).end();
      else response.end('hello');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy = new EgressProxy({ limits: LIMITS, resolvers: [dns.address], platform: [] });
    const profile = 'bwrap-sealed/v1';
    const { sandbox, reason } = await probeSandbox({ profile, supervisor, stubFolder: join(folder, 'etc') });
    if (sandbox === null && process.env['CI'] === 'true') throw new Error(reason ?? '');
    if (sandbox === null) return console.warn(`skipped: ${reason}`);
    const stepsIn = stepSandbox(sandbox, supervisor, tarEntries);
    const options = {
      objects,
      sandboxOf: () => stepsIn,
      egress: proxy,
      egressAllow: [
        { scheme: '*', host: '*', port: '*', cidr: '127.0.0.0/8' },
        { scheme: 'https', host: 'api.test', port: 443 },
      ] as const,
      interpreters: [],
      bundles: NO_BUNDLES,
      exports: NO_EXPORTS,
      artifactMaxBytes: 1,
      spool: NO_SPOOL,
    };
    command = builtinExecutors({ ...options, workDirectory: join(folder, 'work') }).get('builtin:command') ?? null;
  });
  afterAll(async () => {
    await supervisor.close();
    await proxy.close();
    await dns.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  const test = (name: string, body: (executor: Executor) => Promise<void>): void =>
    it(name, async () => (command === null ? undefined : body(command)));

  async function perform(executor: Executor, argv: string[], node: Partial<RunNode>, report = new Report()) {
    const run = aRun();
    const { defaults } = JSON.parse(run.profile) as { defaults: object };
    const port = (server.address() as AddressInfo).port;
    const egress = [
      { scheme: 'https', host: 'api.test', port: 443, cidr: null },
      { scheme: 'https', host: 'api.test', port, cidr: '127.0.0.0/8' },
    ];
    const admitted = { ...run, plan: '{"sandbox":{"egressAllowlist":null}}', profile: JSON.stringify({ defaults, egress }) } as ClaimedRun; // prettier-ignore
    const outcome: Outcome = await executor.execute(aRequest({ command: argv }, { run: admitted, files: { 'ca.pem': { kind: 'content', content: certificate.ca } } }, { uses: 'builtin:command', with: {}, ...node }), report); // prettier-ignore
    return { outcome, report };
  }

  test('is opened for a step that declares a destination, and its log is kept', async (executor) => {
    const { outcome, report } = await perform(executor, ['true'], { egress: DECLARED });
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    const [closed] = report.of('egress.closed');
    expect(closed).toMatchObject({ allowed: 0, denied: 0, execution: 3 });
    let text = '';
    for await (const part of await objects.open(tenant, closed?.log as never)) text += Buffer.from(part).toString();
    expect(JSON.parse(text)).toEqual({
      schema: 'taskrunner.egress.v1',
      rules: [{ scheme: 'https', host: 'api.test', port: 443 }],
    });
  });

  test('is not there for one that declares none', async (executor) => {
    const { outcome, report } = await perform(executor, ['true'], {});
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(report.of('egress.closed')).toEqual([]);
  });

  test('that is lost ends the child, and leaves no outcome', async (executor) => {
    const report = new Report();
    const output = report.output.bind(report);
    report.output = async (stream, bytes) => {
      await output(stream, bytes);
      process.kill(proxy.pid as number, 'SIGKILL');
    };
    const { outcome } = await perform(executor, ['sh', '-c', 'echo begun; sleep 600'], { egress: DECLARED }, report);
    expect(outcome).toEqual({ kind: 'lost', reason: 'EGRESS_LOST' });
    // Known connections are logged all the same.
    expect(report.of('egress.closed')).toHaveLength(1);
    expect((await perform(executor, ['true'], { egress: DECLARED })).outcome).toMatchObject({ kind: 'succeeded' });
  });

  async function curl(executor: Executor, ...args: string[]) {
    const { port } = server.address() as AddressInfo;
    const at = (text: string): string => text.replaceAll('PORT', String(port));
    const argv = ['curl', '-sS', '--max-time', '20', '--cacert', 'in/ca.pem', ...args.map(at)];
    const { outcome, report } = await perform(executor, argv, { egress: [{ url: `https://api.test:${port}`, intent: null }] });
    const [closed] = report.of('egress.closed');
    let text = '';
    for await (const part of await objects.open(tenant, closed?.log as never)) text += Buffer.from(part).toString();
    const attempts = text.trim().split('\n').slice(1).map((line) => JSON.parse(line) as Record<string, unknown>);
    return { outcome, report, attempts };
  } // prettier-ignore

  test('leads curl to a listed host, over TLS that it verifies itself', async (executor) => {
    const { outcome, report, attempts } = await curl(executor, 'https://api.test:PORT/x');
    expect([outcome.kind, report.stdout, report.stderr]).toEqual(['succeeded', 'hello', '']);
    expect(attempts).toMatchObject([
      {
        via: 'connect',
        host: 'api.test',
        sni: 'api.test',
        address: '127.0.0.1',
        allowed: true,
        code: 'EGRESS_ALLOWED',
      },
    ]);
    expect(attempts[0]?.['received']).toBeGreaterThan(500);
  });

  it.each<[string, string[], object[]]>([
    ['another host', ['https://evil.test:PORT/'], [{ host: 'evil.test', code: 'EGRESS_NOT_LISTED' }]],
    ['another port', ['https://api.test:1/'], [{ port: 1, code: 'EGRESS_NOT_LISTED' }]],
    ['an address', ['https://127.0.0.1:PORT/'], [{ host: '127.0.0.1', code: 'EGRESS_NOT_LISTED' }]],
    ['a decimal address', ['-x', 'http://127.0.0.1:3128', 'https://2130706433:PORT/'], [{ allowed: false }]],
    ['plain HTTP', ['http://api.test:PORT/'], [{ via: 'http', code: 'EGRESS_NOT_LISTED' }]],
    ['another name in the tunnel', ['--connect-to', 'evil.test:PORT:api.test:PORT', 'https://evil.test:PORT/'], [{ host: 'api.test', sni: 'evil.test', code: 'EGRESS_SNI_MISMATCH' }]],
    ['around the proxy', ['--noproxy', '*', 'https://127.0.0.1:PORT/'], []],
    ['a name server', ['--noproxy', '*', 'https://api.test:PORT/'], []],
    ['a redirect to another host', ['-L', 'https://api.test:PORT/away'], [{ allowed: true, host: 'api.test' }, { host: 'evil.test', code: 'EGRESS_NOT_LISTED' }]],
  ])('leads nowhere by %s', async (_, args, expected) => {
    if (command === null) return;
    const count = asked.length;
    const { outcome, report, attempts } = await curl(command, '-f', ...args);
    expect([outcome.kind, report.stdout]).toEqual(['failed', '']);
    expect(attempts).toMatchObject(expected.map((one) => ({ allowed: false, ...one })));
    expect(attempts).toHaveLength(expected.length);
    expect(asked.slice(count)).toEqual(args.includes('-L') ? [expect.stringMatching(/^api\.test.* \/away$/)] : []);
  }); // prettier-ignore
});
