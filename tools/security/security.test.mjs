import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { jwtList } from './jwt-list.mjs';
import { matrix, wrong } from './matrix.mjs';
import { operationsOf } from './operations.mjs';
import { probes } from './probes.mjs';
import { Server } from './requests.mjs';
import { requestsOf } from './requests-of-strangers.mjs';
import { Absent } from './resources.mjs';
import { Minter, makeIssuer } from './tokens.mjs';

const problem = (codes) => ({
  content: { 'application/problem+json': { schema: { allOf: [{}, { properties: { code: { enum: codes } } }] } } },
});
const read = {
  ...{ operationId: 'getRun', security: [{ bearer: ['packs.read'] }], 'x-scopes': ['packs.read'] },
  parameters: [{ name: 'runId', in: 'path' }],
  responses: {
    200: {},
    401: problem(['TOKEN_MISSING', 'TOKEN_INVALID', 'TOKEN_BOUND']),
    403: problem(['SCOPE_MISSING']),
  },
};
const document = { paths: { '/api/runs/{runId}': { get: read } } };
const minter = new Minter(makeIssuer('https://issuer.test', 'taskrunner'));
const names = { victim: 'acme', stranger: 'globex' };

let http;
let server;
before(async () => {
  // A vulnerable service: it accepts every caller and returns everything.
  http = createServer((_request, response) =>
    response.setHeader('content-type', 'application/json').end('{"tenant":"acme"}'),
  );
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  server = new Server(`http://127.0.0.1:${http.address().port}`);
});
after(() => {
  server.close();
  http.close();
});

test('a service that lets everybody in is found out by every kind of token that it should refuse', async () => {
  const absent = () => ({ runId: 'run_1' });
  const { count, findings } = await matrix({ server, document, minter, ...names, isSmall: true, absent });
  // Callers with packs.read and the caller of another tenant are accepted.
  assert.deepEqual([count, findings.length], [16, 13]);
  assert.equal(
    findings.some((one) => one.includes('with no token: 200')),
    true,
  );
});

test('a service that takes every token is found out by every one of the list', async () => {
  const { count, findings } = await jwtList({ server, minter, ...names });
  assert.equal(new Set(findings.map((one) => one.split(':')[0])).size, count - 1);
});

test('a name and its absent twin have the same sign, whatever else an absent name contains', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const packs = ['probed', 'published', 'own', 'shown'].map((name, n) => ({
    name,
    digest: `${digest.slice(0, -1)}${n}`,
  }));
  const keyed = { runId: 'run_01kb3v2m5t8wq4yhn6z0c7d9eh', key: 'security-1' };
  const resources = { keyed, packs, upload: { digest, bytes: 'ab'.repeat(48) }, cursors: [], runs: [], schedules: [] };
  const text = JSON.stringify(packs);
  for (let n = 0; n < 2_000; n++) {
    const absent = new Absent(resources);
    assert.equal(absent.plain(absent.twin(text)), absent.plain(text));
  }
});

test('an answer is judged by what the document says of its route', () => {
  const [operation] = operationsOf(document);
  const answer = (status, code, headers = {}) => ({ status, headers, text: code === null ? '' : `{"code":"${code}"}` });
  const challenge = { 'www-authenticate': 'Bearer realm="taskrunner", error="insufficient_scope"' };
  assert.equal(wrong(operation, { scopes: [] }, answer(403, 'SCOPE_MISSING', challenge)), null);
  assert.equal(wrong(operation, { scopes: [] }, answer(403, 'SCOPE_MISSING')), 'no challenge');
  assert.equal(wrong(operation, { scopes: ['packs.read'] }, answer(200, null)), null);
  assert.match(wrong(operation, { scopes: ['packs.read'] }, answer(418, null)), /does not name/);
  assert.match(wrong(operation, { scopes: ['packs.read'] }, answer(500, 'INTERNAL')), /fault of ours/);
  assert.match(wrong(operation, { bound: true, scopes: ['packs.read'] }, answer(200, null)), /TOKEN_BOUND/);
});

test('a route that nobody knows how to ask stops the round', () => {
  const all = { runs: [], schedules: [], packs: [], cursors: [] };
  const odd = { ...read, parameters: [{ name: 'colour', in: 'query' }] };
  assert.throws(() => [...requestsOf({ paths: { '/api/x': { get: odd } } }, all)], /colour/);
  assert.throws(() => operationsOf({ paths: { '/api/x': { get: { ...read, security: undefined } } } }), /whom/);
});

test('a tenant that is shown to a stranger is found out', async () => {
  const runId = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef';
  const page = (items) => JSON.stringify({ items, nextCursor: null });
  const leaky = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x');
    const bodies = {
      '/api/runs':
        request.method === 'POST'
          ? `{"runId":"${runId}"}`
          : page([{ runId, planHash: 'p', pack: {}, evidence: { digest: null } }]),
      '/api/uploads': `{"digest":"sha256:${'1'.repeat(64)}"}`,
      [`/api/runs/${runId}`]: '{"status":"queued"}',
    };
    const isAbsent = pathname.startsWith('/api/runs/') && !pathname.startsWith(`/api/runs/${runId}`);
    response.statusCode = isAbsent ? 404 : 200;
    response.end(isAbsent ? '{}' : (bodies[pathname] ?? page([])));
  });
  await new Promise((resolve) => leaky.listen(0, '127.0.0.1', resolve));
  const asked = new Server(`http://127.0.0.1:${leaky.address().port}`);
  const { count, findings } = await probes({ server: asked, document, minter, ...names, runs: 1 });
  asked.close();
  leaky.close();
  // A request, HEAD, and the request under its published name, which this service lacks, each by three strangers.
  assert.deepEqual([count, findings.length], [9, 6]);
});
