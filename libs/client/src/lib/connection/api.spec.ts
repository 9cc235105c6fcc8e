import type { ServerResponse } from 'node:http';
import { json, scriptedServer, type ScriptedServer } from '../../testing/scripted-server';
import { createClient, type TaskRunnerClient } from '../client';
import { ApiProblem } from '../problem/api-problem';
import { ClientError } from '../problem/client-error';
import { bodyOf } from './body-of';

let server: ScriptedServer;
let client: TaskRunnerClient;
const tokens = ['first', 'second'];

beforeAll(async () => {
  server = await scriptedServer();
  client = createClient({ server: `${server.url}/base/`, token: () => tokens.shift() ?? 'last' });
});
afterAll(() => server.stop());

const params = { path: { runId: 'run/1' } };

it('asks for a route with a token of its own each time, and reads the body', async () => {
  server.answer(json(200, { runId: 'run_1' }), json(200, { runId: 'run_2' }));
  const first = await bodyOf(client.api.GET('/api/runs/{runId}', { params }));
  const second = await bodyOf(client.api.GET('/api/runs/{runId}', { params }));
  expect([first.runId, second.runId]).toEqual(['run_1', 'run_2']);
  expect(server.received.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ['/base/api/runs/run%2F1', 'Bearer first'],
    ['/base/api/runs/run%2F1', 'Bearer second'],
  ]);
});

it('rejects with the problem document of a refusal', async () => {
  const fault = { code: 'PACK_X', path: '/a', line: 3, column: 1, message: 'm', remediation: 'r', aliases: ['PACK_Y'] };
  const document = {
    ...{ type: 'https://x/errors/PLAN_HASH_MISMATCH', title: 'T', status: 409, code: 'PLAN_HASH_MISMATCH' },
    ...{ detail: 'd', remediation: 'help', traceId: 't', instance: '/api/runs', retryable: false, errors: [fault] },
    receipt: { inputs: 'sha256:0' },
  };
  server.answer(json(409, document, 'application/problem+json'));
  const refused: unknown = await client.api.GET('/api/runs/{runId}', { params }).catch((error: unknown) => error);
  if (!ApiProblem.is(refused)) throw new Error(String(refused));
  expect(refused).toMatchObject({
    ...{ code: 'PLAN_HASH_MISMATCH', status: 409, title: 'T', detail: 'd', remediation: 'help', traceId: 't' },
    ...{ retryable: false, errors: [fault], document: { receipt: { inputs: 'sha256:0' } }, retryAfterMs: null },
    message: 'PLAN_HASH_MISMATCH: d',
  });
});

it.each([
  ['of a proxy', 502, '<html>', { code: 'HTTP_502', retryable: true, errors: [], traceId: null }],
  ['that is empty', 404, '', { code: 'HTTP_404', retryable: false }],
  ['with members of other types', 400, '{"code":7,"retryable":"yes","errors":[1,{"line":"x"}]}', { code: 'HTTP_400' }],
  ['that is no object', 503, '[]', { code: 'HTTP_503', retryable: true }],
])('rejects with a problem for an answer %s', async (_what, status, body, problem) => {
  server.answer((response) => response.writeHead(status, { 'retry-after': '7' }).end(body));
  await expect(client.api.GET('/api/me')).rejects.toMatchObject({ ...problem, status, retryAfterMs: 7_000 });
});

it('rejects an answer that no TaskRunner server would send, and a redirection', async () => {
  server.answer(
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
  );
  await expect(client.api.GET('/api/me')).rejects.toMatchObject({ code: 'CLIENT_ANSWER_INVALID' });
  await expect(client.api.GET('/api/me')).rejects.toMatchObject({ code: 'CLIENT_SERVER_UNREACHABLE' });
});

it.each([
  ['with its length', (response: ServerResponse) => response.writeHead(200, { 'content-length': 6 }).end('<html>')],
  [
    'without its length',
    (response: ServerResponse) => response.writeHead(200, ['content-type', 'application/json']).end('{"a":'),
  ],
])('rejects an answer that is no JSON, %s', async (_what, answer) => {
  server.answer(answer);
  await expect(client.api.GET('/api/me')).rejects.toMatchObject({
    code: 'CLIENT_ANSWER_INVALID',
    message: expect.stringContaining('the answer to /api/me is not JSON'),
  });
});

it('rejects an answer whose connection breaks, which may be asked for again', async () => {
  const cut = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
    response.write('{"runId":', () => setTimeout(() => response.destroy(), 10));
  };
  server.answer(cut, cut, json(200, { runId: 'run_1', status: 'succeeded' }));
  await expect(client.run('run_1')).rejects.toMatchObject({ code: 'CLIENT_SERVER_UNREACHABLE' });
  expect((await client.wait('run_1')).status).toBe('succeeded');
});

it('returns an answer without a body as it is; `bodyOf` rejects it', async () => {
  const notModified = [304, 304].map((status) => json(status, null));
  server.answer(...notModified);
  const { data, response } = await client.api.GET('/api/runs/{runId}', { params });
  expect([data, response.status]).toEqual([undefined, 304]);
  const none = await bodyOf(client.api.GET('/api/runs/{runId}', { params })).catch((error: unknown) => error);
  expect(ClientError.is(none) && none.code).toBe('CLIENT_ANSWER_INVALID');
});

it('sends no token that is none', async () => {
  server.answer();
  for (const token of ['', 'a b', 'a\r\nx: y']) {
    const asked = createClient({ server: server.url, token: () => Promise.resolve(token) }).api.GET('/api/me');
    await expect(asked).rejects.toMatchObject({ code: 'CLIENT_TOKEN_INVALID' });
  }
  expect(server.received).toEqual([]);
});

it.each(['', 'runner', 'ftp://x', 'http://u@x', 'http://x?a', 'http://x#a'])('refuses the address %j', (address) => {
  expect(() => createClient({ server: address, token: () => 't' })).toThrow('CLIENT_SERVER_INVALID');
});

it('sends with the `fetch` that it is handed', async () => {
  const seen: string[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    seen.push(`${request.method} ${request.url} ${request.headers.get('authorization')}`);
    return Response.json({ items: [], nextCursor: null });
  };
  const own = createClient({ server: 'https://runner.example.org', token: () => 't', fetch });
  await own.api.GET('/api/runs', { params: { query: { limit: 3 } } });
  expect(seen).toEqual(['GET https://runner.example.org/api/runs?limit=3 Bearer t']);
});
