import { generateKeyPairSync, sign } from 'node:crypto';
import type { JsonObject } from '@taskrunner/core/foundation';
import type { PlanningSetting } from '@taskrunner/core/operations';
import { testConfiguration, testEnvironment } from '@taskrunner/core/testing';
import type { Configuration } from '@taskrunner/infrastructure/configuration';
import { PLANNING_SETTING } from '@taskrunner/infrastructure/modules';
import { installation, type Installation } from '@taskrunner/infrastructure/testing/installation';
import { createWebservice, type RunningWebservice } from './create-webservice';

// What a console in a browser needs of the API: lists of runs with filters, counts, and answers to pages of another origin.

const ISSUER = 'https://issuer.example';
const CONSOLE = 'https://console.example.org';
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let world: Installation;
let webservice: RunningWebservice;

/** An access token of a person (RFC 9068). */
function token(sub: string, tenant = 'acme'): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: ISSUER,
    aud: 'api',
    sub,
    name: `${sub} of ${tenant}`,
    tenant,
    scope: 'packs.read packs.run packs.approve',
  };
  const times = { iat: now, exp: now + 600, auth_time: now };
  const head = { alg: 'ES256', typ: 'at+jwt', kid: 'k' };
  const text = [head, { ...claims, ...times }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(text), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

async function ask(path: string, { who = 'ada', tenant = 'acme' } = {}): Promise<{ status: number; body: JsonObject }> {
  const headers = { authorization: `Bearer ${token(who, tenant)}` };
  const response = await fetch(`${webservice.url}${path}`, { headers });
  return { status: response.status, body: (await response.json()) as JsonObject };
}

async function submit(who: string, name: string, labels: JsonObject, tenant = 'acme'): Promise<string> {
  const manifest = `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: ${name}, version: 1.0.0 }\nspec:\n  steps:\n    - { id: a, run: { uses: "builtin:noop" } }\n`;
  const response = await fetch(`${webservice.url}/api/runs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token(who, tenant)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ manifest, inputs: {}, labels }),
  });
  const body = (await response.json()) as JsonObject;
  expect([response.status, body['code']]).toEqual([201, undefined]);
  return body['runId'] as string;
}

const runs: string[] = [];
let between = '';

beforeAll(async () => {
  const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'ES256' };
  world = await installation({ jwks: { keys: [jwk] }, reader: 'webservice' });
  const { http, packsRegistry } = world.configuration;
  const configuration: Configuration = {
    ...world.configuration,
    http: { ...http, cors: { origins: [CONSOLE], maxAge: 300_000 } },
    packsRegistry: { ...packsRegistry, unsigned: 'run' },
  };
  const setting: PlanningSetting = { environment: testEnvironment, configuration: testConfiguration };
  webservice = await createWebservice(configuration, { adapters: [{ provide: PLANNING_SETTING, useValue: setting }] });
  runs.push(await submit('ada', 'scan', { ticket: 'SEC-42', env: 'prod' }));
  const { body } = await ask(`/api/runs/${runs[0]}`);
  between = new Date(Date.parse(body['createdAt'] as string) + 1).toISOString();
  runs.push(await submit('grace', 'scan', { env: 'prod' }), await submit('ada', 'deploy', {}));
  await submit('ada', 'scan', { env: 'prod' }, 'globex');
}, 60_000);

afterAll(async () => {
  await webservice?.stop();
  await world?.remove();
}, 30_000);

describe('a list of runs', () => {
  const listed = async (query: string, who = 'ada'): Promise<number[]> => {
    const { status, body } = await ask(`/api/runs?${query}`, { who });
    expect([query, status]).toEqual([query, 200]);
    return (body['items'] as JsonObject[]).map(({ runId }) => runs.indexOf(runId as string));
  };

  it.each([
    ['', [2, 1, 0]],
    ['status=queued&status=failed', [2, 1, 0]],
    ['status=failed', []],
    ['pack=scan&version=1.0.0', [1, 0]],
    ['label=env:prod', [1, 0]],
    ['label=env:prod&label=ticket:SEC-42', [0]],
    ['requester=grace', [1]],
    ['requester=me', [2, 0]],
    ['q=sec-4', [0]],
    ['q=GRACE', [1]],
    ['stuck=any', []],
    ['status=queued&pack=scan&label=env:prod&requester=ada&q=scan&limit=1', [0]],
  ])('with %s', async (query, expected) => {
    expect(await listed(query)).toEqual(expected);
  });

  it('of a time, of the caller, and by the beginning of an id', async () => {
    expect(await listed(`createdBefore=${between}`)).toEqual([0]);
    expect(await listed(`createdAfter=${between}&pack=scan`)).toEqual([1]);
    expect(await listed(`createdAfter=${between.replace('Z', '%2B00:00')}&requester=me`, 'grace')).toEqual([1]);
    expect(await listed(`q=${runs[1]}`)).toEqual([1]);
    expect((await listed(`q=${runs[1]?.slice(0, 9)}`)).length).toBe(3);
  });

  it('goes on in pages with its filters, and with no others', async () => {
    const first = await ask('/api/runs?label=env:prod&limit=1');
    const cursor = first.body['nextCursor'] as string;
    expect(await listed(`label=env:prod&limit=1&cursor=${cursor}`)).toEqual([0]);
    for (const query of ['', 'label=env:test&', 'label=env:prod&requester=me&', 'createdAfter=2020-01-01T00:00:00Z&'])
      expect((await ask(`/api/runs?${query}limit=1&cursor=${cursor}`)).status).toBe(422);
    const mine = (await ask('/api/runs?requester=me&limit=1')).body['nextCursor'] as string;
    expect((await ask(`/api/runs?requester=me&limit=1&cursor=${mine}`, { who: 'grace' })).status).toBe(422);
  });

  it.each([
    ['status', 'done'],
    ['status', 'queued,failed'],
    ['label', 'env'],
    ['label', ':prod'],
    ['requester', ''],
    ['createdAfter', 'yesterday'],
    ['createdAfter', '2026-02-30T00:00:00Z'],
    ['createdBefore', '2026-01-01'],
    ['createdBefore', '2026-01-01T00:00:00'],
    ['q', ''],
    ['q', 'x'.repeat(201)],
    ['stuck', 'yes'],
    ['colour', 'red'],
  ])('refuses %s=%s, and names it', async (name, value) => {
    const { status, body } = await ask(`/api/runs?${name}=${value}`);
    expect([status, body['code']]).toEqual([422, 'REQUEST_INVALID']);
    expect((body['errors'] as JsonObject[]).map(({ path }) => path)).toEqual([`/${name}`]);
  });

  it('refuses a parameter that is given too often', async () => {
    for (const query of ['pack=a&pack=b', `${'label=a:b&'.repeat(9)}`, `${'status=queued&'.repeat(9)}`, 'q=a&q=b'])
      expect([query, (await ask(`/api/runs?${query}`)).status]).toEqual([query, 422]);
  });

  it('is of one tenant', async () => {
    const { body } = await ask(`/api/runs?label=env:prod&requester=ada`, { tenant: 'globex' });
    expect((body['items'] as JsonObject[]).map(({ runId }) => runs.indexOf(runId as string))).toEqual([-1]);
    const foreign = await ask(`/api/runs?q=${runs[0]}`, { tenant: 'globex' });
    expect(foreign.body).toEqual({ items: [], nextCursor: null });
  });
});

describe('counts', () => {
  it('are of each status, of a time, and of one tenant', async () => {
    const count = async (query: string, tenant?: string) => {
      const { status, body } = await ask(`/api/runs/count${query}`, tenant === undefined ? {} : { tenant });
      expect(status).toBe(200);
      const of = body['statuses'] as JsonObject[];
      expect(of.map(({ status: name }) => name)).toContain('halted');
      return of.flatMap(({ status: name, count: number, atLeast }) => (number === 0 ? [] : [[name, number, atLeast]]));
    };
    expect(await count('')).toEqual([['queued', 3, false]]);
    expect(await count(`?createdAfter=${between}`)).toEqual([['queued', 2, false]]);
    expect(await count(`?createdBefore=${between}`)).toEqual([['queued', 1, false]]);
    expect(await count('', 'globex')).toEqual([['queued', 1, false]]);
    expect((await ask('/api/runs/count?status=queued')).status).toBe(422);
  });

  it('of gates are none where none is open', async () => {
    expect(await ask('/api/approvals/count')).toEqual({ status: 200, body: { open: 0, mine: 0, atLeast: false } });
  });
});

describe('CORS', () => {
  const preflight = (origin: string, path = '/api/runs', method = 'POST') =>
    fetch(`${webservice.url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    });
  const words = (headers: Headers, name: string) => (headers.get(name) ?? '').toLowerCase().split(/\s*,\s*/);

  it('answers pages of the configured origins, without a token', async () => {
    const { status, headers } = await preflight(CONSOLE);
    expect(status).toBe(204);
    expect(Object.fromEntries(headers)).toMatchObject({
      'access-control-allow-origin': CONSOLE,
      'access-control-max-age': '300',
      vary: expect.stringContaining('Origin') as string,
      allow: 'GET, HEAD, OPTIONS, POST',
    });
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(words(headers, 'access-control-allow-methods')).toEqual(['get', 'head', 'post', 'patch', 'delete']);
    expect(words(headers, 'access-control-allow-headers')).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'last-event-id']),
    );
  });

  it('lets pages read answers and their headers, and refusals too', async () => {
    for (const [authorization, path, status] of [
      [`Bearer ${token('ada')}`, '/api/me', 200],
      ['Bearer x', '/api/me', 401],
      [`Bearer ${token('ada')}`, '/api/nothing', 404],
      [`Bearer ${token('ada')}`, '/api/runs?q=%00', 422],
    ] as const) {
      const response = await fetch(`${webservice.url}${path}`, { headers: { authorization, origin: CONSOLE } });
      expect([path, response.status]).toEqual([path, status]);
      expect(response.headers.get('access-control-allow-origin')).toBe(CONSOLE);
      expect(words(response.headers, 'access-control-expose-headers')).toEqual(
        expect.arrayContaining(['etag', 'location', 'idempotency-replayed', 'retry-after', 'www-authenticate']),
      );
    }
  });

  it.each([
    'https://console.example.org.evil.test',
    'http://console.example.org',
    `${CONSOLE}:8443`,
    'null',
    'https://CONSOLE.example.org',
  ])('names no origin to %s', async (origin) => {
    expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
    const headers = { authorization: `Bearer ${token('ada')}`, origin };
    const answer = await fetch(`${webservice.url}/api/me`, { headers });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  /** Headers that the document names and that only the browser itself or a proxy uses. */
  const NOT_FOR_PAGES: ReadonlySet<string> = new Set(['content-security-policy', 'x-accel-buffering']);

  it('allows every method and header that the document names, and shows every header of its answers', async () => {
    interface Described {
      readonly parameters?: readonly { readonly in: string; readonly name: string }[];
      readonly responses: Record<string, { readonly headers?: object }>;
    }
    const document = (await (await fetch(`${webservice.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, Described>>;
    };
    const { headers } = await preflight(CONSOLE);
    const shown = (await fetch(`${webservice.url}/api/me`, { headers: { origin: CONSOLE } })).headers;
    for (const [method, { parameters = [], responses }] of Object.values(document.paths).flatMap(Object.entries) as [
      string,
      Described,
    ][]) {
      expect(words(headers, 'access-control-allow-methods')).toContain(method);
      for (const one of parameters.filter((parameter) => parameter.in === 'header'))
        expect(words(headers, 'access-control-allow-headers')).toContain(one.name.toLowerCase());
      const described = Object.values(responses).flatMap((response) => Object.keys(response.headers ?? {}));
      for (const name of described.map((one) => one.toLowerCase()).filter((one) => !NOT_FOR_PAGES.has(one)))
        expect(words(shown, 'access-control-expose-headers')).toContain(name);
    }
  });
});
