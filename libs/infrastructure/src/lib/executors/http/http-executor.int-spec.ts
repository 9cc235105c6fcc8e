import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttp, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@taskrunner/core/canonical';
import { CodedError, type JsonObject } from '@taskrunner/core/foundation';
import type { RunNode } from '@taskrunner/core/plan';
import type { ClaimedRun, Executor, Outcome } from '@taskrunner/core/ports';
import { Redactor } from '@taskrunner/core/secret';
import { EgressProxy } from '../../egress/egress-proxy';
import { makeCertificate } from '../../egress/testing/certificates';
import { startDns, type DnsServer } from '../../egress/testing/dns-server';
import { FileObjectStore } from '../../object-store/file-object-store';
import { Spool } from '../../object-store/spool';
import { builtinExecutors } from '../builtin-executors';
import { awayOnce, NO_BUNDLES, NO_EXPORTS, aRequest, aRun, Report, tenant } from '../testing/requests';

const hasOpenssl = existsSync('/usr/bin/openssl');
if (!hasOpenssl && process.env['CI'] === 'true') throw new Error('openssl is needed');
if (!hasOpenssl) console.log('skipped: no openssl to make certificates with');

(hasOpenssl ? describe : describe.skip)('builtin:http', () => {
  let folder: string;
  let objects: FileObjectStore;
  let dns: DnsServer;
  let proxy: EgressProxy;
  let executor: Executor;
  /** The allowlist of a worker without entries. */
  let bare: Executor;
  let tls: number;
  let plain: number;
  const seen: { readonly request: IncomingMessage; readonly body: string }[] = [];
  const closers: (() => void)[] = [];
  let killProxy: (() => void) | null = null;

  const listener: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ request, body });
      const { pathname } = new URL(request.url ?? '', 'http://x');
      const json = (text: string): unknown => response.setHeader('content-type', 'application/json').end(text);
      if (pathname === '/json') json('{"id": 7, "list": [1, 2]}');
      else if (pathname === '/broken') json('{"id": ');
      else if (pathname === '/twice') json('{"id": 1, "id": 2}');
      else if (pathname === '/bytes')
        response.setHeader('content-type', 'application/zip; x=y').end(Buffer.from([0xff, 0, 1])); // prettier-ignore
      else if (pathname === '/large') response.end('x'.repeat(5_000));
      else if (pathname === '/away') response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
      else if (pathname === '/busy') response.writeHead(503).end();
      else if (pathname === '/missing') response.writeHead(404).end('no');
      else if (pathname === '/cut') response.socket?.destroy();
      else if (pathname === '/silent') killProxy?.();
      else response.setHeader('set-cookie', 'session=1').end(`${request.method} ok`);
    });
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'http-executor-'));
    objects = await FileObjectStore.open(folder);
    dns = await startDns((name, type) => (type === 'A' && !name.startsWith('nowhere.') ? ['127.0.0.1'] : []));
    const certificate = makeCertificate(['api.test']);
    for (const server of [createHttps(certificate, listener), createHttp(listener)]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closers.push(() => (server.closeAllConnections(), server.close()));
      if ('setSecureContext' in server) tls = (server.address() as AddressInfo).port;
      else plain = (server.address() as AddressInfo).port;
    }
    const limits = { connections: 8, attempts: 50, headerBytes: 16_384, idleMs: 20_000, dialMs: 20_000, drainMs: 1_000, bytes: 1_000_000 }; // prettier-ignore
    proxy = new EgressProxy({ limits, resolvers: [dns.address], platform: [] });
    const options = { objects, sandboxOf: () => null, egress: proxy, workDirectory: folder, artifactMaxBytes: 4_000, spool: () => new Spool(folder, 1_000), interpreters: [], bundles: NO_BUNDLES, exports: NO_EXPORTS }; // prettier-ignore
    const http = { maxBodyBytes: 4_000, timeoutMs: 10_000, certificates: [certificate.ca] };
    const any = { scheme: '*', port: '*' } as const;
    const pinned = ['api.test', 'other.test', 'nowhere.test'].map((host) => ({ ...any, host, cidr: '127.0.0.0/8' }));
    const egressAllow = [...pinned, { ...any, host: 'private.test' }];
    executor = builtinExecutors({ ...options, http, egressAllow }).get('builtin:http') as Executor;
    bare = builtinExecutors({ ...options, http }).get('builtin:http') as Executor;
  });

  afterAll(async () => {
    await proxy.close();
    await dns.close();
    for (const close of closers) close();
    await rm(folder, { recursive: true });
  });

  interface Done {
    readonly outcome: Outcome;
    readonly report: Report;
    readonly attempts: readonly JsonObject[];
  }

  /** Executes a step whose declared destinations were admitted unchanged, with their names resolved to loopback. */
  async function perform(
    parameters: JsonObject,
    node: Partial<RunNode> = {},
    overrides: object = {},
    by = executor,
  ): Promise<Done> {
    const profile = {
      egress: [
        { scheme: 'https', host: 'api.test', port: tls, cidr: '127.0.0.0/8' },
        { scheme: 'http', host: 'api.test', port: plain, cidr: '127.0.0.0/8' },
        { scheme: 'https', host: 'other.test', port: tls, cidr: '127.0.0.0/8' },
        { scheme: 'https', host: 'nowhere.test', port: tls, cidr: '127.0.0.0/8' },
        { scheme: 'http', host: 'nowhere.test', port: tls, cidr: '127.0.0.0/8' },
        { scheme: 'https', host: 'private.test', port: tls, cidr: null },
      ],
    };
    const run = { ...aRun(), plan: '{"sandbox":{"egressAllowlist":null}}', profile: JSON.stringify(profile) } as ClaimedRun; // prettier-ignore
    const report = new Report();
    const written = { uses: 'builtin:http', with: parameters, effects: 'idempotent' as const, ...node };
    const outcome = await by.execute(aRequest(parameters, { run, ...overrides }, written), report);
    const attempts: JsonObject[] = [];
    for (const { log, allowed, denied } of report.of('egress.closed')) {
      let text = '';
      for await (const part of await objects.open(tenant, log)) text += Buffer.from(part).toString();
      const [head, ...lines] = text.trim().split('\n').map((line) => JSON.parse(line) as JsonObject); // prettier-ignore
      expect(head).toMatchObject({ schema: 'taskrunner.egress.v1' });
      expect(allowed + denied).toBe(lines.length);
      attempts.push(...lines);
    }
    return { outcome, report, attempts };
  }
  const at = (path: string): string => `https://api.test:${tls}${path}`;

  it('gets JSON over TLS, by the socket of its attempt', async () => {
    const { outcome, attempts, report } = await perform({ url: at('/json') });
    expect(outcome).toEqual({
      kind: 'succeeded',
      outputs: { status: 200, headers: expect.objectContaining({ 'content-type': 'application/json' }) as object, body: { id: 7, list: [1, 2] } }, // prettier-ignore
    });
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
    expect(report.lines).toEqual([`info GET api.test:${tls} 200`]);
  });

  it('gets nowhere that is not on the list of this worker, whatever the run was admitted with', async () => {
    const before = seen.length;
    const { outcome, attempts } = await perform({ url: at('/json') }, {}, {}, bare);
    expect(outcome).toMatchObject({ kind: 'failed' });
    expect(attempts).toMatchObject([{ host: 'api.test', address: null, sent: 0, allowed: false }]);
    expect(seen.length).toBe(before);
  });

  it.each([
    ['once', true, { kind: 'lost', reason: 'OBJECT_STORE_UNAVAILABLE' }],
    ['idempotent', true, { kind: 'failed', code: 'OBJECT_STORE_UNAVAILABLE', retryable: true }],
    ['once', false, { kind: 'failed', code: 'EGRESS_UNREACHABLE' }],
  ] as const)(
    'where nothing can be kept any more, a %s step (sent: %s) is not tried blindly again',
    async (effects, sent, expected) => {
      const away = new CodedError('OBJECT_STORE_UNAVAILABLE', 'the store is away', 'Wait.', []);
      const put = jest.spyOn(objects, 'put').mockImplementation(async () => {
        if (sent) throw away;
        return { digest: sha256('x'), size: 1 };
      });
      const port = sent ? tls : 1;
      const parameters = { method: 'POST', url: `https://api.test:${port}/x`, body: {} };
      const node = { uses: 'builtin:http', with: parameters, effects };
      const profile = { egress: [{ scheme: 'https', host: 'api.test', port, cidr: '127.0.0.0/8' }] };
      const run = { ...aRun(), plan: '{"sandbox":{"egressAllowlist":null}}', profile: JSON.stringify(profile) } as ClaimedRun; // prettier-ignore
      const before = seen.length;
      const outcome = await executor.execute(aRequest(parameters, { run }, node), new Report());
      put.mockRestore();
      expect(seen.length - before).toBe(sent ? 1 : 0);
      expect(outcome).toMatchObject(expected);
    },
  );

  it('gets plain HTTP where that is listed', async () => {
    const { outcome, attempts } = await perform({ url: `http://api.test:${plain}/x`, query: { q: 'a b' } });
    expect(outcome).toMatchObject({ kind: 'succeeded', outputs: { status: 200, body: 'GET ok' } });
    expect(seen.at(-1)?.request.url).toBe('/x?q=a%20b');
    expect(seen.at(-1)?.request.headers.host).toBe(`api.test:${plain}`);
    expect(attempts).toMatchObject([{ via: 'http', allowed: true }]);
  });

  it.each([
    ['bearer', { bearer: 'token' }, 'Bearer hunter2-hunter2'],
    ['basic', { basic: { username: 'svc', password: 'token' } }, `Basic ${Buffer.from('svc:hunter2-hunter2').toString('base64')}`], // prettier-ignore
  ])('signs in by %s with a secret of the step', async (_, auth, expected) => {
    const value = Buffer.from('hunter2-hunter2\n');
    const supplied = { secrets: new Map([['token', value]]), redactor: Redactor.of([value]) };
    const { outcome, attempts } = await perform({ url: at('/json'), auth }, {}, supplied);
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(seen.at(-1)?.request.headers.authorization).toBe(expected);
    expect(JSON.stringify([outcome, attempts])).not.toMatch(/hunter2|aHVudGVy/);
  });

  it('sends what the step says, and a key that tells repetitions', async () => {
    const { outcome } = await perform(
      { method: 'POST', url: at('/form?a=1'), query: { b: ['x', '&'], c: null, d: true }, headers: { 'X-Mine': [1, 'two'] }, form: { name: 'Ä é', n: 2 } },
      { effects: 'once' },
    ); // prettier-ignore
    expect(outcome).toMatchObject({ kind: 'succeeded', outputs: { body: 'POST ok' } });
    const { request, body } = seen.at(-1) ?? {};
    expect([request?.method, request?.url, body]).toEqual(['POST', '/form?a=1&b=x&b=%26&d=true', 'name=%C3%84%20%C3%A9&n=2']); // prettier-ignore
    expect(request?.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': 'key-1',
      'x-mine': '1, two',
    });
    await perform({ method: 'PUT', url: at('/put'), body: { b: 1, a: [true] } }, { effects: 'once' });
    expect([seen.at(-1)?.body, seen.at(-1)?.request.headers['content-type']]).toEqual(['{"a":[true],"b":1}', 'application/json']); // prettier-ignore
    const { outcome: head } = await perform({ method: 'HEAD', url: at('/x') });
    expect(head).toMatchObject({ kind: 'succeeded', outputs: { body: null } });
    expect(seen.at(-1)?.request.headers['idempotency-key']).toBeUndefined();
  });

  it('maps outputs over the response, without cookies', async () => {
    const outputs = { id: '{{ response.body.id }}', all: '{{ response.headers }}', text: 'was {{ response.status }}' };
    const { outcome } = await perform({ url: at('/json'), outputs });
    expect(outcome).toMatchObject({ kind: 'succeeded', outputs: { id: 7, text: 'was 200' } });
    const { outcome: cookie } = await perform({ url: at('/x') });
    expect(JSON.stringify(cookie)).not.toContain('session');
    const { outcome: wrong } = await perform({ url: at('/x'), outputs: { n: '{{ response.body.id.x > 1 }}' } });
    expect(wrong).toMatchObject({ kind: 'failed', retryable: false });
  });

  it('saves the body as an artifact', async () => {
    const { outcome, report } = await perform({ url: at('/bytes'), saveAs: 'page' });
    expect(outcome).toMatchObject({ kind: 'succeeded', outputs: { status: 200, body: null } });
    expect(report.of('artifact.captured')).toMatchObject([
      { name: 'page', path: 'page', size: 3, mediaType: 'application/zip' },
    ]);
    const { outcome: large, report: none } = await perform({ url: at('/large'), saveAs: 'page' });
    expect(large).toMatchObject({ kind: 'failed', code: 'HTTP_BODY_TOO_LARGE', retryable: false });
    expect(none.of('artifact.captured')).toEqual([]);
  });

  it('asks once where the object store is away, and stores body and egress log again', async () => {
    const { storage, failures } = awayOnce(folder);
    const parameters = { method: 'POST', url: at('/bytes'), saveAs: 'page' };
    const { outcome, report, attempts } = await perform(parameters, { effects: 'once' }, { storage });
    expect(failures).toEqual(['OBJECT_STORE_UNAVAILABLE', 'OBJECT_STORE_UNAVAILABLE']);
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(report.of('artifact.captured')).toMatchObject([{ name: 'page', size: 3 }]);
    expect(attempts).toHaveLength(1);
  });

  it.each<[string, string, JsonObject, object]>([
    ['more bytes than are kept', '/large', {}, { code: 'HTTP_BODY_TOO_LARGE', retryable: false }],
    ['more bytes than the step takes', '/x', { maxBytes: 3 }, { code: 'HTTP_BODY_TOO_LARGE' }],
    ['bytes that are no text', '/bytes', {}, { code: 'HTTP_BODY_BINARY', retryable: false }],
    ['JSON that is none', '/broken', {}, { code: 'HTTP_BODY_INVALID' }],
    ['JSON with a key twice', '/twice', {}, { code: 'HTTP_BODY_INVALID' }],
    ['a redirect', '/away', {}, { code: 'HTTP_STATUS', message: 'the response has status 302', retryable: false }],
    ['a status that may pass', '/busy', {}, { code: 'HTTP_STATUS', retryable: true }],
    ['a status that will not', '/missing', {}, { code: 'HTTP_STATUS', retryable: false }],
    ['a good status that is not expected', '/x', { expect: [204] }, { code: 'HTTP_STATUS' }],
    ['no answer', '/cut', {}, { code: 'HTTP_CONNECTION', retryable: true }],
  ])('fails for %s', async (_, path, more, expected) => {
    const count = seen.length;
    const { outcome, attempts } = await perform({ url: at(path), ...more });
    expect(outcome).toMatchObject({ kind: 'failed', ...expected });
    // The executor sends one request in every case: it follows no redirect and repeats nothing.
    expect([seen.length - count, attempts.length]).toEqual([1, 1]);
  });

  it('takes what the step expects', async () => {
    const { outcome } = await perform({ url: at('/missing'), expect: ['2xx', 404] });
    expect(outcome).toMatchObject({ kind: 'succeeded', outputs: { status: 404, body: 'no' } });
    const { outcome: away } = await perform({ url: at('/away'), expect: ['3xx'], outputs: { to: '{{ response.headers.location }}' } }); // prettier-ignore
    expect(away).toMatchObject({ kind: 'succeeded', outputs: { to: 'http://169.254.169.254/' } });
  });

  it('says of an effect that it does not know whether it happened', async () => {
    const { outcome } = await perform({ method: 'POST', url: at('/cut') }, { effects: 'once' });
    expect(outcome).toEqual({ kind: 'lost', reason: 'HTTP_NO_ANSWER' });
    const { outcome: refused } = await perform({ method: 'POST', url: `https://api.test:1/` }, { effects: 'once' });
    expect(refused).toMatchObject({ kind: 'failed', code: 'EGRESS_DENIED' });
  });

  it.each<[string, (port: number) => string, string]>([
    ['another host', (port) => `https://evil.test:${port}/`, 'EGRESS_NOT_LISTED'],
    ['another port', () => 'https://api.test/', 'EGRESS_NOT_LISTED'],
    ['plain HTTP', (port) => `http://api.test:${port}/`, 'EGRESS_NOT_LISTED'],
    ['an address', (port) => `https://127.0.0.1:${port}/`, 'EGRESS_NOT_LISTED'],
    ['another path', (port) => `https://api.test:${port}/v2/x`, 'EGRESS_PATH_OUTSIDE'],
  ])('does not go to %s, and records it', async (_, url, code) => {
    const declared = [{ url: `https://api.test:${tls}/v1`, intent: null }];
    const count = dns.asked.length;
    // The URL is computed. The planner would refuse a literal one, which counts as a declared destination.
    const { outcome, attempts } = await perform({ url: url(tls) }, { with: { url: '{{ inputs.url }}' }, egress: declared });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'EGRESS_DENIED', retryable: false });
    const { protocol, hostname } = new URL(url(tls));
    expect(outcome).toHaveProperty('message', expect.stringMatching(`${protocol}//${hostname}:\\d+ is not in egress of the step: ${code}$`));
    expect(attempts).toMatchObject([{ allowed: false, code, address: null }]);
    expect(dns.asked.length).toBe(count);
  }); // prettier-ignore

  it.each<[string, JsonObject, string]>([
    ['user information', { url: 'https://api.test@evil.test/' }, 'HTTP_URL_INVALID'],
    ['a dot segment', { url: 'https://api.test/v1/../v2' }, 'HTTP_URL_INVALID'],
    ['a line feed', { url: 'https://api.test/\nx' }, 'HTTP_URL_INVALID'],
    ['a header with a line feed', { url: 'https://api.test/', headers: { a: 'b\r\nc: d' } }, 'WITH_INVALID'],
    ['a header that carries', { url: 'https://api.test/', headers: { HOST: 'evil.test' } }, 'WITH_INVALID'],
    ['an object in a query', { url: 'https://api.test/', query: { a: {} } }, 'WITH_INVALID'],
    ['a secret', { url: 'https://api.test/', auth: { bearer: 'x' } }, 'SECRET_NOT_GRANTED'],
  ])('refuses %s before anything is opened', async (_, parameters, code) => {
    const { outcome, attempts } = await perform(parameters);
    expect(outcome).toMatchObject({ kind: 'failed', code, retryable: false });
    expect(attempts).toEqual([]);
  });

  it('does not trust another certificate, and does not dial a private address that nobody pinned', async () => {
    const { outcome, attempts } = await perform({ url: `https://other.test:${tls}/` });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'HTTP_TLS', retryable: false });
    expect(attempts).toMatchObject([{ sni: 'other.test', allowed: true }]);
    const { outcome: there, attempts: denied } = await perform({ url: `https://private.test:${tls}/` });
    expect(there).toMatchObject({ kind: 'failed', code: 'EGRESS_SPECIAL_ADDRESS', retryable: false });
    expect(denied).toMatchObject([{ allowed: false, address: null, code: 'EGRESS_SPECIAL_ADDRESS' }]);
  });

  it.each(['http', 'https'])('names the host that cannot be resolved: %s', async (scheme) => {
    const { outcome } = await perform({ url: `${scheme}://nowhere.test:${tls}/` });
    const message = 'the host nowhere.test cannot be resolved on the worker';
    expect(outcome).toMatchObject({ kind: 'failed', code: 'EGRESS_UNRESOLVED', message, retryable: true });
  });

  it('is lost with the proxy, never a success; and after three times it has failed', async () => {
    killProxy = () => process.kill(proxy.pid as number, 'SIGKILL');
    const outcomes: Outcome[] = [];
    for (let time = 0; time < 3; time++) outcomes.push((await perform({ url: at('/silent') })).outcome);
    killProxy = null;
    const lost = { kind: 'lost', reason: 'EGRESS_LOST' };
    expect(outcomes).toEqual([lost, lost, expect.objectContaining({ kind: 'failed', code: 'EGRESS_LOST' })]);
    const { outcome } = await perform({ url: at('/json') });
    expect(outcome).toMatchObject({ kind: 'succeeded' });
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const waiting = perform({ url: at('/silent') }, {}, { signal: abort.signal });
    const count = seen.length;
    while (seen.length === count) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort('step-timeout');
    expect((await waiting).outcome).toEqual({ kind: 'stopped', unknown: false });
  });
});
