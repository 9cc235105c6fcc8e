import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '@taskrunner/core/foundation';
import type { PlanningSetting } from '@taskrunner/core/operations';
import { testConfiguration, testEnvironment } from '@taskrunner/core/testing';
import type { Configuration } from '@taskrunner/infrastructure/configuration';
import { PLANNING_SETTING } from '@taskrunner/infrastructure/modules';
import { createWebservice, type RunningWebservice } from './create-webservice';
import { installation, type Installation } from '@taskrunner/infrastructure/testing/installation';

// Planning routes over HTTP: comparing, drawing, simulating and scenarios, with published packs inside.

const ISSUER = 'https://issuer.example';
const PREFIXES = ['/api', '/v1/task-runner'];
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const pack = (name: string, steps: string, more = '') =>
  `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: ${name}, version: 1.0.0${more} }\nspec:\n  approvals: [ { id: owners } ]\n  steps:\n${steps}`;
const uses = (id: string, what: string, more = '') => `    - { id: ${id}, run: { uses: "${what}"${more} } }\n`;
const GATE = '    - { id: agree, gate: { approval: owners, message: go } }\n';
const OPEN = pack('deploy', uses('a', 'builtin:noop'));
const GATED = pack('deploy', GATE + uses('a', 'builtin:noop'));
const FAULTY = OPEN.replace('builtin:noop', 'builtin:nope');
/** `own` is visible only to its tenant. It uses `shown`, which is visible to all. */
const INNER = pack('outer', uses('inner', 'pack:own:1.0.0', ', approvals: { owners: owners }'));
const SHOWN = pack('outer', uses('inner', 'pack:shown:1.0.0'));

let world: Installation;
let webservice: RunningWebservice;

/** An access token of a person (RFC 9068). */
function token(tenant: string, ...scopes: readonly string[]): string {
  const now = Math.floor(Date.now() / 1_000);
  const times = { iat: now, exp: now + 600, auth_time: now };
  const claims = { iss: ISSUER, aud: 'api', sub: 'ada', tenant, scope: scopes.join(' '), ...times };
  const head = { alg: 'ES256', typ: 'at+jwt', kid: 'k' };
  const text = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(text), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

const ada = token('acme', 'packs.read', 'packs.run', 'packs.write');
const mallory = token('globex', 'packs.read', 'packs.run');

async function ask(who: string, method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${webservice.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${who}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === '' ? {} : (JSON.parse(text) as JsonObject);
  return { status: response.status, headers: response.headers, body: answer };
}

async function submitted(manifest: string, who = ada): Promise<string> {
  const { status, body } = await ask(who, 'POST', '/api/runs', { manifest, inputs: {} });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body['runId'] as string;
}

beforeAll(async () => {
  const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'ES256' };
  world = await installation({ jwks: { keys: [jwk] }, reader: 'webservice' });
  const path = join(world.folder, 'packs');
  await mkdir(path);
  const { http, packsRegistry, limits } = world.configuration;
  const many = 10_000;
  const registry = { name: 'main', type: 'folder', path, tenants: ['acme'], publish: true } as const;
  const configuration: Configuration = {
    ...world.configuration,
    http: {
      ...http,
      bodyLimit: 1 << 20,
      limits: {
        submit: many,
        plan: many,
        decide: many,
        stream: many,
        download: many,
        read: many,
        refusedDecisions: many,
        refusedTokens: many,
      },
    },
    limits: { ...limits, planMemory: 256 * 1024 ** 2, planTime: 20_000, planThreads: 1, planQueue: 64 },
    packsRegistry: {
      ...packsRegistry,
      unsigned: 'run',
      registries: [
        { ...registry, url: null, plainHttp: false, usernameFile: null, passwordFile: null, tokenRealm: null },
      ],
    },
  };
  const setting: PlanningSetting = {
    environment: testEnvironment,
    configuration: testConfiguration,
  };
  webservice = await createWebservice(configuration, { adapters: [{ provide: PLANNING_SETTING, useValue: setting }] });
  const shown = pack('shown', uses('end', 'builtin:noop'), ', tenantVisibility: public').replace(
    '  approvals: [ { id: owners } ]\n',
    '',
  );
  const own = pack('own', uses('more', 'pack:shown:1.0.0') + GATE);
  for (const manifest of [shown, own]) {
    const { status, body } = await ask(ada, 'POST', '/api/packs', { manifest });
    expect([status, body['code']]).toEqual([201, undefined]);
  }
}, 60_000);

afterAll(async () => {
  await webservice?.stop();
  await world?.remove();
}, 30_000);

describe('plans that are looked at', () => {
  it.each(PREFIXES)('are compared below %s', async (prefix) => {
    const compare = (after: string) =>
      ask(ada, 'POST', `${prefix}/plans/diff`, { before: { manifest: GATED }, after: { manifest: after } });
    expect(await compare(OPEN)).toMatchObject({
      status: 200,
      body: {
        same: false,
        steps: expect.arrayContaining([expect.objectContaining({ id: 'agree', change: 'removed' })]),
      },
    });
    expect(await compare(GATED)).toMatchObject({ status: 200, body: { same: true, steps: [] } });
    expect(await compare(FAULTY)).toMatchObject({
      status: 422,
      body: { code: 'PLAN_INVALID', errors: [{ path: expect.stringMatching(/^\/after\/spec\/steps\/0/) }] },
    });
  });

  it.each(PREFIXES)('are drawn below %s', async (prefix) => {
    const draw = (query: string) => ask(ada, 'POST', `${prefix}/plans/graph${query}`, { manifest: GATED });
    const data = { nodes: [{ id: 'agree' }, { id: 'a' }], edges: [{ from: 'agree', to: 'a' }] };
    expect(await draw('')).toMatchObject({ status: 200, body: data });
    expect(await draw('?format=json')).toMatchObject({ status: 200, body: data });
    expect((await draw('?format=mermaid')).body).toMatchObject({
      format: 'mermaid',
      text: expect.stringMatching(/^flowchart TD\n/),
    });
    expect((await draw('?format=svg')).body).toMatchObject({ format: 'svg', text: expect.stringMatching(/^<svg /) });
    expect(await draw('?format=png')).toMatchObject({ status: 422, body: { code: 'REQUEST_INVALID' } });
  });

  it.each(PREFIXES)('are tried by scenarios below %s', async (prefix) => {
    const scenarios = 'name: x\nexpect: { status: succeeded }\n---\nname: y\nexpect: { status: failed }\n';
    const tried = await ask(ada, 'POST', `${prefix}/scenarios`, { manifest: OPEN, scenarios });
    expect(tried).toMatchObject({
      status: 200,
      body: { passed: 1, failed: 1, results: [{ status: 'passed' }, { differences: [{ line: 5 }] }] },
    });
    const none = await ask(ada, 'POST', `${prefix}/scenarios`, { manifest: OPEN });
    expect(none).toMatchObject({ status: 422, body: { code: 'REQUEST_INVALID', errors: [{ path: '/scenarios' }] } });
  });

  it.each(PREFIXES.flatMap((prefix) => ['plans', 'simulations'].map((route) => `${prefix}/${route}`)))(
    'are only checked where %s is asked to',
    async (path) => {
      const check = (manifest: string) => ask(ada, 'POST', `${path}?check=true`, { manifest });
      expect(await check(OPEN)).toMatchObject({ status: 200, body: { valid: true, errors: [] } });
      const faulty = { valid: false, errors: [expect.objectContaining({ line: 7, code: expect.any(String) })] };
      expect(await check(FAULTY)).toMatchObject({ status: 200, body: faulty });
      expect((await ask(ada, 'POST', path, { manifest: FAULTY })).status).toBe(422);
      expect(await ask(ada, 'POST', `${path}?check=maybe`, { manifest: OPEN })).toMatchObject({
        status: 422,
        body: { code: 'REQUEST_INVALID' },
      });
    },
  );
});

describe('published packs that a pack uses', () => {
  /** Each planning route with the packs of a pack that waits at a gate inside another pack. */
  const routes: readonly (readonly [path: string, body: (manifest: string) => object, answer: object])[] = [
    ['plans', (manifest) => ({ manifest }), { plan: { pack: { name: 'outer' } } }],
    ['simulations', (manifest) => ({ manifest }), { status: 'succeeded' }],
    ['plans/diff', (manifest) => ({ before: { manifest }, after: { manifest } }), { same: true }],
    ['plans/graph', (manifest) => ({ manifest }), { nodes: expect.any(Array) }],
    [
      'scenarios',
      (manifest) => ({ manifest, scenarios: 'name: x\nexpect: { status: succeeded }\n' }),
      { passed: 1, failed: 0 },
    ],
  ];

  it.each(routes)('are at hand for %s, as far as the tenant sees them', async (path, body, answer) => {
    for (const manifest of [INNER, SHOWN])
      expect(await ask(ada, 'POST', `/api/${path}`, body(manifest))).toMatchObject({ status: 200, body: answer });
    expect(await ask(mallory, 'POST', `/api/${path}`, body(SHOWN))).toMatchObject({ status: 200, body: answer });
    const refused = JSON.stringify(await ask(mallory, 'POST', `/api/${path}`, body(INNER)));
    expect(refused).toContain('PACK_INNER_UNAVAILABLE');
  });

  it('stand in the graph with what is inside of them, also inside of each other', async () => {
    const { body } = await ask(ada, 'POST', '/api/plans/graph', { manifest: INNER });
    expect((body['nodes'] as unknown as readonly JsonObject[]).map(({ id }) => id)).toEqual(
      expect.arrayContaining(['inner', 'inner::agree', 'inner::more', 'inner::more::end']),
    );
  });

  it('are at hand also for what can be said of a faulty pack', async () => {
    const faulty = INNER.replace('version: 1.0.0', 'version: one');
    const { body } = await ask(ada, 'POST', '/api/plans?check=true', { manifest: faulty });
    expect(body['errors']).toEqual([expect.objectContaining({ code: 'PACK_VERSION' })]);
  });

  it('are planned alike for a look and for a run', async () => {
    const { body } = await ask(ada, 'POST', '/api/plans', { manifest: INNER });
    const run = await ask(ada, 'POST', '/api/runs', { manifest: INNER, inputs: {} });
    expect([run.status, run.body['planHash']]).toEqual([201, body['planHash']]);
  });
});

describe('plans of runs', () => {
  it.each(PREFIXES)('are compared with earlier ones, and drawn with a tag, below %s', async (prefix) => {
    const [before, after, foreign] = [await submitted(GATED), await submitted(OPEN), await submitted(OPEN, mallory)];
    const compare = (run: string, query: string, who = ada) =>
      ask(who, 'GET', `${prefix}/runs/${run}/plan/diff${query}`);
    const found = await compare(after, `?against=${before}`);
    expect(found).toMatchObject({ status: 200, body: { same: false, gates: { removed: ['agree'] } } });
    expect(found.headers.get('etag')).toMatch(/^"sha256:[0-9a-f]{64}\.sha256:[0-9a-f]{64}"$/);
    expect(await compare(after, `?against=${after}`)).toMatchObject({ body: { same: true } });
    for (const query of ['', '?against=run_1'])
      expect(await compare(after, query)).toMatchObject({ status: 422, body: { code: 'REQUEST_INVALID' } });
    for (const refused of [
      await compare(after, `?against=${foreign}`),
      await compare(foreign, `?against=${after}`),
      await compare(after, `?against=${before}`, mallory),
      await ask(mallory, 'GET', `${prefix}/runs/${after}/graph`),
    ])
      expect(refused).toMatchObject({ status: 404, body: { code: 'RUN_NOT_FOUND' } });

    const graph = await ask(ada, 'GET', `${prefix}/runs/${after}/graph`);
    const tag = graph.headers.get('etag') ?? '';
    expect([graph.status, tag]).toEqual([200, `"${graph.body['planHash'] as string}"`]);
    const again = await ask(ada, 'GET', `${prefix}/runs/${after}/graph`, undefined, { 'if-none-match': tag });
    expect([again.status, again.body, again.headers.get('etag')]).toEqual([304, {}, tag]);
    const other = await ask(ada, 'GET', `${prefix}/runs/${before}/graph`, undefined, { 'if-none-match': tag });
    expect(other.status).toBe(200);
  });
});

describe('a caller without the scope', () => {
  it.each(PREFIXES)('is refused below %s', async (prefix) => {
    const run = await submitted(OPEN);
    const [reader, runner] = [token('acme', 'packs.read'), token('acme', 'packs.run')];
    const posts = ['plans', 'simulations', 'plans/diff', 'plans/graph', 'scenarios'];
    const answers = [
      ...(await Promise.all(posts.map((path) => ask(reader, 'POST', `${prefix}/${path}`, { manifest: OPEN })))),
      ...(await Promise.all(
        ['graph', `plan/diff?against=${run}`].map((path) => ask(runner, 'GET', `${prefix}/runs/${run}/${path}`)),
      )),
    ];
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(
      Array(answers.length).fill([403, 'SCOPE_MISSING']),
    );
  });
});
