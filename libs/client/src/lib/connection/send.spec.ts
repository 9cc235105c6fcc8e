import { json, scriptedServer, type ScriptedServer } from '../../testing/scripted-server';
import { createClient, type TaskRunnerClient } from '../client';

let server: ScriptedServer;
let client: TaskRunnerClient;

beforeAll(async () => {
  server = await scriptedServer();
  client = createClient({ server: `${server.url}/base`, token: () => 't' });
});
afterAll(() => server.stop());

it('returns the response as it is, also of a refusal', async () => {
  server.answer(
    (response) => response.writeHead(206, { 'content-range': 'bytes 1-3/9' }).end('abc'),
    json(409, { code: 'PLAN_HASH_MISMATCH' }, 'application/problem+json'),
  );
  const part = await client.send('/api/runs/r/artifacts/a?x=1', { headers: { range: 'bytes=1-3' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 1-3/9', 'abc']);
  const refused = await client.send('/api/runs', { method: 'POST', body: { pack: 'a:1' } });
  expect([refused.status, await refused.json()]).toEqual([409, { code: 'PLAN_HASH_MISMATCH' }]);
  expect(server.received.map(({ method, url, body, headers }) => [method, url, body, headers.authorization])).toEqual([
    ['GET', '/base/api/runs/r/artifacts/a?x=1', '', 'Bearer t'],
    ['POST', '/base/api/runs', '{"pack":"a:1"}', 'Bearer t'],
  ]);
  expect(server.received.map(({ headers }) => [headers.range, headers['content-type']])).toEqual([
    ['bytes=1-3', undefined],
    [undefined, 'application/json'],
  ]);
});

it('sends bytes, blobs and streams as they are, and the content type of the caller', async () => {
  const bytes = new TextEncoder().encode('grüße');
  const contents = [bytes, new Blob([bytes]), new Blob([bytes]).stream()];
  server.answer(...Array.from({ length: 4 }, () => json(201, {})));
  for (const body of contents) await client.send('/api/uploads', { method: 'POST', body });
  await client.send('/api/uploads', { method: 'POST', body: bytes, headers: { 'content-type': 'text/plain' } });
  expect(server.received.map(({ body }) => body)).toEqual(Array.from({ length: 4 }, () => 'grüße'));
  expect(server.received.map(({ headers }) => headers['content-type'])).toEqual([
    ...Array.from({ length: 3 }, () => 'application/octet-stream'),
    'text/plain',
  ]);
});

it('sends the token to no other server, and ends with its signal', async () => {
  server.answer(
    (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
    () => stopping.abort(new Error('enough')),
  );
  await expect(client.send('.example.org/api/me')).rejects.toMatchObject({ code: 'CLIENT_OPTION_INVALID' });
  await expect(client.send('/api/me')).rejects.toMatchObject({ code: 'CLIENT_SERVER_UNREACHABLE' });
  const stopping = new AbortController();
  await expect(client.send('/api/me', { signal: stopping.signal })).rejects.toThrow('enough');
});
