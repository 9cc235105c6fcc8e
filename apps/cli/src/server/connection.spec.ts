import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions } from './connection';

describe('the server that is asked', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
    writeFileSync(join(folder, 'token'), 'abc.def.ghi\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('comes from options, else from the environment; the token from a file too', async () => {
    const env = { TASKRUNNER_SERVER: 'https://a.example/base/', TASKRUNNER_TOKEN_FILE: join(folder, 'token') };
    expect((await connect({}, env)).url).toBe('https://a.example/base');
    expect((await connect({ server: 'http://127.0.0.1:8080' }, env)).url).toBe('http://127.0.0.1:8080');
  });

  it.each([
    [{}, {}, 'CLI_SERVER_MISSING'],
    [{ server: 'ftp://x' }, {}, 'CLI_USAGE'],
    [{ server: 'https://user@x' }, {}, 'CLI_USAGE'],
    [{ server: 'https://x' }, {}, 'CLI_TOKEN_MISSING'],
    [{ server: 'https://x', token: 'a b\r\nx: y' }, {}, 'CLI_TOKEN_MISSING'],
    [{ server: 'https://x' }, { TASKRUNNER_TOKEN_FILE: '/nowhere/token' }, 'CLI_FILE'],
  ])('%j %j: %s', async (options, env, code) => {
    await expect(connect(options, env)).rejects.toMatchObject({ code });
  });

  it.each([
    [{ token: 'abc' }, {}, '--token'],
    [{}, { TASKRUNNER_TOKEN: 'abc' }, 'TASKRUNNER_TOKEN'],
    [{}, { TASKRUNNER_TOKEN: 'a.b' }, 'TASKRUNNER_TOKEN'],
  ])('%j %j: no request is made with what is no JWT', async (options, env, source) => {
    await expect(connect({ server: 'https://x', ...options }, env)).rejects.toMatchObject({
      code: 'CLI_TOKEN_MISSING',
      message: 'the token is not a JWT',
      remediation: expect.stringContaining(`Check ${source}.`),
    });
  });

  // One server, whose paths stand for servers.
  describe('with contexts', () => {
    let http: Server;
    let origin: string;
    const asked: (readonly [string, string])[] = [];

    beforeAll(async () => {
      http = createServer(({ url = '', headers }, response) => {
        asked.push([url.replace('/api/me', ''), headers.authorization?.replace('Bearer ', '') ?? '']);
        response.setHeader('content-type', 'application/json').end('{}');
      });
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
      origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    });
    afterAll(() => http.close());

    const context = (server: string, access: string) => ({
      server,
      session: { access, expiresAt: Date.now() + 3_600_000, refresh: null },
    });
    const signedIn = (current: string | null): Record<string, string> => {
      const contexts = { a: context(`${origin}/a`, 'of-a'), b: context(`${origin}/b`, 'of-b') };
      mkdirSync(join(folder, 'taskrunner'), { recursive: true });
      writeFileSync(
        join(folder, 'taskrunner', 'contexts.json'),
        JSON.stringify({ schema: 'taskrunner.contexts.v1', current, contexts }),
        { mode: 0o600 },
      );
      return { XDG_CONFIG_HOME: folder };
    };
    /** The server, and the token that it gets. */
    const reached = async (options: ConnectionOptions, env: Record<string, string>) => {
      await (await connect(options, env)).me();
      return asked.pop();
    };
    const TOKEN = { TASKRUNNER_TOKEN: 'of.env.x' };
    const ELSEWHERE = { TASKRUNNER_SERVER: '/c' };
    /** Paths of options and variables as addresses. */
    const at = <Some extends object>(some: Some): Some =>
      Object.fromEntries(
        Object.entries(some).map(([name, value]) => [name, String(value).replace(/^\//, `${origin}/`)]),
      ) as Some;

    it.each<[string, ConnectionOptions, Record<string, string>, string, string]>([
      ['the current context', {}, {}, 'a', 'of-a'],
      ['the variable for the context', {}, { TASKRUNNER_CONTEXT: 'b' }, 'b', 'of-b'],
      ['the variable for the server', {}, { ...ELSEWHERE, ...TOKEN, TASKRUNNER_CONTEXT: 'b' }, 'c', 'of.env.x'],
      ['the variable for the token', {}, TOKEN, 'a', 'of.env.x'],
      ['the option for the context', { context: 'b' }, { ...ELSEWHERE, ...TOKEN }, 'b', 'of-b'],
      ['the option for the server', { server: '/b' }, {}, 'b', 'of-b'],
      ['the options for server and token', { server: '/b', token: 't.t.t' }, TOKEN, 'b', 't.t.t'],
      ['the options for context and token', { context: 'b', token: 't.t.t' }, TOKEN, 'b', 't.t.t'],
    ])('%s', async (_what, options, env, host, token) => {
      expect(await reached(at(options), { ...signedIn('a'), ...at(env) })).toEqual([`/${host}`, token]);
    });

    it.each<[ConnectionOptions, Record<string, string>, string]>([
      [{ context: 'x' }, {}, 'CLI_CONTEXT_UNKNOWN'],
      [{}, { TASKRUNNER_CONTEXT: 'x' }, 'CLI_CONTEXT_UNKNOWN'],
      // The token of a context is not sent to another server.
      [{ server: '/c' }, {}, 'CLI_TOKEN_MISSING'],
      [{}, ELSEWHERE, 'CLI_TOKEN_MISSING'],
      [{ context: 'b', server: '/a' }, {}, 'CLI_USAGE'],
    ])('%j %j: %s', async (options, env, code) => {
      await expect(connect(at(options), { ...signedIn('a'), ...at(env) })).rejects.toMatchObject({ code });
    });

    it('are not read if options or variables name server and token', async () => {
      const env = { ...signedIn('a'), ...at(ELSEWHERE), ...TOKEN };
      chmodSync(join(folder, 'taskrunner', 'contexts.json'), 0o644);
      expect((await connect({}, env)).url).toBe(`${origin}/c`);
      await expect(connect({ context: 'a' }, env)).rejects.toMatchObject({ code: 'CLI_CONTEXTS_UNSAFE' });
      chmodSync(join(folder, 'taskrunner', 'contexts.json'), 0o600);
    });
  });
});
