import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { JsonObject } from '@taskrunner/core/foundation';
import { packText } from '@taskrunner/core/testing';
import { buffer } from 'node:stream/consumers';
import type { ApiUnderTest } from './api-under-test';
import { MIB } from './sample';
import { upload } from './uploads';

/** Tests of requests whose head or body is incomplete or large. */
export function describeUnfinishedRequests(api: ApiUnderTest): void {
  const { ask, tokens } = api;

  describe('a request that does not end', () => {
    /** Writes the head of a request without its body. Resolves to the response when the connection is closed. */
    async function said(head: readonly string[], more: (socket: Socket) => void = () => undefined): Promise<string> {
      const socket = connect(Number(new URL(api.webservice.url).port), '127.0.0.1');
      let text = '';
      socket.on('data', (piece: Buffer) => {
        text += piece.toString();
        // Who has the answer does not send the rest.
        if (/"retryable":(true|false),"errors":\[.*\]\}$/.test(text)) socket.end();
      });
      socket.on('error', () => undefined);
      socket.write(`${head.join('\r\n')}\r\n`);
      more(socket);
      await once(socket, 'close', { signal: AbortSignal.timeout(45_000) });
      return text;
    }
    const begins: (() => void)[] = [];
    /** A request that begins before the first of these tests, because it ends with a timeout of the service. Resolves as `said`. */
    function saidEarly(head: () => readonly string[], more?: (socket: Socket) => void): () => Promise<string> {
      let answer: Promise<string> | undefined;
      begins.push(() => {
        answer = said(head(), more);
        // The test that waits for it reports it.
        answer.catch(() => undefined);
      });
      return async () => answer ?? Promise.reject(new Error('not begun'));
    }
    beforeAll(() => {
      for (const begin of begins) begin();
    });
    const bearer = (login: string): string => `Authorization: Bearer ${tokens.get(login) ?? ''}`;
    const announced = ['Host: x', 'Content-Type: application/json', 'Content-Length: 1000'];

    const half = saidEarly(() => ['POST /api/runs HTTP/1.1', bearer('ada'), ...announced, '', '{"manifest":']);
    it('is answered with 408 and the connection closed, where its body is read', async () => {
      const text = await half();
      expect(text).toMatch(/^HTTP\/1\.1 408 /);
      expect(text).toContain('"code":"BODY_TIMEOUT"');
      expect(text).toMatch(/\r\nConnection: close\r\n/i);
    });

    const expecting = ['Host: x', 'Content-Type: application/json', 'Expect: 100-continue', 'Connection: close'];
    const expectations = (
      [
        ['ada', '/api/runs', 2 * MIB, /^HTTP\/1\.1 413 /],
        ['ada', '/api/uploads', 2 * MIB, /^HTTP\/1\.1 413 /],
        ['grace', '/api/runs', 20, /^HTTP\/1\.1 403 /],
        ['nobody', '/api/uploads', 20, /^HTTP\/1\.1 401 /],
        ['ada', '/api/runs', 20, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 422 /],
        ['ada', '/api/uploads', 20, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /],
      ] as const
    ).map(([login, path, length, expected]) => {
      const head = () => [`POST ${path} HTTP/1.1`, bearer(login), ...expecting, `Content-Length: ${length}`, ''];
      const answer = saidEarly(head, (socket) => {
        socket.once('data', (piece: Buffer) => {
          if (piece.toString().startsWith('HTTP/1.1 100')) socket.write('{"manifest":"abcde"}');
        });
      });
      return { name: `${login} ${path} ${length}`, expected, answer };
    });
    it.each(expectations)('is told to send its body only where that is read: $name', async ({ expected, answer }) => {
      expect(await answer()).toMatch(expected);
    });

    const unread = saidEarly(() => ['GET /api/me HTTP/1.1', bearer('ada'), ...announced, '', '']);
    it('keeps its connection no longer than that, where nobody reads its body', async () => {
      expect(await unread()).toMatch(/^HTTP\/1\.1 200 /);
    });

    const unknown = ['POST /api/uploads HTTP/1.1', 'Authorization: Bearer none', ...announced, '', ''];
    const unauthenticated = saidEarly(() => unknown);
    it('is closed where it is not authenticated', async () => {
      const since = await unauthenticated();
      expect(since).toMatch(/^HTTP\/1\.1 401 /);
      expect(since).toMatch(/\r\nConnection: close\r\n/i);
    });

    const APPROVE = 'POST /api/runs/run_01kb3v2m5t8wq4yhn6z0c7d9eh/approve HTTP/1.1';
    const SUBMIT = 'POST /api/runs HTTP/1.1';
    const refusals = (
      [
        ['brackets', 'grace', APPROVE, `{"response":[${'[],'.repeat(60_000)}`, 413, 'BODY_TOO_LARGE'],
        ['keys', 'grace', APPROVE, `{"response":{${'"k":1,'.repeat(60_000)}`, 413, 'BODY_TOO_LARGE'],
        ['levels', 'ada', SUBMIT, '['.repeat(200), 400, 'BODY_UNREADABLE'],
        ['no scope', 'grace', SUBMIT, '', 403, 'SCOPE_MISSING'],
      ] as const
    ).map(([name, login, route, begun, status, code]) => {
      const head = () => [route, bearer(login), ...announced.slice(0, 2), 'Content-Length: 900000', '', begun];
      return { name, answer: saidEarly(head), status, code };
    });
    it.each(refusals)('is refused before the rest of its body has come: $name', async ({ answer, status, code }) => {
      const text = await answer();
      expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(text).toContain(`"code":"${code}"`);
    });

    it.each([
      ['ada', '/api/runs', 413, 'BODY_TOO_LARGE'],
      ['ada', '/api/uploads', 413, 'OBJECT_TOO_LARGE'],
      ['grace', '/api/runs', 403, 'SCOPE_MISSING'],
      ['nobody', '/api/runs', 401, 'TOKEN_INVALID'],
    ])(
      'is answered where its sender writes more than it may, and reads only then: %s %s %d',
      async (login, path, status, code) => {
        const large = Buffer.alloc(16 * MIB, 'x');
        const headers = { authorization: `Bearer ${tokens.get(login) ?? login}`, 'content-type': 'application/json' };
        const known = await fetch(`${api.webservice.url}${path}`, { method: 'POST', headers, body: large });
        expect([known.status, ((await known.json()) as JsonObject)['code']]).toEqual([status, code]);
        if (path !== '/api/uploads') {
          const streamed = new Blob([large]).stream();
          const init = { method: 'POST', headers, body: streamed, duplex: 'half' } as RequestInit;
          const unknown = await fetch(`${api.webservice.url}${path}`, init);
          expect([unknown.status, ((await unknown.json()) as JsonObject)['code']]).toEqual([status, code]);
        }
        // A client that reads nothing before it has written everything.
        const socket = connect(Number(new URL(api.webservice.url).port), '127.0.0.1').pause();
        socket.on('error', () => undefined);
        const head = [`POST ${path} HTTP/1.1`, `Authorization: ${headers.authorization}`, ...announced.slice(0, 2)];
        socket.write(`${[...head, `Content-Length: ${large.length}`, '', ''].join('\r\n')}`);
        await new Promise((resolve) => socket.write(large, resolve));
        expect((await buffer(socket)).toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*"code":"${code}"`, 's'));
      },
    );

    it('takes inputs that are large, and plans with all of them', async () => {
      const inputs = { items: Array.from({ length: 5_000 }, (_, i) => i), name: 'many' };
      const declared = 'inputs: [ { name: items, type: array, required: true }, { name: name, type: string } ]';
      const manifest = packText('- { id: a, run: { uses: "builtin:noop" } }', declared);
      const { status, body } = await ask('ada', 'POST', '/api/runs', { manifest, inputs });
      expect([status, body['code']]).toEqual([201, undefined]);
      const found = await ask('ada', 'GET', `/api/runs/${body['runId'] as string}/plan`);
      expect((found.body['plan'] as JsonObject)['inputs']).toEqual(inputs);
    });

    it('keeps its person from sending more large bodies by what has arrived of it, and nobody else', async () => {
      const large = async (login = 'ada') => ask(login, 'POST', '/api/runs', `{"manifest":"${'x'.repeat(900_000)}"}`);
      expect((await large()).body['code']).toBe('PACK_INVALID');
      const begun = [SUBMIT, bearer('ada'), ...announced.slice(0, 2), 'Content-Length: 900000', ''];
      const stalled = [1, 2, 3, 4].map(async () => said([...begun, '{']));
      // These are admitted first; the later ones pass the same guard.
      for (let n = 0; n < 5; n++) expect((await ask('ada', 'GET', '/api/me')).status).toBe(200);
      expect((await large()).body['code']).toBe('PACK_INVALID');
      const almost = `{"manifest":"${'x'.repeat(890_000)}`;
      // The person has room for two of these.
      const held = [1, 2, 3].map(async () => said([...begun, almost]));
      const refused = await Promise.race(held);
      expect(refused).toMatch(/^HTTP\/1\.1 429 .*\r\nRetry-After: 1\r\n.*"code":"BODIES_BUSY".*of this person/s);
      expect((await large('linus')).body['code']).toBe('PACK_INVALID');
      expect((await ask('ada', 'POST', '/api/runs', '{"manifest":"x"}')).body['code']).toBe('PACK_INVALID');
      const late = (await Promise.all([...stalled, ...held])).filter((text) => text !== refused);
      expect(late).toHaveLength(6);
      for (const text of late) expect(text).toContain('"code":"BODY_TIMEOUT"');
      expect((await large()).body['code']).toBe('PACK_INVALID');
    });

    const headless = saidEarly(() => ['GET /api/me HTTP/1.1', 'Host: x']);
    it('is closed where its head does not end', async () => {
      const text = await headless();
      expect(text).toMatch(
        /^HTTP\/1\.1 408 .*\r\nConnection: close\r\n.*"code":"HEADERS_TIMEOUT".*"remediation":"Send /s,
      );
    });

    const stall = () => ['POST /api/uploads HTTP/1.1', bearer('ada'), 'Host: x', `Content-Length: ${MIB}`, '', 'x'];
    const stalls = Array.from({ length: 8 }, () => saidEarly(stall));
    let beside: Promise<number> | undefined;
    // After the requests that stall have begun, and before they end.
    begins.push(() => {
      beside = upload(api, 'linus', Buffer.from('while others stall')).then(({ status }) => status);
      beside.catch(() => undefined);
    });
    it('is an upload that stalls, which takes no room from others and ends with 408', async () => {
      expect(await beside).toBe(201);
      for (const text of await Promise.all(stalls.map(async (answer) => answer()))) {
        expect(text).toMatch(/^HTTP\/1\.1 408 /);
        expect(text).toContain('"code":"BODY_TIMEOUT"');
        expect(text).toMatch(/\r\nConnection: close\r\n/i);
      }
    });

    const slow = saidEarly(
      () => ['POST /api/uploads HTTP/1.1', bearer('ada'), 'Host: x', 'Connection: close', 'Content-Length: 4', ''],
      (socket) => void setTimeout(() => socket.write('long'), 8_000),
    );
    it('is an upload, which may take longer', async () => {
      expect(await slow()).toMatch(/^HTTP\/1\.1 201 /);
    });
  });
}
