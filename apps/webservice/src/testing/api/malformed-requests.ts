import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { ApiUnderTest } from './api-under-test';
import { MANIFEST, MIB } from './sample';

/** Tests of requests that the HTTP parser refuses, and of those that few clients send. */
export function describeMalformedRequests(api: ApiUnderTest): void {
  const { tokens } = api;
  const port = (): number => Number(new URL(api.webservice.url).port);

  /** Sends the bytes, and resolves to everything that is answered until the server closes the connection. */
  async function exchange(...parts: readonly (string | Buffer)[]): Promise<string> {
    const socket = connect(port(), '127.0.0.1');
    socket.on('error', () => undefined);
    for (const part of parts) socket.write(part);
    return (await buffer(socket)).toString();
  }

  /** Status, code and the headers that matter of an answer that closes its connection. */
  function problemIn(text: string): readonly unknown[] {
    const [head = '', body = ''] = text.split('\r\n\r\n', 2);
    const { code, status, remediation, type } = JSON.parse(body) as Record<string, string>;
    expect(head).toMatch(/\r\nContent-Type: application\/problem\+json/i);
    expect(head).toMatch(/\r\nConnection: close/i);
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`));
    expect(remediation).toMatch(/^[A-Z].+\.$/);
    expect(type).toBe(`${api.webservice.url}/errors/${code}`);
    return [status, code];
  }

  const HOST = 'Host: x\r\n';
  const bearer = (): string => `Authorization: Bearer ${tokens.get('ada') ?? ''}\r\n`;
  const chunked = (): string =>
    `POST /api/runs HTTP/1.1\r\n${HOST}${bearer()}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;

  describe('requests that are not HTTP', () => {
    it.each([
      ['no request line', 'hello\r\n\r\n'],
      ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
      ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['a space in the path', `GET /api/runs/a b HTTP/1.1\r\n${HOST}\r\n`],
      ['a control character in a header', `GET /api/me HTTP/1.1\r\n${HOST}X-A: a\u0001b\r\n\r\n`],
      ['NUL in the path', `GET /api/\0 HTTP/1.1\r\n${HOST}\r\n`],
      ['an unknown method', `FETCH /api/me HTTP/1.1\r\n${HOST}\r\n`],
      ['two lengths', `POST /api/runs HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`],
      [
        'a length and chunks',
        `POST /api/runs HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ],
      ['a negative length', `POST /api/runs HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`],
      ['no Host', 'GET /api/me HTTP/1.1\r\n\r\n'],
      ['two Hosts', `GET /api/me HTTP/1.1\r\n${HOST}${HOST}\r\n`],
      ['CONNECT', `CONNECT example.org:443 HTTP/1.1\r\n${HOST}\r\n`],
    ])('get 400 with a remedy, and their connection is closed: %s', async (_, text) => {
      expect(problemIn(await exchange(text))).toEqual([400, 'REQUEST_MALFORMED']);
    });

    it('get it too where only the body is none', async () => {
      expect(problemIn(await exchange(chunked(), 'zz\r\n'))).toEqual([400, 'REQUEST_MALFORMED']);
      const extended = `1;${'a'.repeat(20_000)}\r\n`;
      expect(problemIn(await exchange(chunked(), extended))).toEqual([413, 'BODY_TOO_LARGE']);
    });

    it.each([
      ['headers', `GET /api/me HTTP/1.1\r\n${HOST}X-A: `],
      ['a path', 'GET /api/runs/'],
      ['a query', 'GET /api/runs?labels='],
    ])('get 431 where %s are too large, also if the client reads only after it has written', async (_, text) => {
      const answer = await exchange(text, Buffer.alloc(2 * MIB, 'x'), '\r\n\r\n');
      expect(problemIn(answer)).toEqual([431, 'HEADERS_TOO_LARGE']);
    });

    it('are answered after the earlier requests of their connection', async () => {
      const body = JSON.stringify({ manifest: MANIFEST });
      const head = `POST /api/runs HTTP/1.1\r\n${HOST}${bearer()}Content-Type: application/json\r\n`;
      const submission = `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
      const text = await exchange(`${submission}${submission}no HTTP\r\n\r\n`);
      expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 201', 'HTTP/1.1 201', 'HTTP/1.1 400']);
      expect(text.match(/"runId":"run_/g)).toHaveLength(2);
      expect(problemIn(text.slice(text.indexOf('HTTP/1.1 400')))).toEqual([400, 'REQUEST_MALFORMED']);
      const absent = await exchange(`GET /nope HTTP/1.1\r\n${HOST}\r\nno HTTP\r\n\r\n`);
      expect(problemIn(absent)).toEqual([404, 'ROUTE_NOT_FOUND']);
    });

    it('do not answer for an earlier request of their connection', async () => {
      const first = `GET /api/me HTTP/1.1\r\n${HOST}${bearer()}\r\n`;
      const text = await exchange(first, 'no HTTP\r\n\r\n');
      expect(text.split('HTTP/1.1 400').length - 1).toBe(text.startsWith('HTTP/1.1 200') ? 1 : 0);
    });
  });

  describe('requests that few clients send', () => {
    it.each([
      ['/API/runs', 404, 'ROUTE_NOT_FOUND'],
      ['/Api/Me', 404, 'ROUTE_NOT_FOUND'],
      ['/api/me/', 404, 'ROUTE_NOT_FOUND'],
      ['//api/me', 404, 'ROUTE_NOT_FOUND'],
      ['/api//me', 404, 'ROUTE_NOT_FOUND'],
      ['/api/x/../me', 404, 'ROUTE_NOT_FOUND'],
      ['/errors/gate_stale', 404, 'ROUTE_NOT_FOUND'],
      ['/V1/task-runner/me', 404, 'ROUTE_NOT_FOUND'],
      ['/OpenAPI.json', 404, 'ROUTE_NOT_FOUND'],
      ['/api/runs?limit=1&limit=2', 422, 'REQUEST_INVALID'],
      ['/api/runs?limit[]=1', 422, 'REQUEST_INVALID'],
      ['/api/runs?__proto__=1', 422, 'REQUEST_INVALID'],
      ['/api/runs?q=%01%02', 200, undefined],
      ['/api/runs/%01', 404, 'RUN_NOT_FOUND'],
      ['/api/runs/run_%0d%0aSet-Cookie:x', 404, 'RUN_NOT_FOUND'],
      ['/api/runs/..%2f..%2fme', 404, 'RUN_NOT_FOUND'],
      ['/api/runs?%ff=1', 422, 'REQUEST_INVALID'],
      ['/api/runs?q=%ff', 422, 'REQUEST_INVALID'],
      ['/api/runs?q=100%', 422, 'REQUEST_INVALID'],
      ['/api/runs?q=%C3%BF+%25', 200, undefined],
      ['*', 404, 'ROUTE_NOT_FOUND'],
      ['http://other.example/api/me', 200, undefined],
    ])('GET %s gets %d', async (path, status, code) => {
      const text = await exchange(`GET ${path} HTTP/1.1\r\n${HOST}${bearer()}Connection: close\r\n\r\n`);
      expect([Number(text.split(' ')[1]), /"code":"(\w+)"/.exec(text)?.[1]]).toEqual([status, code]);
    });

    it.each([
      ['HEAD', '/api/me', 200],
      ['HEAD', '/api/nothing', 404],
      ['HEAD', '/api/runs/run_01kb3v2m5t8wq4yhn6z0c7d9ef/cancel', 405],
      ['OPTIONS', '/API/me', 404],
      ['OPTIONS', '*', 404],
      ['TRACE', '/api/me', 405],
      ['PROPFIND', '/api/me', 405],
    ])('%s %s gets %d', async (method, path, status) => {
      const text = await exchange(`${method} ${path} HTTP/1.1\r\n${HOST}${bearer()}Connection: close\r\n\r\n`);
      expect(Number(text.split(' ')[1])).toBe(status);
      if (method === 'HEAD') expect(text).toMatch(/\r\n\r\n$/);
    });

    it('are answered in spite of an expectation or a protocol that the server does not have', async () => {
      for (const header of ['Expect: gold', 'Upgrade: websocket\r\nConnection: Upgrade', 'Upgrade: h2c']) {
        const text = await exchange(`GET /api/me HTTP/1.0\r\n${bearer()}${header}\r\n\r\n`);
        expect([header, text.split(' ')[1]]).toEqual([header, '200']);
      }
    });
  });
}
