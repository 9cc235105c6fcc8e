import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseRule, type EgressAttempt, type EgressRule } from '@taskrunner/core/egress';
import type { EgressWay } from '@taskrunner/core/ports';
import { EgressProxy } from './egress-proxy';
import type { EgressLimits } from './egress-process/protocol';
import { makeCertificate, type TestCertificate } from './testing/certificates';
import { startDns, type DnsServer } from './testing/dns-server';
import { exchange, getOver, openTunnelTo, statusIn, tlsOver } from './testing/through-socket';

const LIMITS: EgressLimits = {
  connections: 16,
  attempts: 200,
  headerBytes: 16_384,
  idleMs: 20_000,
  dialMs: 20_000,
  drainMs: 1_000,
  bytes: 10_000_000,
};
const LOOPBACK = '127.0.0.0/8';
const hasOpenssl = existsSync('/usr/bin/openssl');
if (!hasOpenssl && process.env['CI'] === 'true') throw new Error('openssl is needed');
if (!hasOpenssl) console.log('skipped: no openssl to make certificates with');

const pinned = (text: string, cidr = LOOPBACK): EgressRule => parseRule(text, cidr) as EgressRule;

(hasOpenssl ? describe : describe.skip)('the egress proxy', () => {
  let certificate: TestCertificate;
  let dns: DnsServer;
  let proxy: EgressProxy;
  let tlsPort: number;
  let plainPort: number;
  const requests: IncomingMessage[] = [];
  const bodies: string[] = [];
  const closers: (() => void)[] = [];
  const lost: string[] = [];

  beforeAll(async () => {
    certificate = makeCertificate(['api.allowed.test', 'evil.test']);
    dns = await startDns((host, type, time) => {
      if (type === 'AAAA') return host === 'mapped.allowed.test' ? ['0:0:0:0:0:ffff:a00:1'] : [];
      if (host === 'rebind.allowed.test') return time === 0 ? ['127.0.0.1'] : ['10.0.0.1'];
      if (host === 'private.allowed.test') return ['10.0.0.1'];
      return host === 'nowhere.allowed.test' || host === 'mapped.allowed.test' ? [] : ['127.0.0.1'];
    });
    const https = createHttps(certificate, (request, response) => {
      requests.push(request);
      if (request.url === '/away') response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end();
      else response.end(`hello ${request.url}`);
    });
    const http = createHttp((request, response) => {
      requests.push(request);
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        if (request.url === '/large') response.end('x'.repeat(100_000));
        else if (request.url !== '/silent') response.setHeader('x-mine', 'yes').end('plain hello');
      });
    });
    for (const server of [https, http]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closers.push(() => (server.closeAllConnections(), server.close()));
    }
    tlsPort = (https.address() as AddressInfo).port;
    plainPort = (http.address() as AddressInfo).port;
    proxy = newProxy();
  });

  afterAll(async () => {
    await proxy.close();
    await dns.close();
    for (const close of closers) close();
  });

  function newProxy(limits: Partial<EgressLimits> = {}, platform: { host: string; port: number }[] = []): EgressProxy {
    return new EgressProxy({
      limits: { ...LIMITS, ...limits },
      resolvers: [dns.address],
      platform,
      onLost: (reason) => lost.push(reason),
    });
  }

  /** The attempts that a socket with these rules logs during the given action. */
  async function attemptsOf(
    rules: readonly EgressRule[],
    act: (path: string) => Promise<unknown>,
    through: EgressProxy = proxy,
  ): Promise<readonly EgressAttempt[]> {
    const socket = await through.open(rules);
    await act(socket.path);
    const { attempts, lost: isLost } = await socket.close();
    expect(isLost).toBe(false);
    expect(existsSync(socket.path)).toBe(false);
    return [...attempts].sort((a, b) => a.n - b.n);
  }

  const https = async (path: string, authority: string, servername: string, url = '/'): Promise<string | null> => {
    const socket = await openTunnelTo(path, authority);
    if (typeof socket === 'string') return socket;
    const tls = await tlsOver(socket, certificate.ca, servername);
    return tls === null ? null : getOver(tls, servername, url);
  };

  it('lets a listed host through, verified by its certificate, and records it', async () => {
    const host = 'api.allowed.test';
    let answer: string | null = null;
    const attempts = await attemptsOf([pinned(`https://${host}:${tlsPort}`)], async (path) => {
      answer = await https(path, `${host}:${tlsPort}`, host, '/x');
    });
    expect(answer).toContain('hello /x');
    expect(attempts).toEqual([
      { n: 1, ms: expect.any(Number) as number, via: 'connect', host, port: tlsPort, sni: host, address: '127.0.0.1', sent: expect.any(Number) as number, received: expect.any(Number) as number, allowed: true, code: 'EGRESS_ALLOWED' },
    ]); // prettier-ignore
    expect(attempts[0]?.sent).toBeGreaterThan(200);
    expect(attempts[0]?.received).toBeGreaterThan(500);
  });

  describe('denies, and records', () => {
    const connects: [string, string, string, number][] = [
      ['another host', 'evil.test:PORT', 'EGRESS_NOT_LISTED', 403],
      ['another port', 'api.allowed.test:22', 'EGRESS_NOT_LISTED', 403],
      ['a host that ends like a listed one', 'evilapi.allowed.test:PORT', 'EGRESS_NOT_LISTED', 403],
      ['an address in place of the name', '127.0.0.1:PORT', 'EGRESS_NOT_LISTED', 403],
      ['a decimal address', '2130706433:PORT', 'EGRESS_HOST_INVALID', 400],
      ['an octal address', '0177.0.0.1:PORT', 'EGRESS_HOST_INVALID', 400],
      ['a hexadecimal address', '0x7f000001:PORT', 'EGRESS_HOST_INVALID', 400],
      ['a short address', '127.1:PORT', 'EGRESS_HOST_INVALID', 400],
      ['a mapped address', '[::ffff:127.0.0.1]:PORT', 'EGRESS_NOT_LISTED', 403],
      ['user information', 'api.allowed.test:PORT@evil.test:443', 'EGRESS_HOST_INVALID', 400],
      ['a percent sign', 'api.allowed.test%2eevil.test:PORT', 'EGRESS_HOST_INVALID', 400],
      ['no port', 'api.allowed.test', 'EGRESS_HOST_INVALID', 400],
      ['a name that leads nowhere', 'nowhere.allowed.test:PORT', 'EGRESS_UNRESOLVED', 502],
      [
        'a name of a private address outside the pinned ones',
        'private.allowed.test:PORT',
        'EGRESS_ADDRESS_OUTSIDE',
        403,
      ],
      ['a name of a mapped private address', 'mapped.allowed.test:PORT', 'EGRESS_ADDRESS_OUTSIDE', 403],
    ];
    it.each(connects)('%s', async (_, authority, code, status) => {
      const rules = ['api', 'nowhere', 'private', 'mapped'].map((name) =>
        pinned(`https://${name}.allowed.test:${tlsPort}`),
      );
      const before = dns.asked.length;
      let head: unknown;
      const attempts = await attemptsOf(rules, async (path) => {
        head = await openTunnelTo(path, authority.replace('PORT', String(tlsPort)));
      });
      expect(attempts).toMatchObject([{ via: 'connect', allowed: false, code, sent: 0, received: 0 }]);
      expect([typeof head === 'string' && statusIn(head), head]).toEqual([status, expect.stringContaining(code)]);
      // Names that are not allowed must not be resolved.
      if (code === 'EGRESS_NOT_LISTED' || code === 'EGRESS_HOST_INVALID') expect(dns.asked.length).toBe(before);
    });

    it.each<[string, (socket: string) => Promise<unknown>, string, string | null]>([
      ['another name in the ClientHello', (path) => https(path, authority(), 'evil.test'), 'EGRESS_SNI_MISMATCH', 'evil.test'],
      ['no name in the ClientHello', (path) => https(path, authority(), ''), 'EGRESS_SNI_MISSING', null],
      ['what is not TLS', (path) => raw(path, 'GET / HTTP/1.1\r\nHost: api.allowed.test\r\n\r\n'), 'EGRESS_TLS_INVALID', null],
      ['a nested CONNECT in the clear', (path) => raw(path, 'CONNECT evil.test:443 HTTP/1.1\r\n\r\n'), 'EGRESS_TLS_INVALID', null],
      ['half a ClientHello', (path) => raw(path, Buffer.from([22, 3, 1, 1, 0, 1])), 'EGRESS_TLS_INVALID', null],
    ])('%s', async (_, act, code, sni) => {
      const count = requests.length;
      const attempts = await attemptsOf([pinned(`https://api.allowed.test:${tlsPort}`)], act);
      expect(attempts).toMatchObject([{ host: 'api.allowed.test', sni, allowed: false, code, sent: 0, received: 0 }]);
      expect(requests.length).toBe(count);
    }); // prettier-ignore
    const authority = (): string => `api.allowed.test:${tlsPort}`;
    const raw = async (path: string, bytes: string | Buffer): Promise<void> => {
      const socket = await openTunnelTo(path, authority());
      if (typeof socket === 'string') throw new Error(socket);
      const closed = new Promise((resolve) => socket.on('close', resolve).on('error', () => undefined));
      socket.resume().end(bytes);
      await closed;
    };

    it.each<[string, string, string]>([
      ['plain HTTP to a host listed for https', 'GET http://api.allowed.test/ HTTP/1.1\r\nHost: api.allowed.test\r\n\r\n', 'EGRESS_NOT_LISTED'],
      ['an https URL that is asked for in the clear', 'GET https://api.allowed.test/ HTTP/1.1\r\nHost: api.allowed.test\r\n\r\n', 'EGRESS_REQUEST_INVALID'],
      ['a path alone', 'GET /x HTTP/1.1\r\nHost: plain.allowed.test\r\n\r\n', 'EGRESS_REQUEST_INVALID'],
      ['two Hosts', 'GET http://plain.allowed.test:PORT/ HTTP/1.1\r\nHost: plain.allowed.test\r\nHost: evil.test\r\n\r\n', 'EGRESS_REQUEST_INVALID'],
      ['no Host', 'GET http://plain.allowed.test:PORT/ HTTP/1.1\r\n\r\n', 'EGRESS_REQUEST_INVALID'],
      ['two lengths', 'POST http://plain.allowed.test:PORT/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'EGRESS_REQUEST_INVALID'],
      ['a NUL', 'CONNECT evil.test\0.allowed.test:443 HTTP/1.1\r\n\r\n', 'EGRESS_REQUEST_INVALID'],
      ['a TLS ClientHello without CONNECT', '\x16\x03\x01\x01\x00\x01\x00', 'EGRESS_REQUEST_INVALID'],
      ['SOCKS', '\x05\x01\x00', 'EGRESS_REQUEST_INVALID'],
    ])('%s', async (_, bytes, code) => {
      const count = requests.length;
      const rules = [pinned(`https://api.allowed.test:${tlsPort}`), pinned(`http://plain.allowed.test:${plainPort}`)];
      const attempts = await attemptsOf(rules, (path) => exchange(path, bytes.replace('PORT', String(plainPort))));
      expect(attempts).toMatchObject([{ allowed: false, code, sent: 0, received: 0 }]);
      expect(requests.length).toBe(count);
    }); // prettier-ignore
  });

  it('follows no redirect: the second hop is another attempt, and is denied', async () => {
    const host = 'api.allowed.test';
    const count = requests.length;
    const attempts = await attemptsOf([pinned(`https://${host}:${tlsPort}`)], async (path) => {
      const answer = await https(path, `${host}:${tlsPort}`, host, '/away');
      const location = /location: (\S+)/.exec(answer ?? '')?.[1] ?? '';
      expect(location).toBe('http://169.254.169.254/latest/');
      await exchange(path, `GET ${location} HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n`);
    });
    expect(attempts.map(({ code, host: to }) => [code, to])).toEqual([
      ['EGRESS_ALLOWED', host],
      ['EGRESS_NOT_LISTED', '169.254.169.254'],
    ]);
    expect(requests.length).toBe(count + 1);
  });

  it('resolves once: a name that turns to another address changes nothing of what was decided', async () => {
    const host = 'rebind.allowed.test';
    const asked = (): number => dns.asked.filter((name) => name === `A ${host}`).length;
    let answer: string | null = null;
    const rules = [pinned(`https://${host}:${tlsPort}`)];
    const first = await attemptsOf(rules, async (path) => {
      answer = await https(path, `${host}:${tlsPort}`, host);
    });
    expect(answer).toContain('hello');
    expect([asked(), first]).toMatchObject([1, [{ address: '127.0.0.1', allowed: true }]]);
    const second = await attemptsOf(rules, (path) => openTunnelTo(path, `${host}:${tlsPort}`));
    expect([asked(), second]).toMatchObject([2, [{ address: null, code: 'EGRESS_ADDRESS_OUTSIDE' }]]);
  });

  it('takes one request for each connection: what is sent behind it goes nowhere', async () => {
    const url = `http://plain.allowed.test:${plainPort}`;
    const count = requests.length;
    const attempts = await attemptsOf([pinned(url)], (path) =>
      exchange(path, ['/first', '/second'].map((at) => `GET ${url}${at} HTTP/1.1\r\nHost: x\r\n\r\n`).join('')),
    );
    expect(requests.slice(count).map((request) => request.url)).not.toContain('/second');
    expect(attempts[1]).toMatchObject({ allowed: false, code: 'EGRESS_REQUEST_INVALID' });
    expect(attempts).toHaveLength(2);
  });

  it('writes a plain request anew', async () => {
    const rules = [pinned(`http://plain.allowed.test:${plainPort}`)];
    const url = `http://plain.allowed.test:${plainPort}`;
    const body = 'x=1';
    const one = `POST ${url}/a?b=c HTTP/1.1\r\nHost: evil.test\r\nProxy-Authorization: Basic eA==\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-Kept: 2\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const count = requests.length;
    let answer = '';
    const attempts = await attemptsOf(rules, async (path) => {
      answer = await exchange(path, one);
    });
    expect(requests.length).toBe(count + 1);
    const request = requests.at(-1);
    expect([request?.url, request?.method, bodies.at(-1)]).toEqual(['/a?b=c', 'POST', body]);
    expect(request?.headers).toEqual({ host: `plain.allowed.test:${plainPort}`, 'x-kept': '2', 'content-length': '3', connection: 'close' }); // prettier-ignore
    expect(answer).toContain('plain hello');
    expect(attempts).toMatchObject([{ via: 'http', host: 'plain.allowed.test', port: plainPort, allowed: true }]);
  });

  it('hands back the answer to a plain request', async () => {
    const url = `http://plain.allowed.test:${plainPort}`;
    let answer = '';
    const attempts = await attemptsOf([pinned(url)], async (path) => {
      answer = await exchange(path, `GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`);
    });
    expect([statusIn(answer), answer]).toEqual([200, expect.stringContaining('plain hello')]);
    expect(answer).toMatch(/x-mine: yes/i);
    expect(attempts).toMatchObject([{ allowed: true, code: 'EGRESS_ALLOWED', address: '127.0.0.1' }]);
  });

  it('keeps the limits of a socket', async () => {
    const url = `http://plain.allowed.test:${plainPort}`;
    const small = newProxy({ attempts: 2, bytes: 50_000 });
    // Only the silent connection needs this limit. On a busy machine the others may take longer.
    const impatient = newProxy({ idleMs: 300 });
    try {
      const large = await attemptsOf([pinned(url)], (path) => exchange(path, `GET ${url}/large HTTP/1.1\r\nHost: x\r\n\r\n`), small); // prettier-ignore
      expect(large).toMatchObject([{ code: 'EGRESS_LIMIT', allowed: true }]);
      const silent = await attemptsOf([pinned(url)], (path) => exchange(path, `GET ${url}/silent HTTP/1.1\r\nHost: x\r\n\r\n`), impatient); // prettier-ignore
      expect(silent).toMatchObject([{ code: 'EGRESS_IDLE' }]);
      const many = await attemptsOf([], async (path) => {
        for (let i = 0; i < 5; i++)
          await exchange(path, 'GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n').catch(() => undefined);
      }, small); // prettier-ignore
      expect(many.map(({ code }) => code)).toEqual(['EGRESS_NOT_LISTED', 'EGRESS_NOT_LISTED', 'EGRESS_LIMIT']);
      const wide = await attemptsOf([pinned(url)], (path) => exchange(path, `GET ${url}/ HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`), small); // prettier-ignore
      expect(wide).toMatchObject([{ code: 'EGRESS_REQUEST_INVALID' }]);
    } finally {
      await small.close();
      await impatient.close();
    }
  });

  it('takes no more connections at once than it may', async () => {
    const narrow = newProxy({ connections: 1 });
    const authority = `api.allowed.test:${tlsPort}`;
    try {
      const attempts = await attemptsOf(
        [pinned(`https://${authority}`)],
        async (path) => {
          const tunnel = await openTunnelTo(path, authority);
          if (typeof tunnel === 'string') throw new Error(tunnel);
          expect(await exchange(path, 'GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n')).toBe('');
          const tls = await tlsOver(tunnel, certificate.ca, 'api.allowed.test');
          expect(tls && (await getOver(tls, 'api.allowed.test'))).toContain('hello');
        },
        narrow,
      );
      expect(attempts.map(({ code }) => code)).toEqual(['EGRESS_ALLOWED', 'EGRESS_LIMIT']);
    } finally {
      await narrow.close();
    }
  });

  it('keeps hosts of the platform closed where every host is listed', async () => {
    const guarded = newProxy({}, [{ host: 'db.example.com', port: 5_432 }]);
    try {
      const any: EgressRule = { scheme: '*', host: '*', port: '*' };
      const attempts = await attemptsOf([any], (path) => openTunnelTo(path, 'db.example.com:5432'), guarded);
      expect(attempts).toMatchObject([{ code: 'EGRESS_PLATFORM_HOST', allowed: false, address: null }]);
    } finally {
      await guarded.close();
    }
  });

  it('is a process without environment, credentials or open files of the worker', async () => {
    const socket = await proxy.open([]);
    const folder = `/proc/${proxy.pid}`;
    expect(readFileSync(`${folder}/environ`, 'utf8')).toBe('');
    const user = /^Uid:\s+(\d+)/m.exec(readFileSync(`${folder}/status`, 'utf8'))?.[1];
    expect(user).toBe(process.getuid?.() === 0 ? '65533' : String(process.getuid?.()));
    const linked = (path: string): string => {
      try {
        return readlinkSync(path);
      } catch {
        return '';
      }
    };
    // Standard error must be the same stream, whether it is a file or not.
    const errors = linked('/proc/self/fd/2');
    const files = readdirSync(`${folder}/fd`).map((fd) => linked(`${folder}/fd/${fd}`));
    const opened = files.filter((file) => file.startsWith('/') && !/^\/(dev|proc)\//.test(file) && !file.includes('pipe'));
    expect(opened.filter((file) => file !== errors)).toEqual([]);
    await socket.close();
  }); // prettier-ignore

  it('that dies leaves nothing open, says so, and is started anew', async () => {
    const mortal = newProxy();
    const host = 'api.allowed.test';
    const rules = [pinned(`https://${host}:${tlsPort}`)];
    const reported: string[] = [];
    const open = async (): Promise<EgressWay> => mortal.open(rules);
    const first = await open();
    const reportedOf = new Promise<void>((resolve) => first.onLost(() => (reported.push('first'), resolve())));
    const tunnel = await openTunnelTo(first.path, `${host}:${tlsPort}`);
    if (typeof tunnel === 'string') throw new Error(tunnel);
    const cut = new Promise((resolve) =>
      tunnel
        .on('close', resolve)
        .on('error', () => undefined)
        .resume(),
    );
    const { pid } = mortal;
    process.kill(pid as number, 'SIGKILL');
    await Promise.all([cut, reportedOf]);
    expect(await first.close()).toMatchObject({ lost: true });
    expect(reported).toEqual(['first']);
    expect(lost.at(-1)).toContain('SIGKILL');
    await expect(exchange(first.path, 'GET / HTTP/1.1\r\n\r\n')).rejects.toThrow();
    const attempts = await attemptsOf(rules, (path) => https(path, `${host}:${tlsPort}`, host), mortal);
    expect(attempts).toMatchObject([{ code: 'EGRESS_ALLOWED' }]);
    expect(mortal.pid).not.toBe(pid);
    await mortal.close();
    await expect(open()).rejects.toMatchObject({ code: 'EGRESS_UNAVAILABLE' });
  });

  const vectors = join(process.env['TASKRUNNER_VECTORS'] ?? join(__dirname, '../../../../../../shared/vectors'), 'project/ssrf-egress-cases.json'); // prettier-ignore
  const there = existsSync(vectors);
  if (!there) console.log(`skipped: no egress vectors at ${vectors}`);
  (there ? it : it.skip)('decides every published request as it says', async () => {
    const cases = JSON.parse(readFileSync(vectors, 'utf8')) as {
      readonly url_cases: readonly { readonly input: string }[];
      readonly redirect_cases: readonly { readonly chain: readonly [string, string] }[];
      readonly connect_cases: readonly {
        readonly request_line?: string;
        readonly headers?: readonly string[];
        readonly expect: string;
      }[];
    };
    // The hosts resolve to loopback ports without a listener, so allowed connections are unreachable.
    const rules = [pinned('allowed.test:443', '127.0.0.0/8'), pinned('allowed.test:80', '127.0.0.0/8')];
    const ask = async (line: string, headers: readonly string[]): Promise<boolean> => {
      const text = [line, ...headers, '', ''].join('\r\n');
      const attempts = await attemptsOf(rules, (path) => exchange(path, Buffer.from(text, 'utf8')));
      expect([line, attempts.length]).toEqual([line, 1]);
      return attempts[0]?.allowed ?? true;
    };
    for (const { input } of cases.url_cases)
      expect([input, await ask(`GET ${input} HTTP/1.1`, ['Host: allowed.test'])]).toEqual([input, false]);
    for (const { chain } of cases.redirect_cases.slice(0, 3))
      expect([chain, await ask(`GET ${chain[1]} HTTP/1.1`, ['Host: allowed.test'])]).toEqual([chain, false]);
    const lines = cases.connect_cases.flatMap(({ request_line: line, headers = [], expect: wanted }) =>
      line === undefined ? [] : [{ line, headers, allow: wanted === 'allow' || wanted.startsWith('same decision') }],
    );
    expect([cases.url_cases.length, lines.length]).toEqual([32, 12]);
    for (const { line, headers, allow } of lines) {
      const sent = headers.length > 0 ? headers : ['Host: allowed.test'];
      expect([line, await ask(line, sent)]).toEqual([line, allow]);
    }
  });
});
