import { buffer } from 'node:stream/consumers';
import { json, scriptedServer, type Answer, type ScriptedServer } from '../testing/scripted-server';
import { createClient, type TaskRunnerClient } from './client';
import { bodyOf } from './connection/body-of';
import { itemsOf } from './connection/items-of';
import type { Interruption } from './retry/retry';

let server: ScriptedServer;
let client: TaskRunnerClient;

beforeAll(async () => {
  server = await scriptedServer();
  client = createClient({ server: server.url, token: () => 't' });
});
afterAll(() => server.stop());

const run = (status: string, waits: readonly { readonly kind: string }[] = []): Answer =>
  json(200, { runId: 'run_1', status, waits });
const lost: Answer = (response) => response.destroy();
const refused = (status: number, code: string, retryable: boolean): Answer =>
  json(status, { code, detail: 'd', retryable }, 'application/problem+json');
/** Requests that the server has received. */
const asked = (): readonly string[] =>
  server.received.map(({ method, url, body }) => `${method} ${url} ${body}`.trim());
const keys = (): readonly unknown[] => server.received.map(({ headers }) => headers['idempotency-key']);

it('repeats a submission whose answer is lost with the same key', async () => {
  server.answer(lost, refused(503, 'DATABASE_UNAVAILABLE', true), run('queued'), run('queued'));
  expect((await client.submit({ pack: 'a:1' })).status).toBe('queued');
  await client.submit({ pack: 'a:1' });
  const [first, second, third, other] = keys();
  expect([second, third]).toEqual([first, first]);
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(other).not.toBe(first);
});

it('sends the key of the caller, and repeats no submission that is refused', async () => {
  server.answer(refused(422, 'PLAN_INVALID', false));
  await expect(client.submit({ pack: 'a:1' }, { idempotencyKey: 'k' })).rejects.toMatchObject({ status: 422 });
  expect(keys()).toEqual(['k']);
});

it('does not repeat for longer than the caller wants', async () => {
  server.answer(lost);
  await expect(client.submit({ pack: 'a:1' }, { giveUpAfterMs: 0 })).rejects.toMatchObject({
    code: 'CLIENT_SERVER_UNREACHABLE',
  });
});

it('submits and waits for the end, over broken connections and held requests that end', async () => {
  server.answer(run('queued'), run('running'), lost, run('waiting', [{ kind: 'approval' }]), run('halted'));
  expect((await client.submitAndWait({ pack: 'a:1', inputs: { x: 1 } })).status).toBe('halted');
  expect(asked()).toEqual([
    'POST /api/runs {"pack":"a:1","inputs":{"x":1}}',
    // After a lost connection the server answers at once, then it holds requests again.
    ...[30, 30, 0, 30].map((held) => `GET /api/runs/run_1?wait=${held}s&for=end`),
  ]);
});

it('returns the run as it is when the time to wait is over', async () => {
  server.answer(run('running'));
  expect((await client.wait('run_1', { timeoutMs: 0 })).status).toBe('running');
  expect(asked()).toEqual(['GET /api/runs/run_1?wait=0s&for=end']);
  await expect(client.wait('run_1', { timeoutMs: -1 })).rejects.toMatchObject({ code: 'CLIENT_OPTION_INVALID' });
});

it('watches a run: each change once, over broken connections, until it executes nothing more', async () => {
  const tagged =
    (status: string, tag: string): Answer =>
    (response, request) => {
      response.setHeader('etag', tag);
      run(status)(response, request);
    };
  const same: Answer = (response) => response.writeHead(304, { etag: '"1"' }).end();
  server.answer(tagged('queued', '"1"'), same, lost, tagged('running', '"2"'), tagged('succeeded', '"3"'));
  const seen: string[] = [];
  for await (const { status } of client.watch('run_1')) seen.push(status);
  expect(seen).toEqual(['queued', 'running', 'succeeded']);
  const held = 'GET /api/runs/run_1?wait=30s&for=change';
  // The one after a lost connection is answered at once.
  expect(asked()).toEqual(['GET /api/runs/run_1', held, held, 'GET /api/runs/run_1', held]);
  expect(server.received.map(({ headers }) => headers['if-none-match'])).toEqual([
    undefined,
    '"1"',
    '"1"',
    '"1"',
    '"2"',
  ]);
});

it('reports that the server is away, and that it has answered', async () => {
  const states: string[] = [];
  const onConnected = (): void => void states.push('connected');
  const onInterrupted = ({ error }: Interruption): void => void states.push(String(error?.code));
  const answers = [run('running'), lost, refused(503, 'DATABASE_UNAVAILABLE', true), run('halted')];
  const seen = ['connected', 'CLIENT_SERVER_UNREACHABLE', 'DATABASE_UNAVAILABLE', 'connected'];
  server.answer(...answers);
  await client.wait('run_1', { onConnected, onInterrupted });
  expect(states.splice(0)).toEqual(seen);
  server.answer(...answers);
  for await (const _ of client.watch('run_1', { onConnected, onInterrupted }));
  expect(states.splice(0)).toEqual(seen);
  server.answer(lost, run('queued'));
  await client.submit({ pack: 'a:1' }, { onInterrupted });
  expect(states).toEqual(['CLIENT_SERVER_UNREACHABLE']);
});

it('waits for a person', async () => {
  server.answer(run('waiting', [{ kind: 'timer' }]), run('waiting', [{ kind: 'timer' }, { kind: 'policy' }]));
  const { waits } = await client.wait('run_1', { for: 'attention' });
  expect(waits).toHaveLength(2);
  expect(asked()).toEqual(Array.from({ length: 2 }, () => 'GET /api/runs/run_1?wait=30s&for=attention'));
});

it('stops waiting when it is told to', async () => {
  const controller = new AbortController();
  server.answer(() => controller.abort(new Error('enough')));
  await expect(client.wait('run_1', { signal: controller.signal })).rejects.toThrow('enough');
});

it('decides about the gate that was shown, once', async () => {
  const gate = { runId: 'run_1', gateId: 'a[1]::ok', planHash: 'sha256:1', gateDigest: 'sha256:2' };
  server.answer(json(200, {}), json(200, {}), json(200, {}), lost);
  await client.approve({ ...gate, show: 'more than is sent' } as typeof gate);
  await client.reject(gate, { reason: 'no', response: { size: 1 } });
  await client.withdraw(gate);
  await expect(client.approve(gate)).rejects.toMatchObject({ code: 'CLIENT_SERVER_UNREACHABLE' });
  const { runId: _runId, ...sent } = gate;
  expect(server.received.map(({ body }) => JSON.parse(body) as object)).toEqual([
    { ...sent, decision: 'approved' },
    { ...sent, decision: 'rejected', reason: 'no', response: { size: 1 } },
    { ...sent, decision: 'withdrawn' },
    { ...sent, decision: 'approved' },
  ]);
});

it('cancels, reruns and reads runs and gates', async () => {
  server.answer(run('cancelling'), lost, run('queued'), run('running'), json(200, { gateId: 'g' }));
  await client.cancel('run_1', { reason: 'r', force: true });
  await client.rerun('run_1', { from: 'failed' });
  await client.run('run_1');
  await client.gate('run_1', 'a[1]::ok');
  expect(asked()).toEqual([
    'POST /api/runs/run_1/cancel {"reason":"r","force":true}',
    'POST /api/runs/run_1/rerun {"from":"failed"}',
    'POST /api/runs/run_1/rerun {"from":"failed"}',
    'GET /api/runs/run_1',
    'GET /api/runs/run_1/gates/a%5B1%5D%3A%3Aok',
  ]);
  expect(keys()[1]).toBe(keys()[2]);
});

it.each<[string, (value: string) => Promise<unknown>]>([
  ['runId', (value) => client.run(value)],
  ['runId', (value) => client.wait(value)],
  ['runId', (value) => client.cancel(value)],
  ['runId', (value) => client.evidence(value)],
  ['runId', (value) => client.api.GET('/api/runs/{runId}', { params: { path: { runId: value } } })],
  ['gate', (value) => client.gate('run_1', value)],
  ['artifactId', (value) => client.artifact('run_1', value)],
])('sends no request to another route because of its %s: %s', async (name, ask) => {
  server.answer();
  // A dot segment is removed from a URL (RFC 3986 section 5.2.4).
  for (const value of ['', '.', '..', '\ud800', undefined as unknown as string])
    await expect(ask(value)).rejects.toMatchObject({
      code: 'CLIENT_OPTION_INVALID',
      message: expect.stringContaining(name) as string,
    });
  expect(asked()).toEqual([]);
});

it('reads pages of a log, and searches it', async () => {
  const page = { items: [], total: 0, searchedFrom: 1, searchedTo: 7, lastLine: 9, missingLines: 0, nextCursor: 'x' };
  server.answer(json(200, page), json(200, page), json(200, { eventType: 'step.log' }));
  expect(await client.logPage('run_1', { q: 'a b', step: 'scan', limit: 5 })).toEqual(page);
  await client.logPage('run_1', { before: 8, limit: 5 });
  await expect(client.logPage('run_1', { limit: 5 })).rejects.toMatchObject({ code: 'CLIENT_ANSWER_INVALID' });
  expect(asked()).toEqual([
    'GET /api/runs/run_1/logs?q=a%20b&step=scan&limit=5',
    'GET /api/runs/run_1/logs?before=8&limit=5',
    'GET /api/runs/run_1/logs?limit=5',
  ]);
  expect(server.received.map(({ headers }) => headers.accept)).toEqual(
    Array.from({ length: 3 }, () => 'application/json'),
  );
});

it('downloads evidence when it is sealed, as it arrives, with its digest', async () => {
  const digest = `sha256:${'ab'.repeat(32)}`;
  server.answer(refused(409, 'EVIDENCE_NOT_SEALED', true), (response) => {
    response.writeHead(200, { 'content-type': 'application/x-tar', 'content-length': 6, etag: `"${digest}"` });
    response.write('abc', () => setTimeout(() => response.end('def'), 10));
  });
  const { stream, ...facts } = await client.evidence('run_1');
  expect(facts).toEqual({ size: 6, digest });
  expect((await buffer(stream)).toString()).toBe('abcdef');
});

it('downloads an artifact that is empty', async () => {
  server.answer((response) => response.writeHead(200, { 'content-length': 0 }).end());
  const { stream, ...facts } = await client.artifact('run_1', 'art_1');
  expect([facts, await buffer(stream)]).toEqual([{ size: 0, digest: null }, Buffer.alloc(0)]);
});

it('uploads bytes, blobs and streams', async () => {
  const bytes = new TextEncoder().encode('grüße');
  const contents = [bytes, new Blob([bytes]), new Blob([bytes]).stream()];
  server.answer(...contents.map(() => json(201, { digest: 'sha256:0' })));
  for (const content of contents) await client.upload(content);
  for (const { body, headers } of server.received)
    expect([body, headers['content-type']]).toEqual(['grüße', 'application/octet-stream']);
  expect(server.received.map(({ headers }) => headers['content-length'])).toEqual(['7', '7', undefined]);
  server.answer(json(201, { digest: 'sha256:0' }));
  await client.upload(new Blob([bytes]).stream(), { size: bytes.length });
  expect(server.received.map(({ body, headers }) => [body, headers['content-length']])).toEqual([['grüße', '7']]);
});

it('reads lists page by page, as far as they are read', async () => {
  const page = (items: readonly string[], nextCursor: string | null): Answer =>
    json(200, { items: items.map((runId) => ({ runId })), nextCursor });
  const runs = () =>
    itemsOf((query) =>
      bodyOf(client.api.GET('/api/runs', { params: { query: { status: ['failed', 'halted'], ...query } } })),
    );
  server.answer(page(['a', 'b'], 'x y'), page([], 'z'), page(['c'], null));
  const read: string[] = [];
  for await (const { runId } of runs()) read.push(runId);
  expect(read).toEqual(['a', 'b', 'c']);
  expect(server.received.map(({ url }) => url)).toEqual(
    ['', '&cursor=x%20y', '&cursor=z'].map((cursor) => `/api/runs?status=failed&status=halted${cursor}`),
  );
  server.answer(page(['a'], 'more'));
  for await (const { runId } of runs()) if (runId === 'a') break;
  expect(server.received).toHaveLength(1);
});
