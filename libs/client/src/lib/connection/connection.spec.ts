import { json, scriptedServer, type Answer, type ScriptedServer } from '../../testing/scripted-server';
import { createClient, type TaskRunnerClient } from '../client';
import { bodyOf } from './body-of';

let server: ScriptedServer;

beforeAll(async () => {
  server = await scriptedServer();
});
afterAll(() => server.stop());

const refused: Answer = json(401, { code: 'TOKEN_INVALID', detail: 'it has expired' }, 'application/problem+json');
const tokensSent = (): readonly unknown[] => server.received.map(({ headers }) => headers.authorization);

/** A caller with these tokens in turn; a refused one is replaced by the next, if there is one. */
function callerWith(...tokens: string[]): TaskRunnerClient {
  return createClient({
    server: server.url,
    token: () => tokens[0] ?? '',
    onTokenRefused: async (token) => {
      if (token === tokens[0]) tokens.shift();
      return tokens.length > 0;
    },
  });
}

it('sends a request once more with a new token if the first one is refused', async () => {
  server.answer(refused, json(200, { tenant: 'acme' }), refused, json(201, { digest: 'sha256:0' }));
  expect((await bodyOf(callerWith('one', 'two').api.GET('/api/me'))).tenant).toBe('acme');
  await callerWith('one', 'two').upload(new Blob(['content']));
  expect(tokensSent()).toEqual(['Bearer one', 'Bearer two', 'Bearer one', 'Bearer two']);
  expect(server.received.map(({ body }) => body)).toEqual(['', '', 'content', 'content']);
});

it('sends it no third time, and not without a new token', async () => {
  server.answer(refused, refused, refused);
  await expect(callerWith('one', 'two').api.GET('/api/me')).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  await expect(callerWith('three').api.GET('/api/me')).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  expect(tokensSent()).toEqual(['Bearer one', 'Bearer two', 'Bearer three']);
});

it('renews no token, and sends nothing again, if the sign-in is too old', async () => {
  const challenge = 'Bearer error="insufficient_user_authentication", error_description="too old", max_age="60"';
  server.answer((response, request) => {
    response.setHeader('www-authenticate', challenge);
    json(401, { code: 'GATE_AUTH_TOO_OLD', detail: 'sign in again' }, 'application/problem+json')(response, request);
  });
  await expect(callerWith('one', 'two').api.GET('/api/me')).rejects.toMatchObject({ code: 'GATE_AUTH_TOO_OLD' });
  expect(tokensSent()).toEqual(['Bearer one']);
});

it('does not repeat a stream, but has a new token for the next request', async () => {
  server.answer(refused, json(200, {}));
  const client = callerWith('one', 'two');
  await expect(client.upload(new Blob(['content']).stream())).rejects.toMatchObject({ status: 401 });
  await client.api.GET('/api/me');
  expect(tokensSent()).toEqual(['Bearer one', 'Bearer two']);
});

it('asks without a token where none is needed', async () => {
  server.answer(json(200, {}));
  await createClient({ server: server.url, token: null }).api.GET('/api/schemas/pack');
  expect(tokensSent()).toEqual([undefined]);
});

it('sends with the given function, whose failure is a lost connection', async () => {
  const client = createClient({
    server: 'https://runner.example.org/',
    token: () => 't',
    fetch: ({ url }) => Promise.reject(new TypeError(url)),
  });
  await expect(client.api.GET('/api/me')).rejects.toMatchObject({
    code: 'CLIENT_SERVER_UNREACHABLE',
    message: expect.stringContaining('https://runner.example.org/api/me'),
  });
});

it('says of a server without TLS, asked for with https, that it has none', async () => {
  const client = createClient({ server: server.url.replace('http:', 'https:'), token: () => 'one' });
  await expect(client.api.GET('/api/me')).rejects.toMatchObject({
    code: 'CLIENT_SERVER_UNREACHABLE',
    message: expect.stringMatching(/https:\/\/.* does not respond with TLS$/),
    remediation: 'Use http:// if the server has no TLS, or check the port.',
  });
});
