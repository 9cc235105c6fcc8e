import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import { Client } from 'pg';
import { canonical, digestOf, sha256 } from '@taskrunner/core/canonical';
import type { Json, JsonObject, RunId, TenantId } from '@taskrunner/core/foundation';
import type { Entry } from '@taskrunner/core/journal';
import type { PlanningSetting } from '@taskrunner/core/operations';
import { packSchema } from '@taskrunner/core/pack';
import type { ClaimedRun, Commit } from '@taskrunner/core/ports';
import { writeTar } from '@taskrunner/infrastructure/archive';
import { defaultConfiguration, parseConfiguration, type Configuration } from '@taskrunner/infrastructure/configuration';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@taskrunner/infrastructure/embedded-postgres';
import { FileObjectStore } from '@taskrunner/infrastructure/object-store';
import {
  bootstrapRoles,
  createDatabase,
  databaseRoles,
  migrateDatabase,
  openWorkerDatabase,
  roleName,
  type DatabaseRole,
  type WorkerDatabase,
} from '@taskrunner/infrastructure/postgres';
import { generateKeyFile } from '@taskrunner/infrastructure/signing';
import { marked, packText, searched, TEN_CODES, TEN_FAULTS } from '@taskrunner/core/testing';
import { PLANNING_SETTING } from '@taskrunner/infrastructure/modules';
import { apiDocument, createWebservice, type RunningWebservice } from './create-webservice';
import { EXAMPLES } from './openapi/examples';

/**
 * The name is that of the database in the migrated cluster that `npm test` has made. Without such a cluster the database is created here.
 */
const DATABASE = 'taskrunner';
const CLUSTER = process.env['TASKRUNNER_TEST_CLUSTER'];
const BEGINNING = CLUSTER === undefined ? {} : { copyOf: CLUSTER, sharedDirectory: dirname(CLUSTER) };

// The webservice from the callers' side, with real PostgreSQL and a real OpenID Connect issuer. The worker's side is played by its database
// adapter, because only the API is tested here.

const ROOT = join(__dirname, '..', '..', '..');
const TENANT = 'acme' as TenantId;
const MIB = 1024 * 1024;
/** Lines that one request searches: a large log has two and a half times as many. */
const SCAN_LINES = searched(4_000, 40_000);
const LOGINS = ['ada', 'grace', 'linus', 'ops', 'wendy', 'mallory'] as const;

const MANIFEST = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: demo, version: 1.0.0 }
spec:
  inputs:
    - { name: image, type: string }
  approvals:
    - { id: prod, grants: [packs.approve, role:sec-lead] }
    - { id: quick, grants: [packs.approve], reasonRequired: true }
  steps:
    - id: scan
      run: { uses: builtin:noop, with: { image: "{{ inputs.image }}" } }
    - id: approve
      gate: { approval: prod, message: "go?" }
    - id: quick
      gate:
        approval: quick
        message: "and?"
        form: { type: object, required: [size], properties: { size: { type: integer } }, additionalProperties: false }
`;

const TEN = marked(TEN_FAULTS);

let folder: string;
let server: EmbeddedPostgres;
let authority: ChildProcess;
let worker: WorkerDatabase;
let objects: FileObjectStore;
let webservice: RunningWebservice;
let machine: string;
const tokens = new Map<string, string>();
/** The schemas of the document, each by its name: one that is found by a pointer is compiled again wherever it is referred to. */
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const validators = new Map<string, ValidateFunction>();
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"https://x/')) as object;
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

async function ask(
  login: string | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const token = login === null ? null : (tokens.get(login) ?? login);
  const response = await fetch(`${webservice.url}${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as JsonObject),
  };
}

async function submit(more: object = {}): Promise<RunId> {
  const { status, body } = await ask('ada', 'POST', '/api/runs', {
    manifest: MANIFEST,
    inputs: { image: 'app:1' },
    ...more,
  });
  expect([status, body['code']]).toEqual([201, undefined]);
  return body['runId'] as RunId;
}

/** Like `ask`; also checks the response against the OpenAPI document. */
async function promised(schema: string, login: string, method: string, path: string, body?: unknown): Promise<Reply> {
  const reply = await ask(login, method, path, body);
  const validate = validators.get(schema);
  if (!validate) throw new Error(`no schema ${schema}`);
  const ok = validate(reply.body);
  expect([reply.status < 300, ok, validate.errors ?? null]).toEqual([true, true, null]);
  return reply;
}

/** A commit of the worker, with what readers need. */
type Committed = Partial<Commit> & {
  readonly state?: Partial<Commit['run']>;
  /** The lines of a chunk as stored, if they are not the usual three. */
  readonly textOf?: (chunk: number) => string;
};

async function commit(runId: RunId, supplied: Committed | ((claimed: ClaimedRun) => Committed)): Promise<void> {
  const workerSession = await worker.claims.register({
    name: 'w',
    version: '0',
    build: sha256('build'),
    isolations: ['none/v1'],
    probe: sha256('probe'),
    environments: [digestOf(environment())],
    labels: [],
  });
  const claimed = (await worker.claims.claim(workerSession, 100)).find((one) => one.runId === runId);
  if (!claimed) throw new Error('the run cannot be claimed');
  const {
    state,
    chunks = [],
    textOf = () => 'ione\nwtwo\ndthree\n',
    ...rest
  } = typeof supplied === 'function' ? supplied(claimed) : supplied;
  if (chunks.length > 0) {
    const stored = chunks.map(({ chunk }) => textOf(chunk));
    const held = await worker.logStore.append(
      chunks.map(({ step, execution, chunk }, index) => ({
        tenant: TENANT,
        runId,
        fence: claimed.fence,
        step,
        // The first two executions are of one attempt, as after the loss of a worker.
        attempt: Math.max(1, execution - 1),
        execution,
        chunk,
        at: Date.UTC(2026, 0, 1),
        data: new TextEncoder().encode(stored[index]),
        lines: (stored[index] ?? '').split('\n').length - 1,
        sha256: sha256(stored[index] ?? ''),
      })),
    );
    expect(held.every(Boolean)).toBe(true);
  }
  const entry: Entry = { seq: 1, at: 1, kind: 'derived', event: { type: 'run.started' } };
  const outcome = await worker.committer.commit({
    tenant: TENANT,
    runId,
    fence: claimed.fence,
    prevSeq: 0,
    page: { first: 1, entries: [entry], values: {}, prev: claimed.admissionDigest, hash: sha256(runId) },
    mac: 'ab'.repeat(32),
    steps: [],
    gates: [],
    artifacts: [],
    chunks,
    seen: 0,
    isSnapshot: false,
    closes: false,
    releases: true,
    dueAt: null,
    outbox: [],
    ...rest,
    run: {
      status: 'waiting',
      startedAt: 1,
      finishedAt: null,
      waits: [],
      counts: { total: 3 },
      outputs: null,
      error: null,
      lastLine: 0,
      progressed: false,
      ...state,
    },
  });
  expect(outcome).toEqual({ kind: 'committed' });
  await worker.claims.retire(workerSession);
}

function environment() {
  return {
    schema: 'taskrunner.environment.v1' as const,
    machine: 1,
    mode: 'open' as const,
    isolation: 'none/v1',
    limits: {},
    approvals: {
      floor: {
        minApprovals: 1,
        selfApproval: false,
        maxExpiresAfterMs: 86_400_000,
        maxAuthAgeMs: null,
        proof: 'service' as const,
      },
    },
    packTrust: {},
    engines: {},
    executors: {},
    extensions: {},
  };
}

/** A run that waits at a gate. */
async function gated(
  gate: string,
  change: JsonObject = {},
  requirement: JsonObject = {},
): Promise<{ runId: RunId; decision: JsonObject }> {
  const runId = await submit();
  const { body } = await ask('ada', 'GET', `/api/runs/${runId}/plan`);
  const planHash = body['planHash'] as string;
  const form =
    (body['plan'] as unknown as { graph: { nodes: { id: string; form: Json }[] } }).graph.nodes.find(
      ({ id }) => id === gate,
    )?.form ?? null;
  const now = Date.now();
  let gateDigest = '';
  await commit(runId, ({ profileDigest, admissionDigest }) => {
    const request: JsonObject = {
      schema: 'taskrunner.gate-request.v1',
      runId,
      tenant: TENANT,
      gate,
      label: null,
      planHash,
      profileDigest,
      admissionDigest,
      requirement: {
        approval: gate,
        grants: gate === 'approve' ? ['packs.approve', 'role:sec-lead'] : ['packs.approve'],
        minApprovals: 1,
        selfApproval: false,
        proof: 'service',
        maxAuthAge: null,
        reasonRequired: gate === 'quick',
        formDigest: form === null ? null : digestOf(form),
        ...requirement,
      },
      policy: null,
      message: 'go?',
      showDigest: digestOf({}),
      reads: { scan: sha256('scan') },
      item: null,
      secrets: [],
      opens: [],
      notApplied: [],
      nonce: runId,
      openedAt: new Date(now).toISOString(),
      expiresAt: new Date(now + 3_600_000).toISOString(),
      executeBy: new Date(now + 7_200_000).toISOString(),
      ...change,
    };
    gateDigest = digestOf(request);
    const required = Number((request['requirement'] as JsonObject)['minApprovals']);
    const expiresAt = now + 3_600_000;
    return {
      gates: [
        { kind: 'opened', gate, approval: gate, gateDigest: digestOf(request), request, show: {}, required, expiresAt },
      ],
    };
  });
  return { runId, decision: { gateId: gate, decision: 'approved', planHash, gateDigest } };
}

async function tokensOf(issuer: string, clients: Json): Promise<void> {
  const script = `import { loginAs, loginAsMachine } from ${JSON.stringify(`file://${join(ROOT, 'tools/dev-authority/login.mjs')}`)};
const [issuer, clients, logins] = JSON.parse(process.argv[1]);
const tokens = {};
for (const login of logins) tokens[login] = (await loginAs(issuer, login)).accessToken;
tokens.ci = (await loginAsMachine(issuer, clients.ci)).accessToken;
console.log(JSON.stringify(tokens));`;
  const args = ['--input-type=module', '-e', script, JSON.stringify([issuer, clients, LOGINS])];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  for (const [login, token] of Object.entries(JSON.parse(stdout) as Record<string, string>)) tokens.set(login, token);
  machine = tokens.get('ci') ?? '';
}

/** A token for exactly one decision (RFC 9396). */
async function boundToken(issuer: string, login: string, detail: JsonObject): Promise<string> {
  const script = `import { loginAs } from ${JSON.stringify(`file://${join(ROOT, 'tools/dev-authority/login.mjs')}`)};
const [issuer, login, detail] = JSON.parse(process.argv[1]);
console.log((await loginAs(issuer, login, { authorizationDetails: [detail] })).accessToken);`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script,
    JSON.stringify([issuer, login, detail]),
  ]);
  return stdout.trim();
}

let issuer = '';
/** An issuer whose key is the prober's. */
const probing = { issuer: 'https://probing.test', audience: 'taskrunner', privateKey: '' };

function makeProbingIssuer(): object {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  probing.privateKey = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'security', alg: 'ES256', use: 'sig' }] };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskrunner-web-'));
  authority = spawn(process.execPath, [join(ROOT, 'tools/dev-authority/main.mjs'), '--parent-watch'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: authority.stdout as NodeJS.ReadableStream }), 'line')) as [
    string,
  ];
  const facts = JSON.parse(line) as { issuer: string; jwksUri: string; audience: string; clients: Json };
  issuer = facts.issuer;
  server = await startEmbeddedPostgres({ dataDirectory: join(folder, 'pg'), fsync: false, ...BEGINNING });
  const passwords = Object.fromEntries(databaseRoles.map((role) => [role, server.passwordOf(roleName(role))]));
  await bootstrapRoles(server.url(), passwords as { [Role in DatabaseRole]: string });
  await createDatabase(server.url(), DATABASE);
  await migrateDatabase(server.url(roleName('owner'), DATABASE));
  worker = await openWorkerDatabase(server.url(roleName('worker'), DATABASE), { allowLoss: true });
  await Promise.all([generateKeyFile(join(folder, 'admission.pem')), generateKeyFile(join(folder, 'ledger.pem'))]);
  await writeFile(join(folder, 'probing.json'), JSON.stringify(makeProbingIssuer()));
  objects = await FileObjectStore.open(join(folder, 'objects'));
  const reading = parseConfiguration('', {});
  if (reading.kind === 'refused') throw new Error('the defaults are refused');
  const { configuration: defaults } = reading;
  const configuration: Configuration = {
    ...defaults,
    http: {
      ...defaults.http,
      ...{ port: 0, healthPort: 0 },
      bodyLimit: MIB,
      bodies: { ...defaults.http.bodies, memory: 8 * MIB, tenantMemory: 4 * MIB },
      // For all requests of this file, because a machine may be slow. Waits for these times last in full.
      ...{ keepAlive: 65_000, headersTimeout: 6_000, bodyTimeout: 5_000 },
      ...{ lameDuck: 4_000, drain: 8_000 },
      timings: { ...defaults.http.timings, page: 2 },
      streams: { ...defaults.http.streams, cache: 16 * MIB, stall: 10_000 },
      logs: { ...defaults.http.logs, scanLines: SCAN_LINES },
      limits: {
        ...defaults.http.limits,
        submit: 5_000,
        plan: 500,
        decide: 5_000,
        stream: 1_000,
        download: 500,
        read: 5_000,
        refusedDecisions: 1_000,
        refusedTokens: 1_000,
      },
    },
    database: {
      ...defaults.database,
      webUrl: server.url(roleName('web'), DATABASE),
      poolSize: 4,
      allowUnsafe: true,
    },
    authority: {
      ...defaults.authority,
      issuers: [
        {
          issuer: facts.issuer,
          jwksUri: facts.jwksUri,
          jwksFile: null,
          audience: facts.audience,
          kind: 'both',
          algorithms: ['ES256'],
        },
        {
          ...{ issuer: probing.issuer, audience: probing.audience, kind: 'both', algorithms: ['ES256'] },
          ...{ jwksUri: null, jwksFile: join(folder, 'probing.json') },
        },
      ],
    },
    artifacts: {
      ...defaults.artifacts,
      root: join(folder, 'objects'),
      probe: { bytes: 1_024, interval: 200 },
      uploads: { ...defaults.artifacts.uploads, maxBytes: MIB, tenantBytes: 3 * MIB, packBytes: MIB },
    },
    keys: { ...defaults.keys, folder },
    // Hostile packs reach the memory limit. A time limit would apply to all plans.
    limits: { ...defaults.limits, planMemory: 64 * MIB, planTime: 30_000, planThreads: 2, planQueue: 64 },
    packsRegistry: { ...defaults.packsRegistry, ...(await registries()), unsigned: 'run' },
    scheduler: {
      ...defaults.scheduler,
      enabled: false,
      interval: 1_000,
      batch: 10,
      lease: 10_000,
      grace: 60_000,
      catchUpWindow: 86_400_000,
      maxPerTenant: 10,
      maxActive: 10,
      history: 100,
    },
    telemetry: { ...defaults.telemetry, logLevel: 'error', measureInterval: 1_000 },
  };
  const setting: PlanningSetting = {
    environment: environment(),
    configuration: {
      defaults: {
        maxParallel: 16,
        expiresAfterMs: 3_600_000,
        executeWithinMs: 3_600_000,
        runTimeoutMs: 3_600_000,
        cleanupTimeoutMs: 60_000,
        attemptTimeoutMs: 60_000,
        stopGraceMs: 1_000,
        workspaceMiB: 64,
        memoryMiB: 256,
        maxProcesses: 32,
      },
      grants: ['role:sec-lead'],
      secrets: {},
      interpreters: ['sh'],
      egress: [],
      sensitiveInputs: false,
    },
  };
  webservice = await createWebservice(configuration, { adapters: [{ provide: PLANNING_SETTING, useValue: setting }] });
  await tokensOf(facts.issuer, facts.clients);
  const document = (await (await fetch(`${webservice.url}/openapi.json`)).json()) as {
    components: { schemas: Record<string, object> };
  };
  const named = Object.entries(document.components.schemas);
  for (const [name, schema] of named) ajv.addSchema(absolute(schema), `https://x/${name}`);
  for (const [name] of named) validators.set(name, ajv.compile({ $ref: `https://x/${name}` }));
}, 60_000);

afterAll(async () => {
  await webservice?.stop();
  await worker?.close();
  await server?.stop();
  authority?.stdin?.end();
  if (authority && authority.exitCode === null) await once(authority, 'exit');
  if (folder) await rm(folder, { recursive: true, force: true });
}, 30_000);

/** A folder of packs that belongs to the tenant acme. */
async function registries() {
  const path = join(folder, 'packs');
  await mkdir(path);
  const place = { name: 'main', type: 'folder' as const, url: null, path, tenants: ['acme'], publish: true };
  const registry = { ...place, plainHttp: false, usernameFile: null, passwordFile: null, tokenRealm: null };
  const limits = { timeout: 5_000, maxPackBytes: 1 << 20, maxFiles: 100, maxSignatures: 4, cacheBytes: 1 << 20 };
  return { registries: [registry], ...limits };
}

describe('published packs', () => {
  const manifest = MANIFEST.replace('name: demo', 'name: published').replace(
    'type: string',
    'type: string, schema: schemas/image.json',
  );
  const schema = { type: 'string', minLength: 1 };
  const files = [{ path: 'schemas/image.json', contentBase64: Buffer.from(JSON.stringify(schema)).toString('base64') }];

  it('are published once, shown with their inputs, listed, planned, and run by name', async () => {
    const first = await promised('PublishedPack', 'wendy', 'POST', '/api/packs', { manifest, files });
    expect([first.status, first.headers.get('location')]).toEqual([201, `${webservice.url}/api/packs/published/1.0.0`]);
    const again = await promised('PublishedPack', 'wendy', 'POST', '/api/packs', { manifest, files });
    expect([again.status, again.body]).toEqual([200, first.body]);
    const { body } = await promised('PackDetail', 'ada', 'GET', '/api/packs/published/1.0.0');
    expect(body).toMatchObject({ runnable: true, signers: [], inputs: [{ name: 'image', schema }] });
    const byDigest = await ask('ada', 'GET', `/api/packs/published/${body['digest'] as string}`);
    expect(byDigest.body).toEqual(body);
    expect((await ask('ada', 'GET', '/api/packs')).body).toEqual({ items: [first.body], nextCursor: null });
    const inputs = { image: 'app:1' };
    const planned = await promised('Plan', 'ada', 'POST', '/api/plans', { pack: 'published:1.0.0', inputs });
    const run = await promised('Run', 'ada', 'POST', '/api/runs', { pack: 'published:1.0.0', inputs });
    expect(run.body).toMatchObject({ planHash: planned.body['planHash'], pack: { digest: body['contentDigest'] } });
    const check = await ask('ada', 'POST', '/api/plans?check=true', { pack: 'published:1.0.0', inputs: { image: 1 } });
    expect(check.body).toMatchObject({ valid: false });
  });

  it.each([
    ['wendy', { manifest: MANIFEST.replace('demo', 'published'), files: [] }, 409, 'PACK_VERSION_MOVED'],
    ['wendy', { manifest: TEN.text }, 422, 'PACK_INVALID'],
    ['wendy', { manifest, files, signatures: [{}] }, 403, 'PACK_SIGNATURE_INVALID'],
    ['wendy', { manifest, files, colour: 1 }, 422, 'REQUEST_INVALID'],
    ['ada', { manifest, files }, 403, 'SCOPE_MISSING'],
  ] as const)('of %s (%#) are refused with a code', async (login, body, status, code) => {
    const reply = await ask(login, 'POST', '/api/packs', body);
    expect([reply.status, reply.body['code']]).toEqual([status, code]);
  });

  it.each([
    '/api/packs/published/1.0.1',
    '/api/packs/Published/1.0.0',
    '/api/packs/..%2fetc/1.0.0',
    '/api/packs/published/latest',
  ])('%s is not there', async (path) => expect((await ask('ada', 'GET', path)).body['code']).toBe('PACK_NOT_FOUND'));

  it('of others are as absent ones', async () => {
    expect((await ask('mallory', 'GET', '/api/packs')).body).toEqual({ items: [], nextCursor: null });
    const [theirs, absent] = await Promise.all(
      ['published', 'publishes'].map((name) => ask('mallory', 'GET', `/api/packs/${name}/1.0.0`)),
    );
    const shown = ({ status, body }: Reply) =>
      JSON.stringify([status, { ...body, traceId: '' }]).replaceAll('publishes', 'published');
    expect(shown(theirs as Reply)).toBe(shown(absent as Reply));
  });
});

describe('callers', () => {
  it.each([
    ['no token', null],
    ['no JWT', 'abc'],
    ['another issuer', `e30.${Buffer.from('{"iss":"https://evil.example"}').toString('base64url')}.x`],
  ])('with %s get 401 and a challenge', async (_name, token) => {
    const { status, headers, body } = await ask(token, 'GET', '/api/runs');
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer realm="taskrunner"/);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ status: 401, instance: '/api/runs', errors: [] });
    expect(validators.get('Problem')?.(body)).toBe(true);
  });

  it('cannot change a token, nor turn off its signature', async () => {
    const [head = '', body = '', tail = ''] = (tokens.get('ada') ?? '').split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as JsonObject;
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'grace' })).toString('base64url');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const plain = Buffer.from('{"alg":"ES256","typ":"JWT"}').toString('base64url');
    for (const token of [`${head}.${forged}.${tail}`, `${none}.${body}.`, `${plain}.${body}.${tail}`]) {
      const { status, body: problem } = await ask(token, 'GET', '/api/runs');
      expect([status, problem['code']]).toEqual([401, 'TOKEN_INVALID']);
    }
    expect((await ask(null, 'GET', `/api/runs?access_token=${tokens.get('ada')}`)).status).toBe(401);
  });

  it('without the scope get 403', async () => {
    const { status, headers, body } = await ask('grace', 'POST', '/api/runs', { manifest: MANIFEST });
    expect([status, body['code']]).toEqual([403, 'SCOPE_MISSING']);
    expect(headers.get('www-authenticate')).toContain('scope="packs.run"');
    expect((await ask('ada', 'GET', '/api/approvals')).status).toBe(403);
  });

  it('name a tenant of their token, or none', async () => {
    expect((await ask('ada', 'GET', '/api/me', undefined, { 'x-stellaops-tenant': 'acme' })).status).toBe(200);
    const { status, body } = await ask('ada', 'GET', '/api/me', undefined, { 'x-stellaops-tenant': 'globex' });
    expect([status, body['code']]).toEqual([403, 'TENANT_MISMATCH']);
  });

  it('see who they are; a machine is no person', async () => {
    const { body } = await promised('Me', 'grace', 'GET', '/api/me');
    expect(body).toMatchObject({
      tenant: 'acme',
      scopes: ['packs.read', 'packs.approve'],
      grants: ['role:sec-lead'],
      person: { sub: 'grace', kind: 'person' },
    });
    expect((await ask('ci', 'GET', '/api/me')).body).toMatchObject({ person: { sub: 'ci', kind: 'client' } });
    expect(machine).not.toBe('');
  });
});

describe('requests', () => {
  it.each([
    ['that end too early', '{"manifest":', 400, 'BODY_UNREADABLE'],
    ['with a member twice', '{"manifest":"a","manifest":"b"}', 400, 'BODY_UNREADABLE'],
    ['with 101 levels', `{"manifest":"","inputs":${'{"a":'.repeat(101)}1${'}'.repeat(101)}}`, 400, 'BODY_UNREADABLE'],
    ['over the limit of bytes', `{"manifest":"${'x'.repeat(1024 * 1024)}"}`, 413, 'BODY_TOO_LARGE'],
    ['that are a list', '[]', 422, 'REQUEST_INVALID'],
    ['with an unknown member', '{"manifest":"","colour":1}', 422, 'REQUEST_INVALID'],
  ] as const)('%s are refused', async (_what, text, status, code) => {
    const reply = await ask('ada', 'POST', '/api/runs', text);
    expect([reply.status, reply.body['code']]).toEqual([status, code]);
    expect(JSON.stringify(reply.body)).not.toMatch(/ at .*\.(ts|js):/);
  });

  it('name every member and parameter that is wrong', async () => {
    const { body } = await ask('ada', 'POST', '/api/runs', {
      manifest: 1,
      labels: { a: 1 },
      planHash: 'x',
      colour: 'red',
      files: [{ path: 1 }],
    });
    const paths = (body['errors'] as unknown as { path: string }[]).map(({ path }) => path);
    expect(new Set(paths)).toEqual(
      new Set(['/manifest', '/labels', '/planHash', '/colour', '/files/0/path', '/files/0/contentBase64']),
    );
    const query = await ask('ada', 'GET', '/api/runs?limit=0&color=1&status=x&stuck=y');
    expect(query.status).toBe(422);
    expect(query.body['errors']).toHaveLength(4);
  });

  it('of strangers get what the document says, with every route, token, scope and parameter (npm run security)', async () => {
    await gated('approve');
    const runId = await submit();
    const { digest, size } = await objects.put(TENANT, [Buffer.from('theirs')] as never, { maxBytes: 100 });
    const artifact = { step: 'scan', execution: 1, name: 'page', path: 'out/a', digest, size, mediaType: 'text/plain' };
    await commit(runId, { artifacts: [artifact] });
    await ask('wendy', 'POST', '/api/packs', { manifest: MANIFEST.replace('name: demo', 'name: probed') });
    const { url } = webservice;
    const tool = spawn(process.execPath, [join(ROOT, 'tools/security/main.mjs'), '--target', '--json'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    tool.stdin.end(JSON.stringify({ url, ...probing, victim: TENANT, stranger: 'initech' }));
    const { results } = (await json(tool.stdout)) as { results: Record<string, { count: number; findings: string[] }> };
    const counts = Object.entries(results).map(([name, { count, findings }]) => {
      expect([name, findings]).toEqual([name, []]);
      return [name, count] as const;
    });
    expect(counts.map(([name]) => name)).toEqual(['matrix', 'tokens', 'parameters', 'probes']);
    const least: Readonly<Record<string, number>> = { matrix: 600, tokens: 60, parameters: 1_000, probes: 200 };
    for (const [name, count] of counts) expect([name, count >= (least[name] ?? 0)]).toEqual([name, true]);
  }, 300_000);

  it.each([
    ['POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'a\0b' } }, 'ada'],
    ['POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'app:1' }, labels: { 'a\0b': 'c' } }, 'ada'],
    ['POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'app:1' }, labels: { a: 'b\0c' } }, 'ada'],
    ['POST', '/api/runs', { manifest: `${MANIFEST}# \0`, inputs: { image: 'app:1' } }, 'ada'],
    ['POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'app:1' }, concurrency: { group: 'a\0b' } }, 'ada'],
    [
      'POST',
      '/api/schedules',
      { name: 'a\0b', cron: '* * * * *', timeZone: 'UTC', manifest: MANIFEST, inputs: {} },
      'ada',
    ],
  ])('%s %s with NUL in a text is refused, and its place named: %j', async (method, path, body, login) => {
    const reply = await ask(login, method, path, body);
    expect([reply.status, reply.body['code']]).toEqual([422, 'REQUEST_INVALID']);
  });

  it.each([' junk', ' Bearer', ', Basic x', '\u00e9'])('refuse a token that is followed by %j', async (more) => {
    const reply = await ask(`${tokens.get('ada') ?? ''}${more}`, 'GET', '/api/me');
    expect([reply.status, reply.body['code']]).toEqual([401, 'TOKEN_INVALID']);
  });

  it.each(['a\0b', 'a\ud800'])('refuse the reason %j, which no record can contain', async (reason) => {
    const runId = await submit();
    const reply = await ask('ops', 'POST', `/api/runs/${runId}/cancel`, { reason });
    expect([reply.status, reply.body['code']]).toEqual([422, 'REQUEST_INVALID']);
    expect(reply.body['errors']).toMatchObject([{ path: '/reason' }]);
  });

  it.each([
    ['PUT', '/api/runs', 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', '/v1/task-runner/runs/run_01kb3v2m5t8wq4yhn6z0c7d9ef', 'GET, HEAD, OPTIONS'],
    ['GET', '/api/runs/run_01kb3v2m5t8wq4yhn6z0c7d9ef/cancel', 'OPTIONS, POST'],
    ['POST', '/errors/GATE_STALE', 'GET, HEAD, OPTIONS'],
  ])('%s %s names the methods that there are', async (method, path, allow) => {
    const { status, headers, body } = await ask('ada', method, path);
    expect([status, headers.get('allow'), body['code']]).toEqual([405, allow, 'METHOD_NOT_ALLOWED']);
    const options = await ask(null, 'OPTIONS', path);
    expect([options.status, options.headers.get('allow'), options.body]).toEqual([204, allow, {}]);
    expect((await ask(null, 'OPTIONS', '/api/nothing')).status).toBe(404);
  });

  it.each([
    ['/api/me', 'text/html', 406],
    ['/api/me', 'text/html, application/json;q=0', 406],
    ['/api/me', 'application/xml, */*;q=0.1', 200],
    ['/api/me', 'application/*', 200],
    ['/api/me', '*/*', 200],
    ['/api/runs?limit=1', 'application/json', 200],
    ['/errors/GATE_STALE', 'image/png', 406],
    ['/api/runs/RUN/logs?follow=false', 'application/json', 406],
    ['/api/runs/RUN/logs?follow=false', 'application/x-ndjson', 200],
    ['/api/runs/RUN/logs?follow=false', 'text/event-stream', 200],
    ['/api/runs/RUN/logs?limit=9', 'application/json', 200],
    ['/api/runs/RUN/logs?q=x', 'text/event-stream', 406],
    ['/api/runs/RUN/evidence', 'application/x-tar', 409],
    ['/api/runs/RUN/evidence', 'application/json', 406],
    // Artifacts have the media type that their step stated.
    ['/api/runs/RUN/artifacts/none', 'text/html', 404],
  ])('of %s that accept %s get %d', async (path, accept, status) => {
    const runId = path.includes('RUN') ? await submit() : '';
    const response = await fetch(`${webservice.url}${path.replace('RUN', runId)}`, {
      headers: { authorization: `Bearer ${tokens.get('ada')}`, accept },
    });
    const text = await response.text();
    expect([response.status, text.includes('"NOT_ACCEPTABLE"')]).toEqual([status, status === 406]);
    if (status === 406) expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('are answered as they are where nobody accepts a coding, and compressed where JSON is long', async () => {
    const runId = await submit();
    await commit(runId, { state: { status: 'succeeded', finishedAt: 5, lastLine: 0 } });
    const read = async (path: string, coding: string) => {
      const response = await fetch(`${webservice.url}${path}`, {
        headers: { authorization: `Bearer ${tokens.get('ada')}`, 'accept-encoding': coding },
      });
      const text = await response.text();
      return { coding: response.headers.get('content-encoding'), vary: response.headers.get('vary'), text };
    };
    const plain = await read(`/api/runs/${runId}/plan`, 'identity');
    expect([plain.coding, plain.vary]).toEqual([null, 'Accept-Encoding']);
    for (const coding of ['gzip', 'br'])
      expect(await read(`/api/runs/${runId}/plan`, coding)).toEqual({ ...plain, coding });
    expect((await read('/errors/GATE_STALE', 'gzip')).coding).toBeNull();
    // Each line of a log must be visible when it is written.
    expect((await read(`/api/runs/${runId}/logs`, 'gzip')).coding).toBeNull();
  });

  it('for other routes and media types are refused in the same shape', async () => {
    expect((await ask('ada', 'GET', '/api/nothing')).body).toMatchObject({ code: 'ROUTE_NOT_FOUND', status: 404 });
    expect((await ask('ada', 'POST', '/api/runs', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await ask(null, 'GET', '/errors/GATE_STALE')).body).toMatchObject({ status: 409 });
  });

  it('for the console are answered with what to do where it is disabled', async () => {
    for (const path of ['/console', '/console/', '/console/runs/run_1', '/console/assets/index-1.js'])
      expect((await ask(null, 'GET', path)).body).toMatchObject({ code: 'CONSOLE_DISABLED', status: 404 });
  });

  it('of pages of other origins get no header of CORS, unless it is configured', async () => {
    const origin = { origin: 'https://console.example.org' };
    const asked = { ...origin, 'access-control-request-method': 'POST' };
    const answers = [
      await fetch(`${webservice.url}/api/runs`, { method: 'OPTIONS', headers: asked }),
      await ask('ada', 'GET', '/api/me', undefined, origin),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 200]);
    for (const { headers } of answers)
      expect([...headers].map(([name]) => name).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('a submission', () => {
  it('is planned, admitted, stored, and shown under both prefixes', async () => {
    const reply = await promised('Run', 'ada', 'POST', '/api/runs', {
      manifest: MANIFEST,
      inputs: { image: 'app:1' },
      labels: { ticket: 'SEC-42' },
    });
    const { runId, planHash } = reply.body as { runId: string; planHash: string };
    expect(reply.headers.get('location')).toBe(`${webservice.url}/api/runs/${runId}`);
    expect(reply.body).toMatchObject({
      status: 'queued',
      pack: { name: 'demo' },
      requester: { id: 'ada' },
      labels: { ticket: 'SEC-42' },
    });
    for (const prefix of ['/api', '/v1/task-runner'])
      expect((await ask('ada', 'GET', `${prefix}/runs/${runId}`)).body).toEqual(reply.body);
    expect(
      (await promised('Plan', 'ada', 'POST', '/api/plans', { manifest: MANIFEST, inputs: { image: 'app:1' } })).body[
        'planHash'
      ],
    ).toBe(planHash);
    const plan = await promised('Plan', 'ada', 'GET', `/api/runs/${runId}/plan`);
    expect(sha256(canonical(plan.body['plan'] as Json))).toBe(planHash);
    const graph = await promised('Graph', 'ada', 'GET', `/api/runs/${runId}/graph`);
    expect((graph.body['nodes'] as unknown as { id: string }[]).map(({ id }) => id)).toEqual([
      'scan',
      'approve',
      'quick',
    ]);
    const { body } = await promised('Simulation', 'ada', 'POST', '/api/simulations', {
      manifest: MANIFEST,
      inputs: { image: 'app:1' },
    });
    expect((body['nodes'] as unknown as { class: string }[]).map((node) => node.class)).toEqual([
      'pending',
      'requires-approval',
      'requires-approval',
    ]);
    const list = await ask('ada', 'GET', '/api/runs?limit=1');
    expect((list.body['items'] as JsonObject[])[0]).toEqual(reply.body);
  });

  it('has the same plan as an object, and brings its files', async () => {
    const manifest = {
      apiVersion: 'stellaops.io/pack.v1',
      kind: 'TaskPack',
      metadata: { name: 'files', version: '1.0.0' },
      spec: {
        steps: [
          { id: 'go', effects: 'once', run: { uses: 'builtin:script', with: { interpreter: ['sh'], path: 'go.sh' } } },
        ],
      },
    };
    const files = [{ path: 'go.sh', contentBase64: Buffer.from('echo go').toString('base64'), executable: true }];
    const asObject = await ask('ada', 'POST', '/api/runs', { manifest, files });
    expect([asObject.status, asObject.body['errors']]).toEqual([201, undefined]);
    const asText = await ask('ada', 'POST', '/api/plans', { manifest: JSON.stringify(manifest), files });
    expect(asText.body['planHash']).toBe(asObject.body['planHash']);
    expect(await objects.stat(TENANT, sha256('echo go'))).toEqual({ size: 7 });
    const without = await ask('ada', 'POST', '/api/runs', { manifest });
    expect(without.body).toMatchObject({
      code: 'PACK_INVALID',
      errors: [{ code: 'PACK_FILE_MISSING', line: null, column: null }],
    });
    const outside = await ask('ada', 'POST', '/api/runs', { manifest, files: [{ path: '../x', contentBase64: '' }] });
    expect(outside.body).toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('with ten faults gets all of them, with positions', async () => {
    const { status, body } = await ask('ada', 'POST', '/api/runs', { manifest: TEN.text });
    expect([status, body['code']]).toEqual([422, 'PACK_INVALID']);
    const errors = body['errors'] as unknown as { code: string; line: number; column: number; remediation: string }[];
    expect(errors.map(({ code, line, column }) => `${code} ${line}:${column}`)).toEqual(
      TEN_CODES.map((code, index) => `${code} ${TEN.places[index]}`),
    );
    expect(errors.every(({ line, column, remediation }) => line > 0 && column > 0 && remediation !== '')).toBe(true);
    const check = await promised('PlanCheck', 'ada', 'POST', '/api/plans?check=true', { manifest: TEN.text });
    expect([check.status, check.body]).toEqual([200, { valid: false, errors }]);
  });

  it('is told by a JSON Schema that everybody may read', async () => {
    const { status, body } = await ask(null, 'GET', '/api/schemas/pack');
    expect([status, body]).toEqual([200, packSchema()]);
  });

  it('with another plan hash starts nothing, and says what differs', async () => {
    const { body: plan } = await ask('ada', 'POST', '/api/plans', { manifest: MANIFEST, inputs: { image: 'app:1' } });
    const { planHash, receipt } = plan;
    const submission = { manifest: MANIFEST, inputs: { image: 'app:2' }, planHash };
    const bare = await ask('ada', 'POST', '/api/runs', submission);
    expect([bare.status, bare.body['code'], bare.body['errors']]).toEqual([409, 'PLAN_HASH_MISMATCH', []]);
    expect((bare.body['receipt'] as JsonObject)['inputs']).not.toBe((receipt as JsonObject)['inputs']);
    const { body } = await ask('ada', 'POST', '/api/runs', { ...submission, receipt });
    expect(body['errors']).toMatchObject([{ code: 'RECEIPT_DIFFERS', path: '/inputs' }]);
    expect((await ask('ada', 'POST', '/api/runs', { ...submission, inputs: { image: 'app:1' } })).status).toBe(201);
  });

  it('with an idempotency key is made once', async () => {
    const body = { manifest: MANIFEST, inputs: { image: 'app:1' } };
    const key = { 'idempotency-key': 'k-1' };
    const first = await ask('ada', 'POST', '/api/runs', body, key);
    const again = await ask('ada', 'POST', '/api/runs', body, key);
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 200, 'true']);
    expect(again.body['runId']).toBe(first.body['runId']);
    expect((await ask('linus', 'POST', '/api/runs', body, key)).status).toBe(201);
    const other = await ask('ada', 'POST', '/api/runs', { ...body, labels: { a: 'b' } }, key);
    expect([other.status, other.body['code']]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });
});

describe('the fleet', () => {
  const register = (name: string) =>
    worker.claims.register({
      ...{ name, version: '0', build: sha256('build'), isolations: ['none/v1'], probe: sha256('probe') },
      ...{ environments: [digestOf(environment())], labels: ['x'], slots: 2 },
    });
  const fleet = async (login: string, query = '') => {
    const { body } = await ask(login, 'GET', `/api/workers${query}`);
    const page = body as unknown as {
      readonly items: readonly { readonly workerId: string; readonly runs: object }[];
      readonly nextCursor: string | null;
    };
    const validate = validators.get('Worker');
    for (const item of page.items) expect([validate?.(item), validate?.errors ?? null]).toEqual([true, null]);
    return page;
  };

  it('shows which workers live and what they drive, to administrators, of their own tenant alone', async () => {
    const runId = await submit();
    const [one, two] = [await register('one'), await register('two')];
    const claimed = await worker.claims.claim(one, 100);
    const driven = claimed.filter(({ tenant }) => tenant === TENANT).map((run) => run.runId);
    expect(driven).toContain(runId);
    const { items } = await fleet('ops');
    const mine = items.find(({ workerId }) => workerId === one.id);
    expect(mine).toMatchObject({
      ...{ name: 'one', labels: ['x'], slots: 2, isolations: ['none/v1'], assignments: 0 },
      probe: { digest: sha256('probe'), profiles: null },
      runs: { total: driven.length, latest: [...driven].sort().reverse().slice(0, 20) },
    });
    expect((await fleet('ops', '?runs=0')).items.find(({ workerId }) => workerId === one.id)).toMatchObject({
      runs: { total: driven.length, latest: [] },
    });
    const first = await fleet('ops', '?limit=1');
    const rest = await fleet('ops', `?cursor=${first.nextCursor}`);
    expect([...first.items, ...rest.items].map(({ workerId }) => workerId)).toEqual(
      items.map(({ workerId }) => workerId),
    );
    for (const [login, status] of [
      ['ada', 403],
      ['wendy', 403],
    ] as const)
      expect([login, (await ask(login, 'GET', '/api/workers')).status]).toEqual([login, status]);
    await worker.claims.retire(one);
    await worker.claims.retire(two);
    expect((await fleet('ops')).items.filter(({ workerId }) => [one.id, two.id].includes(workerId))).toEqual([]);
  });

  it('performs the executors that the planner knows', async () => {
    const { body } = await promised('Executors', 'ada', 'GET', '/api/executors');
    const items = body['items'] as unknown as { uses: string; environments: object[]; parameters: object }[];
    const uses = items.map((one) => one.uses);
    expect(uses).toEqual([...uses].sort());
    expect(items.find((one) => one.uses === 'builtin:wait')).toMatchObject({
      ...{ version: 1, effects: { loosest: 'pure', by: null }, sandboxed: false },
      ...{ environments: [{ mode: 'open', isolation: null }], parameters: { required: ['for'] } },
    });
    // The environment of this file lists no container engine.
    const planned = async (executor: string) => {
      const manifest = MANIFEST.replace('builtin:noop, with: { image: "{{ inputs.image }}" }', executor);
      const reply = await ask('ada', 'POST', '/api/plans?check=true', { manifest, inputs: { image: 'app:1' } });
      return JSON.stringify(reply.body);
    };
    expect(uses).not.toContain('builtin:container');
    expect(await planned('builtin:container, with: { image: x }')).toContain('EXECUTOR_UNAVAILABLE');
    for (const one of uses) expect(await planned(one)).not.toMatch(/EXECUTOR_UNAVAILABLE|EXECUTOR_UNKNOWN/);
  });
});

describe('a run', () => {
  it('of another tenant is answered like one that is not there', async () => {
    const runId = await submit();
    const absent = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef';
    for (const below of [
      '',
      '/graph',
      '/plan',
      '/steps',
      '/steps/scan',
      '/artifacts',
      '/artifacts/x',
      '/logs',
      '/gates/approve',
      '/evidence',
      '/attestations',
    ]) {
      const [foreign, none] = [
        await ask('mallory', 'GET', `/api/runs/${runId}${below}`),
        await ask('mallory', 'GET', `/api/runs/${absent}${below}`),
      ];
      const plain = ({ status, body }: Reply, id: string) =>
        JSON.stringify([status, { ...body, traceId: '' }]).replaceAll(id, 'ID');
      expect([below, foreign.status]).toEqual([below, 404]);
      expect(plain(foreign, runId)).toBe(plain(none, absent));
    }
    expect((await ask('mallory', 'POST', `/api/runs/${runId}/cancel`, { reason: 'x' })).body['code']).toBe(
      'RUN_NOT_FOUND',
    );
    expect((await ask('mallory', 'GET', '/api/runs')).body['items']).toEqual([]);
    expect((await ask('mallory', 'GET', '/api/runs/not-a-run')).body['code']).toBe('RUN_NOT_FOUND');
  });

  it('is listed in pages, and a cursor belongs to its list', async () => {
    await submit();
    await submit();
    const first = await ask('ada', 'GET', '/api/runs?limit=1');
    const cursor = first.body['nextCursor'] as string;
    const second = await ask('ada', 'GET', `/api/runs?limit=1&cursor=${cursor}`);
    expect((second.body['items'] as JsonObject[])[0]?.['runId']).not.toBe(
      (first.body['items'] as JsonObject[])[0]?.['runId'],
    );
    expect((await ask('ada', 'GET', `/api/runs?limit=1&status=queued&cursor=${cursor}`)).status).toBe(422);
    expect((await ask('mallory', 'GET', `/api/runs?limit=1&cursor=${cursor}`)).status).toBe(422);
    expect((await ask('ada', 'GET', '/api/runs?stuck=any')).body['items']).toEqual([]);
  });

  it('has times for a timeline, compact and in pages', async () => {
    const runId = await submit();
    const { body: run } = await ask('ada', 'GET', `/api/runs/${runId}`);
    const created = Date.parse(run['createdAt'] as string);
    const events: readonly (readonly [number, object])[] = [
      [10, { type: 'run.started' }],
      [11, { type: 'step.started', step: 'scan', attempt: 1, execution: 1 }],
      [20, { type: 'attempt.failed', step: 'scan', execution: 1 }],
      [20, { type: 'step.retrying', step: 'scan', attempt: 2 }],
      [40, { type: 'step.started', step: 'scan', attempt: 2, execution: 2 }],
      [50, { type: 'attempt.succeeded', step: 'scan', execution: 2 }],
      [51, { type: 'step.ended', step: 'scan', status: 'succeeded' }],
    ];
    const entries = events.map(([at, event], number) => ({
      seq: number + 1,
      at: created + at,
      kind: 'derived',
      event,
    }));
    const row = { parent: '', label: null, reason: null, nextAttemptAt: null, children: null };
    const none = { outputs: null, outputsRef: null, reusedFrom: null, error: null };
    const steps = [
      {
        step: 'scan',
        kind: 'run',
        status: 'succeeded',
        attempts: 2,
        startedAt: created + 11,
        finishedAt: created + 51,
      },
      { step: 'approve', kind: 'gate', status: 'waiting', attempts: 0, startedAt: created + 52, finishedAt: null },
      { step: 'quick', kind: 'gate', status: 'pending', attempts: 0, startedAt: null, finishedAt: null },
    ].map((step, place) => ({ ...step, place, ...row, ...none }) as Commit['steps'][number]);
    await commit(runId, ({ admissionDigest }) => ({
      steps,
      page: { first: 1, entries: entries as never, values: {}, prev: admissionDigest, hash: sha256(runId) },
    }));
    const path = `/api/runs/${runId}/timings`;
    const first = await promised('Timings', 'ada', 'GET', path);
    const scan = ['scan', '', 'run', 'succeeded', 10, 11, 51];
    const attempts = [
      [1, 1, 11, 20, 'failed'],
      [2, 2, 40, 50, 'succeeded'],
    ];
    const approve = ['approve', '', 'gate', 'waiting', 51, 52, null, []];
    expect(first.body).toMatchObject({ runId, origin: run['createdAt'], items: [[...scan, attempts], approve] });
    const rest = await promised('Timings', 'ada', 'GET', `${path}?cursor=${first.body['nextCursor'] as string}`);
    expect([rest.body['items'], rest.body['nextCursor']]).toEqual([
      [['quick', '', 'gate', 'pending', null, null, null, []]],
      null,
    ]);
    expect(((await ask('ada', 'GET', `${path}?limit=1`)).body['items'] as Json[]).length).toBe(1);
    const counts = `/api/runs/${runId}/step-counts`;
    expect((await promised('StepCounts', 'ada', 'GET', counts)).body).toMatchObject({
      parent: '',
      steps: { total: 3, succeeded: 1, waiting: 1, pending: 1, failed: 0 },
    });
    expect((await ask('ada', 'GET', `${counts}?parent=scan`)).body).toMatchObject({ parent: 'scan', steps: { total: 0 } });
    expect((await ask('mallory', 'GET', counts)).body['code']).toBe('RUN_NOT_FOUND');
    const known = { 'If-None-Match': first.headers.get('etag') ?? '' };
    expect((await ask('ada', 'GET', path, undefined, known)).status).toBe(304);
    expect((await ask('mallory', 'GET', path)).body['code']).toBe('RUN_NOT_FOUND');
    expect((await ask('ada', 'GET', `${path}?cursor=x`)).body['code']).toBe('REQUEST_INVALID');
  });

  it('is cancelled by whom it belongs to', async () => {
    const runId = await submit();
    expect((await ask('linus', 'POST', `/api/runs/${runId}/cancel`, { reason: 'no' })).body['code']).toBe(
      'RUN_NOT_YOURS',
    );
    const reply = await promised('Run', 'ada', 'POST', `/api/runs/${runId}/cancel`, { reason: 'wrong target' });
    expect([reply.status, reply.body['status']]).toEqual([202, 'cancelling']);
    expect((await ask('ops', 'POST', `/api/runs/${runId}/cancel`, { reason: 'again', force: true })).status).toBe(202);
  });

  it('is cancelled without a body or a reason too', async () => {
    const runId = await submit();
    expect((await ask('ada', 'POST', `/api/runs/${runId}/cancel`)).body['status']).toBe('cancelling');
    const other = await submit();
    expect((await ask('ada', 'POST', `/api/runs/${other}/cancel`, {})).status).toBe(202);
    for (const [body, code] of [
      ['{', 'BODY_UNREADABLE'],
      ['{"reason":" "}', 'REQUEST_INVALID'],
      ['{"colour":1}', 'REQUEST_INVALID'],
    ])
      expect((await ask('ada', 'POST', `/api/runs/${other}/cancel`, body)).body['code']).toBe(code);
    const form = await ask('ada', 'POST', `/api/runs/${other}/cancel`, 'a=b', { 'content-type': 'text/plain' });
    expect(form.status).toBe(415);
  });

  it('can be waited for', async () => {
    const runId = await submit();
    const { headers } = await ask('ada', 'GET', `/api/runs/${runId}`);
    const tag = headers.get('etag') ?? '';
    expect((await ask('ada', 'GET', `/api/runs/${runId}`, undefined, { 'if-none-match': tag })).status).toBe(304);
    const due = Date.now() + 900;
    expect(
      (await ask('ada', 'GET', `/api/runs/${runId}?wait=1s&for=change`, undefined, { 'if-none-match': tag })).status,
    ).toBe(304);
    // Beside other work the answer comes later than asked for, never earlier.
    expect(Date.now()).toBeGreaterThan(due);
    const waiting = ask('ada', 'GET', `/api/runs/${runId}?wait=20s&for=change`, undefined, { 'if-none-match': tag });
    await ask('ada', 'POST', `/api/runs/${runId}/cancel`, { reason: 'x' });
    expect((await waiting).body).toMatchObject({ status: 'cancelling' });
  });
});

describe('a log', () => {
  const chunks = [0, 1].map((chunk) => ({ step: 'scan', execution: 1, chunk, firstLine: 1 + 3 * chunk }));
  const read = (runId: RunId, query = '', headers: Record<string, string> = {}) =>
    fetch(`${webservice.url}/api/runs/${runId}/logs${query}`, {
      headers: { authorization: `Bearer ${tokens.get('ada')}`, ...headers },
    });
  const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

  it('of a run that has ended is read from where the reader is, and ends', async () => {
    const runId = await submit();
    await commit(runId, { chunks, state: { status: 'succeeded', finishedAt: 5, lastLine: 6 } });
    const whole = await read(runId);
    expect(whole.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const text = await whole.text();
    expect(ids(text)).toEqual([1, 2, 3, 4, 5, 6, 6]);
    expect(text.trimEnd().split('\n').at(-1)).toBe(
      `data: {"runId":"${runId}","sequence":6,"timestamp":"1970-01-01T00:00:00.005Z","eventType":"run.finished","status":"succeeded"}`,
    );
    for (const [, event] of text.matchAll(/^data: (.*)$/gm))
      expect(validators.get('LogLine')?.(JSON.parse(event ?? ''))).toBe(true);
    const line = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as JsonObject;
    expect(line).toEqual({
      runId,
      sequence: 1,
      timestamp: '2026-01-01T00:00:00.000Z',
      level: 'info',
      eventType: 'step.log',
      message: 'one',
      stepId: 'scan',
      attempt: 1,
    });
    expect(ids(await (await read(runId, '', { 'last-event-id': '4' })).text())).toEqual([5, 6, 6]);
    // A reconnecting browser sends the number of the last line that it read together with its original address.
    expect(ids(await (await read(runId, '?after=1', { 'last-event-id': '4' })).text())).toEqual([5, 6, 6]);
    expect(ids(await (await read(runId, '?after=1&level=warn')).text())).toEqual([2, 5, 6]);
    expect(ids(await (await read(runId, '?step=other')).text())).toEqual([6]);
    expect((await read(runId, '?after=6')).status).toBe(204);
    expect((await read(runId, '', { 'last-event-id': 'x' })).status).toBe(422);
    const ndjson = await (await read(runId, '', { accept: 'application/x-ndjson' })).text();
    expect(
      ndjson
        .trimEnd()
        .split('\n')
        .map((one) => (JSON.parse(one) as JsonObject)['sequence']),
    ).toEqual([1, 2, 3, 4, 5, 6, 6]);
  });

  it('is paged through backward and forward, searched, and read from near its end', async () => {
    const runId = await submit();
    await commit(runId, {
      chunks: [
        ...chunks,
        ...[1, 2, 3].map((execution) => ({ step: 'build', execution, chunk: 0, firstLine: 4 + 3 * execution })),
      ],
      state: { status: 'succeeded', finishedAt: 5, lastLine: 15 },
    });
    const path = `/api/runs/${runId}/logs`;
    const page = async (query: string) => {
      const { body, headers } = await promised('LogPage', 'ada', 'GET', `${path}?${query}`);
      expect(headers.get('cache-control')).toBe('no-store');
      const items = body['items'] as unknown as readonly { sequence: number; message: string }[];
      return [items.map(({ sequence }) => sequence), body['total'], body['searchedFrom'], body['searchedTo']];
    };
    expect(await page('before=8&limit=3')).toEqual([[5, 6, 7], null, 5, 7]);
    expect(await page('before=8&limit=2&level=warn')).toEqual([[2, 5], null, 2, 7]);
    expect(await page('before=9&step=build')).toEqual([[7, 8], null, 1, 8]);
    expect(await page('before=99&limit=4&step=build&attempt=1')).toEqual([[9, 10, 11, 12], null, 9, 15]);
    expect(await page('limit=9&step=build&attempt=2')).toEqual([[13, 14, 15], null, 1, 15]);
    expect(await page('after=4&limit=3')).toEqual([[5, 6, 7], null, 5, 7]);
    expect(await page('q=TWO')).toEqual([[2, 5, 8, 11, 14], 5, 1, 15]);
    expect(await page('q=t&after=3&level=warn')).toEqual([[5, 8, 11, 14], 4, 4, 15]);
    expect(await page('q=o&step=build&attempt=2')).toEqual([[13, 14], 2, 1, 15]);
    expect(await page('q=nothing')).toEqual([[], 0, 1, 15]);
    const first = await ask('ada', 'GET', `${path}?q=two&limit=2`);
    expect(first.body).toMatchObject({ total: 5, lastLine: 15, missingLines: 0 });
    const cursor = first.body['nextCursor'] as string;
    expect(await page(`q=two&limit=9&cursor=${cursor}`)).toEqual([[8, 11, 14], 5, 1, 15]);
    expect((await ask('ada', 'GET', `${path}?q=tw&cursor=${cursor}`)).status).toBe(422);
    // Nobody else's log is searched, whoever asks.
    expect((await ask('mallory', 'GET', `${path}?q=two`)).body['code']).toBe('RUN_NOT_FOUND');
    const head = await fetch(`${webservice.url}${path}?q=two`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${tokens.get('ada')}` },
    });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);

    const tail = await (await read(runId, '?tail=2')).text();
    expect(ids(tail)).toEqual([13, 14, 15, 15]);
    const begin = JSON.parse(/^data: (.*)$/m.exec(tail)?.[1] ?? '') as JsonObject;
    expect(validators.get('LogLine')?.(begin)).toBe(true);
    expect(begin).toMatchObject({ eventType: 'stream.tail', sequence: 13, after: 13, complete: true });
    expect(tail).toContain('event: stream.tail\nid: 13\ndata: ');
    expect(ids(await (await read(runId, '?tail=2&level=warn')).text())).toEqual([10, 11, 14, 15]);
    expect(ids(await (await read(runId, '?tail=1&step=build&attempt=1')).text())).toEqual([11, 12, 15]);
    expect(ids(await (await read(runId, '?after=8&step=build&attempt=1')).text())).toEqual([9, 10, 11, 12, 15]);
    expect(ids(await (await read(runId, '?tail=0')).text())).toEqual([15, 15]);
    expect(ids(await (await read(runId, '?tail=99')).text())).toEqual([...Array(16).keys(), 15]);
    // A reconnecting browser wants what it has not read, not the tail again.
    expect(ids(await (await read(runId, '?tail=2', { 'last-event-id': '12' })).text())).toEqual([13, 14, 15, 15]);
    expect((await read(runId, '?tail=2', { 'last-event-id': '15' })).status).toBe(204);
  });

  it('of many lines is searched in parts, and each part says the truth about all before it', async () => {
    const runId = await submit();
    const [perChunk, count] = [250, SCAN_LINES / 100];
    const head = perChunk * count;
    const isNeedle = (line: number) => line % 1_000 === 999;
    const many = Array.from({ length: count }, (_, chunk) => {
      return { step: chunk % 2 === 0 ? 'even' : 'odd', execution: 1, chunk, firstLine: 1 + chunk * perChunk };
    });
    const textOf = (chunk: number) =>
      Array.from({ length: perChunk }, (_, line) => 1 + chunk * perChunk + line)
        .map((line) => (isNeedle(line) ? `wa Needle, ${line}\n` : `iline ${line}\n`))
        .join('');
    await commit(runId, { chunks: many, textOf, state: { status: 'succeeded', finishedAt: 5, lastLine: head } });
    const needles = Array.from({ length: head }, (_, index) => index + 1).filter(isNeedle);
    const path = `/api/runs/${runId}/logs`;

    const found: number[] = [];
    const seen: number[] = [];
    for (let cursor = ''; ;) {
      const { body } = await promised('LogPage', 'ada', 'GET', `${path}?q=needle&limit=3${cursor}`);
      const { items, total, searchedTo, lastLine, nextCursor } = body as unknown as {
        readonly items: readonly { readonly sequence: number }[];
        readonly total: number;
        readonly searchedTo: number;
        readonly lastLine: number;
        readonly nextCursor: string | null;
      };
      found.push(...items.map(({ sequence }) => sequence));
      seen.push(searchedTo);
      expect([total, lastLine]).toEqual([needles.filter((line) => line <= searchedTo).length, head]);
      if (nextCursor === null) break;
      cursor = `&cursor=${nextCursor}`;
    }
    expect(found).toEqual(needles);
    expect([seen[0], seen.at(-1)]).toEqual([SCAN_LINES, head]);

    const some = SCAN_LINES / 1_000;
    for (const [tail, complete] of [
      [some, true],
      [some + 1, false],
    ] as const) {
      const text = await (await read(runId, `?tail=${tail}&level=warn`)).text();
      const begin = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as JsonObject;
      expect([begin['complete'], ids(text).slice(1, -1)]).toEqual([complete, needles.slice(-some)]);
    }
    const { body } = await ask('ada', 'GET', `${path}?before=${head + 1}&limit=1000&level=warn`);
    expect([(body['items'] as unknown[]).length, body['searchedFrom']]).toEqual([some, head - SCAN_LINES + 1]);
    const page = await ask('ada', 'GET', `${path}?before=${head - 300}&limit=2&step=odd`);
    const lines = (page.body['items'] as unknown as readonly { sequence: number }[]).map(({ sequence }) => sequence);
    // The line before which it is asked for is in an even chunk.
    expect(lines).toEqual([head - 501, head - 500]);
  });

  it.each([
    ['tail=1&after=1', ['/tail']],
    ['before=1&after=0&q=x', ['/before', '/before']],
    ['cursor=x', ['/cursor']],
    ['attempt=1', ['/attempt']],
    ['attempt=0&step=a', ['/attempt']],
    ['q=x&follow=true', ['/follow']],
    ['q=', ['/q']],
    ['limit=1001', ['/limit']],
    ['before=0', ['/before']],
    ['q=x&cursor=x', ['/cursor']],
  ])('is not read with %s', async (query, paths) => {
    const { status, body } = await ask('ada', 'GET', `/api/runs/${await submit()}/logs?${query}`);
    const errors = body['errors'] as unknown as readonly { path: string }[];
    expect([status, body['code'], errors.map(({ path }) => path)]).toEqual([422, 'REQUEST_INVALID', paths]);
  });

  it('of a run under way is followed, and ends with the service or the reader', async () => {
    const runId = await submit();
    expect(ids(await (await read(runId, '?follow=false')).text())).toEqual([]);
    const abort = new AbortController();
    const response = await fetch(`${webservice.url}/api/runs/${runId}/logs`, {
      headers: { authorization: `Bearer ${tokens.get('ada')}` },
      signal: abort.signal,
    });
    const reader = response.body?.getReader();
    let text = '';
    const readUntil = async (part: string) => {
      while (!text.includes(part)) text += new TextDecoder().decode((await reader?.read())?.value);
    };
    await readUntil(': at 0 head 0\n\n');
    await commit(runId, { chunks, state: { status: 'running', lastLine: 6 } });
    await readUntil(': at 6 head 6\n\n');
    expect(ids(text)).toEqual([1, 2, 3, 4, 5, 6]);
    abort.abort();
  });

  it('of a run under way is followed from near its end', async () => {
    const runId = await submit();
    const abort = new AbortController();
    const response = await fetch(`${webservice.url}/api/runs/${runId}/logs?tail=4&level=info`, {
      headers: { authorization: `Bearer ${tokens.get('ada')}` },
      signal: abort.signal,
    });
    const reader = response.body?.getReader();
    let text = '';
    const readUntil = async (part: string) => {
      while (!text.includes(part)) text += new TextDecoder().decode((await reader?.read())?.value);
    };
    await readUntil(': at 0 head 0\n\n');
    await commit(runId, { chunks, state: { status: 'running', lastLine: 6 } });
    await readUntil(': at 6 head 6\n\n');
    expect(ids(text)).toEqual([0, 1, 2, 4, 5]);
    abort.abort();
  });
});

describe('the feed of events', () => {
  interface Page {
    readonly items: readonly { readonly position: number; readonly type: string; readonly runId: string }[];
    readonly next: number;
    readonly head: number;
  }
  const page = async (login: string, query = '') =>
    (await promised('FeedPage', login, 'GET', `/api/events${query}`)).body as unknown as Page;
  const headOf = async (login: string) => (await page(login, '?limit=1')).head;

  it('is read in pages, of the own tenant alone', async () => {
    const before = await headOf('ada');
    const theirs = await headOf('mallory');
    const runId = await submit();
    const first = await page('ada', `?after=${before}&limit=1`);
    expect(first.items).toMatchObject([{ position: before + 1, type: 'run.created', runId, status: 'queued' }]);
    await ask('ada', 'POST', `/api/runs/${runId}/cancel`, { reason: 'no' });
    const rest = await page('ada', `?after=${first.next}`);
    expect(rest.items).toMatchObject([{ position: before + 2, type: 'run.changed', runId, status: 'cancelling' }]);
    expect(await page('ada', `?after=${rest.next}`)).toMatchObject({ items: [], next: rest.next, head: rest.head });
    expect(await headOf('mallory')).toBe(theirs);
    const gone = await ask('ada', 'GET', `/api/events?after=${rest.head + 1}`);
    expect([gone.status, gone.body['code']]).toEqual([410, 'EVENTS_GONE']);
    const wrong = await ask('ada', 'GET', '/api/events', undefined, { 'Last-Event-ID': 'x' });
    expect([wrong.status, wrong.body['code']]).toEqual([422, 'REQUEST_INVALID']);
  });

  it('is a stream that goes on where a reader was', async () => {
    const before = await headOf('ada');
    const [one, two] = [await submit(), await submit()];
    const read = async (
      after: number,
      lastEventId: string | null,
      wanted: number,
      between?: () => Promise<unknown>,
    ) => {
      const abort = new AbortController();
      const response = await fetch(`${webservice.url}/api/events?after=${after}`, {
        headers: {
          authorization: `Bearer ${tokens.get('ada')}`,
          accept: 'text/event-stream',
          ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
        },
        signal: abort.signal,
      });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      let text = '';
      const events = () =>
        [...text.matchAll(/^id: (\d+)\ndata: (.*)$/gm)].map(([, id, data]) => {
          const event = JSON.parse(data ?? '') as JsonObject;
          expect([Number(id), validators.get('FeedEvent')?.(event)]).toEqual([event['position'], true]);
          return event;
        });
      let isAsked = false;
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(piece).toString();
        if (events().length >= wanted) break;
        if (between && !isAsked) await between();
        isAsked = true;
      }
      abort.abort();
      return events();
    };
    expect((await read(before, null, 2)).map((event) => event['runId'])).toEqual([one, two]);
    // What was received last wins over the address.
    expect((await read(before, String(before + 1), 1)).map((event) => event['runId'])).toEqual([two]);
    let later = '';
    const followed = await read(before + 2, null, 1, async () => (later = await submit()));
    expect(followed).toMatchObject([{ position: before + 3, type: 'run.created', runId: later }]);
    const gone = await ask('ada', 'GET', `/api/events?after=${before + 9_999}`, undefined, {
      accept: 'text/event-stream',
    });
    expect([gone.status, gone.body['code']]).toEqual([410, 'EVENTS_GONE']);
  });
});

describe('evidence and artifacts', () => {
  it('are asked for too early, or by a wrong name', async () => {
    const runId = await submit();
    const { status, headers, body } = await ask('ada', 'GET', `/api/runs/${runId}/evidence`);
    expect([status, body['code'], headers.get('retry-after')]).toEqual([409, 'EVIDENCE_NOT_SEALED', '5']);
    expect((await ask('ada', 'GET', `/api/runs/${runId}/attestations`)).status).toBe(409);
    expect((await ask('ada', 'GET', `/api/runs/${runId}/artifacts/none`)).body['code']).toBe('ARTIFACT_NOT_FOUND');
    expect((await ask('ada', 'GET', `/api/runs/${runId}/steps/none`)).body['code']).toBe('STEP_NOT_FOUND');
  });

  it('are downloaded, never rendered, in ranges too', async () => {
    const runId = await submit();
    const bytes = new TextEncoder().encode('<script>alert(1)</script>');
    const { digest, size } = await objects.put(TENANT, [bytes] as never, { maxBytes: 100 });
    const artifact = {
      step: 'scan',
      execution: 1,
      name: 'page',
      path: 'out/p"age.html',
      digest,
      size,
      mediaType: 'text/html',
    };
    await commit(runId, { artifacts: [artifact] });
    const { body } = await promised('Artifact', 'ada', 'GET', `/api/runs/${runId}/artifacts`).catch(async () =>
      ask('ada', 'GET', `/api/runs/${runId}/artifacts`),
    );
    const [item] = body['items'] as unknown as { links: { download: string } }[];
    const get = (headers: Record<string, string> = {}) =>
      fetch(item?.links.download ?? '', { headers: { authorization: `Bearer ${tokens.get('ada')}`, ...headers } });
    const whole = await get();
    expect(await whole.text()).toBe('<script>alert(1)</script>');
    expect(whole.headers.get('content-disposition')).toMatch(/^attachment; filename="p_age.html"/);
    expect(whole.headers.get('x-content-type-options')).toBe('nosniff');
    expect(whole.headers.get('content-security-policy')).toContain('sandbox');
    expect(whole.headers.get('repr-digest')).toBe(
      `sha-256=:${Buffer.from(digest.slice(7), 'hex').toString('base64')}:`,
    );
    const part = await get({ range: 'bytes=1-6' });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      206,
      'script',
      `bytes 1-6/${size}`,
    ]);
    const outside = await get({ range: 'bytes=99-' });
    expect([outside.status, outside.headers.get('content-range'), await outside.json()]).toEqual([
      416,
      `bytes */${size}`,
      expect.objectContaining({ code: 'OBJECT_RANGE' }),
    ]);
    const stored = join(folder, 'objects/t', TENANT, 'sha256', digest.slice(7, 9), digest.slice(7));
    await chmod(stored, 0o600);
    await writeFile(stored, 'altered');
    const altered = await get();
    // What an operator needs to bring it back; the caller may see all of it.
    const detail = `the stored bytes of ${digest} of tenant ${TENANT} were altered; they belong to ${runId}`;
    expect([altered.status, (await altered.json()) as JsonObject]).toEqual([
      500,
      expect.objectContaining({ code: 'OBJECT_DIGEST_MISMATCH', detail }),
    ]);
    await objects.delete(TENANT, digest);
    const gone = await get();
    expect([gone.status, gone.headers.get('etag'), (await gone.json()) as JsonObject]).toEqual([
      404,
      null,
      expect.objectContaining({ code: 'OBJECT_MISSING' }),
    ]);
    expect((await get({ 'if-none-match': whole.headers.get('etag') ?? '' })).status).toBe(304);
  });
});

describe('a gate', () => {
  const decide = (login: string, runId: RunId, decision: JsonObject) =>
    ask(login, 'POST', `/api/runs/${runId}/approve`, decision);

  it('shows what is decided, and to whom', async () => {
    const { runId, decision } = await gated('approve');
    const { body } = await promised('Gate', 'grace', 'GET', `/api/runs/${runId}/gates/approve`);
    expect(digestOf(body['request'] as Json)).toBe(decision['gateDigest']);
    expect(body).toMatchObject({ gateDigest: decision['gateDigest'], canDecide: true, why: null, status: 'open' });
    expect((await ask('linus', 'GET', `/api/runs/${runId}/gates/approve`)).body).toMatchObject({
      canDecide: false,
      why: 'GATE_GRANT_MISSING',
    });
    const { body: mine } = await ask('grace', 'GET', '/api/approvals?mine=true');
    expect((mine['items'] as JsonObject[]).map(({ runId: id }) => id)).toContain(runId);
    expect((await ask('linus', 'GET', '/api/approvals?mine=true')).body['items']).not.toContainEqual(
      expect.objectContaining({ runId }),
    );
  });

  it('is listed with the other open ones in pages, each once', async () => {
    const made = [await gated('approve'), await gated('quick'), await gated('quick')].map(({ runId }) => runId);
    const all = (await ask('grace', 'GET', '/api/approvals?limit=200')).body;
    expect(all['nextCursor']).toBeNull();
    const names = (body: JsonObject) =>
      (body['items'] as unknown as { runId: string; gateId: string }[]).map(
        ({ runId, gateId }) => `${runId} ${gateId}`,
      );
    for (const [query, login, expected] of [
      ['', 'grace', names(all)],
      ['&mine=true', 'linus', names((await ask('linus', 'GET', '/api/approvals?limit=200&mine=true')).body)],
    ] as const) {
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: JsonObject = (
          await ask(login, 'GET', `/api/approvals?limit=1${query}${cursor === '' ? '' : `&cursor=${cursor}`}`)
        ).body;
        expect(names(page).length).toBeLessThanOrEqual(1);
        seen.push(...names(page));
        cursor = page['nextCursor'] as string | null;
      }
      expect(seen).toEqual(expected);
      expect(seen.filter((name) => made.some((runId) => name.startsWith(runId))).length).toBeGreaterThanOrEqual(2);
    }
    for (const login of ['grace', 'linus']) {
      const mine = names((await ask(login, 'GET', '/api/approvals?limit=200&mine=true')).body).length;
      const counted = await promised('ApprovalCounts', login, 'GET', '/api/approvals/count');
      expect(counted.body).toEqual({ open: names(all).length, mine, atLeast: false });
    }
    expect((await ask('ada', 'GET', '/api/approvals/count')).body['code']).toBe('SCOPE_MISSING');
    const nextCursor = (await ask('grace', 'GET', '/api/approvals?limit=1')).body['nextCursor'] as string;
    for (const path of [
      `/api/approvals?mine=true&cursor=${nextCursor}`,
      `/api/runs?cursor=${nextCursor}`,
      '/api/approvals?cursor=x',
    ])
      expect([path, (await ask('grace', 'GET', path)).status]).toEqual([path, 422]);
  });

  it('shows what differs from the plan that was approved before', async () => {
    const first = await gated('approve');
    expect((await decide('grace', first.runId, first.decision)).status).toBe(200);
    const { runId } = await gated('approve');
    const { body } = await promised('Gate', 'grace', 'GET', `/api/runs/${runId}/gates/approve`);
    expect(body['planDiff']).toMatchObject({ against: first.runId, diff: { same: true, steps: [] }, why: null });
    const { body: mine } = await ask('grace', 'GET', '/api/approvals?mine=true');
    expect((mine['items'] as JsonObject[]).map(({ planDiff }) => planDiff)).toContain(null);
  });

  it('refuses whoever may not decide, or decides on something else', async () => {
    const { runId, decision } = await gated('approve');
    const other = sha256('other');
    const refusals: [string, JsonObject, number, string][] = [
      ['linus', {}, 403, 'GATE_GRANT_MISSING'],
      ['grace', { gateDigest: other }, 409, 'GATE_STALE'],
      ['grace', { planHash: other }, 409, 'PLAN_HASH_MISMATCH'],
      ['grace', { gateId: 'quick' }, 409, 'GATE_NOT_OPEN'],
      ['grace', { gateId: 'nothing' }, 404, 'GATE_NOT_FOUND'],
      ['grace', { onBehalfOf: { iss: issuer, sub: 'linus' } }, 403, 'DELEGATION_INVALID'],
      ['grace', { response: { size: 1 } }, 422, 'GATE_RESPONSE_INVALID'],
      ['grace', { proof: { payload: '' } }, 403, 'GATE_TOKEN_MISMATCH'],
    ];
    for (const [login, change, status, code] of refusals) {
      const reply = await decide(login, runId, { ...decision, ...change });
      expect([change, reply.status, reply.body['code']]).toEqual([change, status, code]);
    }
    const { gateDigest: _left, ...bare } = decision;
    expect((await decide('grace', runId, bare)).body['code']).toBe('GATE_STALE');
    expect((await ask('ada', 'POST', `/api/runs/${runId}/approve`, decision)).body['code']).toBe('SCOPE_MISSING');
    expect((await ask('mallory', 'POST', `/api/runs/${runId}/approve`, decision)).body['code']).toBe('RUN_NOT_FOUND');
  });

  it('opens for a decision that is signed, once', async () => {
    const { runId, decision } = await gated('approve');
    const first = await promised('DecisionReceipt', 'grace', 'POST', `/api/runs/${runId}/approve`, {
      ...decision,
      reason: 'reviewed',
    });
    expect(first.body).toMatchObject({ gateId: 'approve', status: 'approved', approvals: 1, required: 1 });
    const { payload } = first.body['receipt'] as unknown as { payload: string };
    expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({
      schema: 'taskrunner.decision.v1',
      bound: 'gate',
      person: { iss: issuer, sub: 'grace' },
      grants: ['packs.approve', 'role:sec-lead'],
      reason: 'reviewed',
      proof: { kind: 'service' },
    });
    const again = await decide('grace', runId, { ...decision, reason: 'again' });
    expect([again.status, again.body['receipt']]).toEqual([200, first.body['receipt']]);
    expect((await decide('grace', runId, { ...decision, decision: 'rejected' })).body['code']).toBe('GATE_DECIDED');
  });

  it('asks for a reason and for its form, and later approvers confirm the same', async () => {
    const { runId, decision } = await gated('quick', {}, { minApprovals: 2 });
    const full = { ...decision, reason: 'ok', response: { size: 3 } };
    expect((await decide('linus', runId, { ...full, reason: ' ' })).body['code']).toBe('GATE_REASON_REQUIRED');
    const wrong = await decide('linus', runId, { ...full, response: { size: 'x', more: 1 } });
    expect(wrong.body).toMatchObject({ code: 'GATE_RESPONSE_INVALID' });
    expect((wrong.body['errors'] as JsonObject[]).map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/response/size']),
    );
    const withdrawal = { ...full, decision: 'withdrawn', response: null };
    const early = await decide('linus', runId, withdrawal);
    expect([early.status, early.body['code']]).toEqual([409, 'GATE_NOT_APPROVED']);
    expect((await decide('linus', runId, full)).body).toMatchObject({ status: 'open', approvals: 1, required: 2 });
    expect((await decide('linus', runId, withdrawal)).body).toMatchObject({
      status: 'open',
      approvals: 0,
    });
    expect((await decide('linus', runId, full)).body).toMatchObject({ approvals: 1 });
    expect((await decide('grace', runId, { ...full, response: { size: 4 } })).body['code']).toBe(
      'GATE_RESPONSE_INVALID',
    );
    expect((await decide('grace', runId, full)).body).toMatchObject({ status: 'approved', approvals: 2 });
    const { body } = await promised('Gate', 'ada', 'GET', `/api/runs/${runId}/gates/quick`);
    const personOf = async (login: string) => {
      const { iss, sub, name } = (await ask(login, 'GET', '/api/me')).body['person'] as JsonObject;
      return { iss, sub, name };
    };
    const [linus, grace] = [await personOf('linus'), await personOf('grace')];
    expect(body['decisions']).toMatchObject([
      { decision: 'approved', person: linus, withdrawn: true, reason: 'ok', onBehalfOf: null, actors: [] },
      { decision: 'withdrawn', person: linus, withdrawn: false, reason: 'ok' },
      { decision: 'approved', person: linus, withdrawn: false },
      { decision: 'approved', person: grace, withdrawn: false },
    ]);
    const times = (body['decisions'] as JsonObject[]).map(({ decidedAt }) => decidedAt as string);
    expect(times).toEqual([...times].sort());
    expect(linus['name']).not.toBe(linus['sub']);
  });

  it('may be decided by the plan alone where that says everything', async () => {
    const { runId, decision } = await gated('approve', { reads: {} });
    const { gateDigest: _left, ...bare } = decision;
    const { status, body } = await decide('grace', runId, bare);
    expect(status).toBe(200);
    const { payload } = body['receipt'] as unknown as { payload: string };
    expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({
      bound: 'plan',
      gateDigest: decision['gateDigest'],
    });
  });

  it('wants a fresh sign-in where it says so', async () => {
    const { runId, decision } = await gated('approve', {}, { maxAuthAge: 'PT0S' });
    const { status, headers, body } = await decide('grace', runId, decision);
    expect([status, body['code']]).toEqual([401, 'GATE_AUTH_TOO_OLD']);
    expect(headers.get('www-authenticate')).toMatch(/error="insufficient_user_authentication".*max_age="0"/);
  });

  it('does not let initiators decide', async () => {
    const { body } = await ask('linus', 'POST', '/api/runs', { manifest: MANIFEST, inputs: { image: 'app:1' } });
    const runId = body['runId'] as RunId;
    const { decision } = await gated('quick');
    const gate = (await ask('linus', 'GET', `/api/approvals`)).body['items'] as JsonObject[];
    const shown = gate.find((one) => one['gateDigest'] === decision['gateDigest'])?.['request'] as JsonObject;
    let gateDigest = '';
    await commit(runId, ({ planHash, profileDigest, admissionDigest }) => {
      const request = { ...shown, runId, planHash, profileDigest, admissionDigest };
      gateDigest = digestOf(request);
      const expiresAt = Date.parse(shown['expiresAt'] as string);
      const opened = { kind: 'opened' as const, gate: 'quick', approval: 'quick', show: {}, required: 1, expiresAt };
      return { gates: [{ ...opened, gateDigest: digestOf(request), request }] };
    });
    const reply = await decide('linus', runId, {
      ...decision,
      planHash: body['planHash'] ?? null,
      gateDigest,
      reason: 'me',
    });
    expect([reply.status, reply.body['code']]).toEqual([403, 'GATE_SELF_APPROVAL']);
  });

  it('takes a token that is bound to it, once and nowhere else', async () => {
    const { runId, decision } = await gated('approve', {}, { proof: 'token' });
    expect((await decide('grace', runId, decision)).body['code']).toBe('GATE_TOKEN_MISMATCH');
    const detail = {
      type: 'pack_decision',
      pack_run_id: runId,
      pack_gate_id: 'approve',
      pack_plan_hash: decision['planHash'] ?? null,
      pack_gate_digest: decision['gateDigest'] ?? null,
      pack_decision: 'approved',
    };
    const token = await boundToken(issuer, 'grace', detail);
    expect((await ask(token, 'GET', '/api/me')).body['code']).toBe('TOKEN_BOUND');
    expect((await decide(token, runId, { ...decision, decision: 'rejected' })).body['code']).toBe(
      'GATE_TOKEN_MISMATCH',
    );
    const { status, body } = await decide(token, runId, decision);
    expect(status).toBe(200);
    const { payload } = body['receipt'] as unknown as { payload: string };
    expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({
      proof: { kind: 'token', jws: token },
    });
  });
});

describe('schedules', () => {
  it('are answered as the document says', async () => {
    const body = { name: 'nightly', cron: '30 2 * * *', manifest: MANIFEST, inputs: { image: 'app:1' }, until: null };
    const made = await promised('Schedule', 'ada', 'POST', '/api/schedules', body);
    const path = `/api/schedules/${made.body['scheduleId'] as string}`;
    expect(made.headers.get('location')).toBe(`${webservice.url}${path}`);
    expect((await promised('Schedule', 'ada', 'GET', path)).body).toEqual(made.body);
    expect(
      (await promised('Schedule', 'ada', 'PATCH', path, { until: '2099-01-01T00:00:00Z' })).headers.get('etag'),
    ).toBe('"r2"');
    const next = await promised('UpcomingTicks', 'ada', 'GET', `${path}/next`);
    expect(next.body['ticks']).toHaveLength(5);
    const { items } = (await ask('ada', 'GET', '/api/schedules')).body;
    expect(validators.get('Schedule')?.((items as JsonObject[])[0])).toBe(true);
    for (const [name, example] of [
      ['Schedule', EXAMPLES.schedule],
      ['ScheduleTick', EXAMPLES.scheduleTick],
      ['UpcomingTicks', EXAMPLES.upcoming],
    ] as const)
      expect([name, validators.get(name)?.(example)]).toEqual([name, true]);
    expect((await promised('Schedule', 'ada', 'DELETE', path)).body).toMatchObject({ name: 'nightly', revision: 2 });
    const gone = await ask('ada', 'GET', path);
    expect([gone.status, validators.get('Problem')?.(gone.body)]).toEqual([404, true]);
  });
});

const FILED = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: filed, version: 1.0.0 }
spec:
  inputs:
    - { name: report, type: file }
    - { name: facts, type: object, required: false }
  steps:
    - id: count
      run:
        uses: builtin:script
        with: { interpreter: [sh], source: "wc -c < in/report" }
        files: { report: "{{ inputs.report }}" }
`;

async function upload(
  login: string,
  bytes: Uint8Array | ReadableStream,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(`${webservice.url}/api/uploads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.get(login) ?? login}`, ...headers },
    body: bytes as never,
    duplex: 'half',
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as JsonObject };
}

/** As time does. */
async function expire(digest: string): Promise<void> {
  const client = new Client({ connectionString: server.url(undefined, DATABASE) });
  await client.connect();
  await client.query(`update pack_artifacts.uploads set expires_at = now() - interval '1 second' where digest = $1`, [
    digest,
  ]);
  await client.end();
}

async function tarOf(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const sources = Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  const pieces: Uint8Array[] = [];
  for await (const piece of writeTar(sources)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('an upload', () => {
  it('is a file input of its tenant, and of no other', async () => {
    const bytes = Buffer.from('the report\n');
    const { status, body } = await upload('ada', bytes);
    expect(status).toBe(201);
    expect(validators.get('Upload')?.(body)).toBe(true);
    const digest = sha256(bytes);
    expect(body).toMatchObject({ digest, size: bytes.length });
    expect(Date.parse(body['expiresAt'] as string)).toBeGreaterThan(Date.now() + 23 * 3_600_000);

    const file = { digest, name: 'report.txt', mediaType: 'text/plain' };
    const inputs = { report: file, facts: { digest, name: 'not a file' } };
    const planned = await ask('ada', 'POST', '/api/plans', {
      manifest: FILED,
      inputs: { ...inputs, report: { digest, size: 11 } },
    });
    expect(planned.status).toBe(200);
    const { planHash } = planned.body;
    const run = await ask('ada', 'POST', '/api/runs', { manifest: FILED, inputs, planHash });
    expect([run.status, run.body['planHash']]).toEqual([201, planHash]);
    expect((await ask('ada', 'POST', '/api/plans', { manifest: FILED, inputs })).body['planHash']).toBe(planHash);

    const foreign = await ask('mallory', 'POST', '/api/runs', { manifest: FILED, inputs: { report: file } });
    const absent = await ask('mallory', 'POST', '/api/runs', {
      manifest: FILED,
      inputs: { report: { digest: sha256('nowhere') } },
    });
    for (const refused of [foreign, absent]) {
      expect(refused.status).toBe(422);
      expect(refused.body).toMatchObject({
        code: 'PLAN_INVALID',
        errors: [{ code: 'INPUT_UPLOAD_MISSING', path: '/inputs/report' }],
      });
    }
    const { traceId: one, ...first } = foreign.body;
    const { traceId: two, ...second } = absent.body;
    expect([first, one === two]).toEqual([second, false]);
    const wrong = await ask('ada', 'POST', '/api/runs', { manifest: FILED, inputs: { report: { digest, size: 10 } } });
    expect(wrong.body).toMatchObject({ code: 'PLAN_INVALID', errors: [{ code: 'INPUT_UPLOAD_SIZE' }] });
    const key = { 'idempotency-key': 'with-upload' };
    const made = await ask('ada', 'POST', '/api/runs', { manifest: FILED, inputs }, key);
    await expire(digest);
    const again = await ask('ada', 'POST', '/api/runs', { manifest: FILED, inputs }, key);
    expect([made.status, again.status, again.body['runId']]).toEqual([201, 200, made.body['runId']]);
    const other = await ask('ada', 'POST', '/api/runs', { manifest: FILED, inputs, labels: { a: 'b' } }, key);
    expect(other.body).toMatchObject({ code: 'PLAN_INVALID', errors: [{ code: 'INPUT_UPLOAD_MISSING' }] });
    const unplanned = await ask('ada', 'POST', '/api/plans?check=true', {
      manifest: FILED,
      inputs: { report: { digest: sha256('nowhere') } },
    });
    expect(unplanned.body).toMatchObject({ valid: false, errors: [{ code: 'INPUT_UPLOAD_MISSING' }] });
  });

  it('is a pack with its files', async () => {
    const files = { 'demo/pack.yaml': FILED, 'demo/notes.txt': 'kept' };
    const { body: pack } = await upload('ada', await tarOf(files));
    const { body: report } = await upload('ada', Buffer.from('r'));
    const inputs = { report: { digest: report['digest'] ?? null } };
    const bundle = { digest: pack['digest'] ?? null };
    const run = await ask('ada', 'POST', '/api/runs', { bundle, inputs });
    expect([run.status, run.body['pack']]).toEqual([201, expect.objectContaining({ name: 'filed' })]);
    const inline = await ask('ada', 'POST', '/api/plans', {
      manifest: FILED,
      files: [{ path: 'notes.txt', contentBase64: Buffer.from('kept').toString('base64') }],
      inputs,
    });
    expect(inline.body['planHash']).toBe(run.body['planHash']);
    const simulated = await ask('ada', 'POST', '/api/simulations', { bundle, inputs });
    expect([simulated.status, simulated.body['planHash']]).toEqual([200, run.body['planHash']]);
    expect((await ask('mallory', 'POST', '/api/runs', { bundle, inputs })).body['code']).toBe('UPLOAD_MISSING');
    expect((await ask('ada', 'POST', '/api/runs', { bundle, manifest: FILED })).body['code']).toBe('REQUEST_INVALID');
    expect((await ask('ada', 'POST', '/api/runs', { inputs })).body['code']).toBe('REQUEST_INVALID');
    expect((await ask('ada', 'POST', '/api/runs', { bundle: { digest: report['digest'] ?? null } })).body['code']).toBe(
      'ARCHIVE_INVALID',
    );
    const link = Buffer.from(await tarOf({ 'pack.yaml': FILED }));
    link[156] = 0x32; // a symbolic link, with the checksum that it then has
    const sum = link.subarray(0, 512).reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
    link.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const { body: unsafe } = await upload('ada', link);
    expect(
      (await ask('ada', 'POST', '/api/plans', { bundle: { digest: unsafe['digest'] ?? null } })).body['code'],
    ).toBe('ARCHIVE_UNSAFE');
    const { body: empty } = await upload('ada', await tarOf({ 'readme.txt': 'x' }));
    expect((await ask('ada', 'POST', '/api/plans', { bundle: { digest: empty['digest'] ?? null } })).body['code']).toBe(
      'REQUEST_INVALID',
    );
  });

  it('has a size, and the tenant has room for so many', async () => {
    const stream = () => new Blob([Buffer.alloc(MIB + 1)]).stream();
    expect((await upload('linus', Buffer.alloc(MIB + 1))).body['code']).toBe('OBJECT_TOO_LARGE');
    expect((await upload('linus', stream())).body['code']).toBe('OBJECT_TOO_LARGE');
    expect((await upload('linus', Buffer.from('x'), { 'content-encoding': 'gzip' })).body['code']).toBe(
      'BODY_MEDIA_TYPE',
    );
    const codes: unknown[] = [];
    for (let n = 0; n < 4; n++) codes.push((await upload('linus', Buffer.alloc(MIB, n + 1))).body['code']);
    expect(codes.filter((code) => code !== undefined)).toEqual(expect.arrayContaining(['UPLOADS_FULL']));
    expect(codes[0]).toBeUndefined();
    expect((await upload('mallory', Buffer.alloc(MIB, 9))).status).toBe(201);
    expect((await upload('nonsense', Buffer.from('x'))).status).toBe(401);
  });

  it('that is cut off leaves nothing', async () => {
    const content = Buffer.alloc(300_000, 'cut');
    const { port } = new URL(webservice.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /api/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.get('mallory')}\r\nContent-Length: 900000\r\n\r\n`,
    );
    socket.write(content, () => setTimeout(() => socket.destroy(), 200));
    await once(socket, 'close');
    expect(await objects.stat(TENANT, sha256(content))).toBeNull();
    // The room is free again when the service has noticed: two of three MiB are left beside the current one.
    const again = async (n: number): Promise<number> => (await upload('mallory', Buffer.alloc(MIB, 20 + n))).status;
    for (let n = 0; n < 2; n++) {
      let status = await again(n);
      for (let tries = 0; status !== 201 && tries < 150; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        status = await again(n);
      }
      expect(status).toBe(201);
    }
  });
});

describe('a request that does not end', () => {
  /** Writes the head of a request without its body. Resolves to the response when the connection is closed. */
  async function said(head: readonly string[], more: (socket: Socket) => void = () => undefined): Promise<string> {
    const socket = connect(Number(new URL(webservice.url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (piece: Buffer) => (text += piece.toString()));
    socket.on('error', () => undefined);
    socket.write(`${head.join('\r\n')}\r\n`);
    more(socket);
    await once(socket, 'close', { signal: AbortSignal.timeout(45_000) });
    return text;
  }
  const bearer = (login: string): string => `Authorization: Bearer ${tokens.get(login) ?? ''}`;
  const announced = ['Host: x', 'Content-Type: application/json', 'Content-Length: 1000'];

  it('is answered with 408 and the connection closed, where its body is read', async () => {
    const text = await said(['POST /api/runs HTTP/1.1', bearer('ada'), ...announced, '', '{"manifest":']);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain('"code":"BODY_TIMEOUT"');
    expect(text).toMatch(/\r\nConnection: close\r\n/i);
  });

  it('keeps its connection no longer than that, where nobody reads its body', async () => {
    expect(await said(['GET /api/me HTTP/1.1', bearer('ada'), ...announced, '', ''])).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('is closed at once where it is not authenticated', async () => {
    const since = await said(['POST /api/uploads HTTP/1.1', 'Authorization: Bearer none', ...announced, '', '']);
    expect(since).toMatch(/^HTTP\/1\.1 401 /);
    expect(since).toMatch(/\r\nConnection: close\r\n/i);
  });

  const APPROVE = 'POST /api/runs/run_01kb3v2m5t8wq4yhn6z0c7d9eh/approve HTTP/1.1';
  const SUBMIT = 'POST /api/runs HTTP/1.1';
  it.each([
    ['brackets', 'grace', APPROVE, `{"response":[${'[],'.repeat(60_000)}`, 413, 'BODY_TOO_LARGE'],
    ['keys', 'grace', APPROVE, `{"response":{${'"k":1,'.repeat(60_000)}`, 413, 'BODY_TOO_LARGE'],
    ['levels', 'ada', SUBMIT, '['.repeat(200), 400, 'BODY_UNREADABLE'],
    ['no scope', 'grace', SUBMIT, '', 403, 'SCOPE_MISSING'],
  ] as const)('is refused before the rest of its body has come: %s', async (_, login, route, begun, status, code) => {
    const text = await said([route, bearer(login), ...announced.slice(0, 2), 'Content-Length: 900000', '', begun]);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toContain(`"code":"${code}"`);
  });

  it('takes inputs that are large, and plans with all of them', async () => {
    const inputs = { items: Array.from({ length: 5_000 }, (_, i) => i), name: 'many' };
    const declared = 'inputs: [ { name: items, type: array, required: true }, { name: name, type: string } ]';
    const manifest = packText('- { id: a, run: { uses: "builtin:noop" } }', declared);
    const { status, body } = await ask('ada', 'POST', '/api/runs', { manifest, inputs });
    expect([status, body['code']]).toEqual([201, undefined]);
    const found = await ask('ada', 'GET', `/api/runs/${body['runId'] as string}/plan`);
    expect((found.body['plan'] as JsonObject)['inputs']).toEqual(inputs);
  });

  it('keeps others of its tenant from sending large bodies, and says when to come again', async () => {
    const large = async () => ask('ada', 'POST', '/api/runs', `{"manifest":"${'x'.repeat(900_000)}"}`);
    expect((await large()).body['code']).toBe('PACK_INVALID');
    const begun = [SUBMIT, bearer('ada'), ...announced.slice(0, 2), 'Content-Length: 900000', '', ''];
    const held = Promise.all([1, 2, 3, 4].map(async () => said(begun)));
    // These are admitted first; the later ones pass the same guard.
    for (let n = 0; n < 5; n++) expect((await ask('ada', 'GET', '/api/me')).status).toBe(200);
    const reply = await large();
    expect([reply.status, reply.body['code'], reply.headers.get('retry-after')]).toEqual([429, 'BODIES_BUSY', '1']);
    expect((await ask('ada', 'POST', '/api/runs', '{"manifest":"x"}')).body['code']).toBe('PACK_INVALID');
    for (const text of await held) expect(text).toContain('"code":"BODY_TIMEOUT"');
    expect((await large()).body['code']).toBe('PACK_INVALID');
  });

  it('is closed where its head does not end', async () => {
    expect(await said(['GET /api/me HTTP/1.1', 'Host: x'])).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('is an upload, which may take longer', async () => {
    const text = await said(
      ['POST /api/uploads HTTP/1.1', bearer('ada'), 'Host: x', 'Connection: close', 'Content-Length: 4', ''],
      (socket) => void setTimeout(() => socket.write('long'), 8_000),
    );
    expect(text).toMatch(/^HTTP\/1\.1 201 /);
  });
});

describe('the document and health', () => {
  it('describe every route with its codes, scopes and examples', async () => {
    const document = (await (await fetch(`${webservice.url}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<
        string,
        Record<
          string,
          {
            operationId: string;
            'x-scopes'?: string[];
            requestBody?: { content: Record<string, { examples?: object }> };
            responses: Record<
              string,
              {
                content?: Record<
                  string,
                  { example?: unknown; schema: { allOf?: { properties?: { code: { enum: string[] } } }[] } }
                >;
              }
            >;
          }
        >
      >;
    };
    expect(document.openapi).toBe('3.1.0');
    // Also without a webservice: the types of the client are made of it.
    expect(JSON.parse(JSON.stringify(await apiDocument(defaultConfiguration())))).toEqual(document);
    expect(JSON.stringify(document)).not.toContain('"nullable"');
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(operations.length).toBeGreaterThanOrEqual(19);
    for (const operation of operations) {
      expect([operation.operationId, operation['x-scopes']]).toEqual([operation.operationId, expect.any(Array)]);
      const answers = Object.entries(operation.responses);
      const example = answers.some(
        ([status, { content }]) =>
          status.startsWith('2') && Object.values(content ?? {}).some((one) => one.example !== undefined),
      );
      expect([operation.operationId, example]).toEqual([operation.operationId, true]);
      for (const [status, { content }] of answers.filter(([status]) => Number(status) >= 400)) {
        expect([
          operation.operationId,
          status,
          content?.['application/problem+json']?.schema.allOf?.[1]?.properties?.code.enum.length,
        ]).toEqual([operation.operationId, status, expect.any(Number)]);
      }
      if (operation.requestBody) expect(Object.values(operation.requestBody.content)[0]?.examples).toBeDefined();
    }
    expect((await fetch(`${webservice.url}/docs`)).status).toBe(200);
  });

  it('show examples that fit the schemas that they stand beside', async () => {
    type Media = { schema: object; example?: unknown; examples?: Record<string, { value: unknown }> };
    type Described = { operationId: string; requestBody?: { content: Record<string, Media> } } & {
      responses: Record<string, { content?: Record<string, Media> }>;
    };
    const document = (await (await fetch(`${webservice.url}/openapi.json`)).json()) as {
      servers: object[];
      tags: { name: string; description: string }[];
      paths: Record<string, Record<string, Described & { tags: string[] }>>;
    };
    let tried = 0;
    const wrong: unknown[] = [];
    for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
      const { operationId, requestBody, responses, tags } = operation;
      expect(document.tags.map(({ name }) => name)).toEqual(expect.arrayContaining(tags));
      const bodies = [requestBody, ...Object.values(responses)].flatMap((one) => Object.entries(one?.content ?? {}));
      for (const [type, { schema, example, examples = {} }] of bodies) {
        const values = [
          ...Object.values(examples).map(({ value }) => value),
          ...(example === undefined ? [] : [example]),
        ];
        const validate = ajv.compile(absolute(schema));
        for (const value of values)
          if (!validate(value)) wrong.push([operationId, type, ajv.errorsText(validate.errors)]);
        tried += values.length;
      }
      expect(Object.keys(responses).some((status) => status.startsWith('4'))).toBe(true);
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(100);
    expect(document.servers.length).toBeGreaterThan(0);
    // A list says what it is of.
    expect(JSON.stringify(document).match(/"type":(?:"array"|\["array","null"\])(?!,"items")[^{}]*\}/g)).toBeNull();
  });

  it('show examples that fit the schemas of their names', () => {
    const { release: _body, ...answers } = EXAMPLES;
    const tried = Object.entries(answers).filter(([name, example]) => {
      const validate = validators.get(`${name[0]?.toUpperCase()}${name.slice(1)}`);
      if (!validate) return false;
      expect([name, validate(example), validate.errors ?? null]).toEqual([name, true, null]);
      return true;
    });
    expect(tried.length).toBeGreaterThan(8);
  });

  it('answer on a port of their own', async () => {
    expect((await fetch(`${webservice.health}/health/live`)).status).toBe(200);
    expect((await fetch(`${webservice.health}/health/ready`)).status).toBe(200);
    expect((await fetch(`${webservice.url}/health/live`)).status).toBe(404);
  });
});

describe('an object store that is away', () => {
  const root = (): string => join(folder, 'objects');
  const readiness = async (): Promise<readonly [number, Json]> => {
    const response = await fetch(`${webservice.health}/health/ready`);
    const { details } = (await response.json()) as { details: { objects: Json } };
    return [response.status, details.objects];
  };

  it('is told by its code, by readiness, and by one line of the log with the cause', async () => {
    const { digest } = (await upload('ada', Buffer.from('before'))).body as { digest: ReturnType<typeof sha256> };
    const written = jest.spyOn(process.stderr, 'write');
    await rename(root(), `${root()}.away`);
    try {
      const away = { status: 503, body: { code: 'OBJECT_STORE_UNAVAILABLE', retryable: true } };
      expect(await upload('ada', Buffer.from('meanwhile'))).toMatchObject(away);
      expect(await upload('ada', Buffer.from('again'))).toMatchObject(away);
      const reason = 'the folder of the object store does not exist';
      expect(await readiness()).toEqual([503, { status: 'down', reason }]);
      // What needs no bytes is answered.
      expect((await ask('ada', 'GET', '/api/runs')).status).toBe(200);
      const lines = written.mock.calls.flatMap(([text]) => String(text).split('\n'));
      const [line, ...more] = lines.filter((text) => text.includes('"OBJECT_STORE_UNAVAILABLE"'));
      expect(more).toEqual([]);
      const cause = { code: 'ENOENT' };
      expect(JSON.parse(line ?? '')).toMatchObject({ event: 'objects.unavailable', reason, error: { cause } });
    } finally {
      written.mockRestore();
      await rename(`${root()}.away`, root());
    }
    for (let tries = 0; (await readiness())[0] !== 200; tries++) {
      if (tries > 600) throw new Error('it does not become ready again');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await objects.stat(TENANT, digest)).toEqual({ size: 6 });
    expect((await upload('ada', Buffer.from('after'))).status).toBe(201);
  });
});

describe('hostile packs', () => {
  it('end at their limits, and hold up neither others nor the service', async () => {
    // The "…" excludes the reader of plain documents, which is much faster.
    const heavy = `['…', ${Array(250_000).fill('[0]').join(',')}]`;
    const manifest = MANIFEST.replace(/^spec:$/m, `spec:\n  success: { message: ${heavy} }`);
    expect(manifest).not.toBe(MANIFEST);
    const ended: string[] = [];
    const hostile = ['/api/plans', '/api/simulations', '/api/runs', '/api/plans'].map(async (path) => {
      // A pack that may use other packs is read before planning, in a thread too.
      const text = path === '/api/simulations' ? `${manifest}# pack:\n` : manifest;
      const { status, body } = await ask('mallory', 'POST', path, { manifest: text });
      ended.push('hostile');
      return [status, body['code']];
    });
    const [alive, theirs] = await Promise.all([
      fetch(`${webservice.health}/health/live`),
      ask('ada', 'POST', '/api/plans', { manifest: MANIFEST, inputs: { image: 'app:1' } }),
    ]);
    ended.push('others');
    expect([alive.status, theirs.status]).toEqual([200, 200]);
    expect(await Promise.all(hostile)).toEqual(Array(4).fill([422, 'PLAN_LIMIT']));
    // At most one thread per tenant, so that no more than one of its packs can have ended before.
    expect(ended.indexOf('others')).toBeLessThanOrEqual(1);
    expect(
      (await ask('mallory', 'POST', '/api/plans', { manifest: MANIFEST, inputs: { image: 'app:1' } })).status,
    ).toBe(200);
  });
});

describe('a concurrency group', () => {
  const pack = (onConflict: string) => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: grouped, version: 1.0.0 }
spec:
  inputs: [ { name: env, type: string, required: true } ]
  concurrency: { group: "deploy-{{ inputs.env }}", onConflict: ${onConflict} }
  steps: [ { id: a, workers: [gpu], run: { uses: "builtin:noop" } } ]
`;

  it('lets later runs wait, visibly, or refuses them and names the holder', async () => {
    const submit = (env: string, onConflict = 'queue') =>
      ask('ada', 'POST', '/api/runs', { manifest: pack(onConflict), inputs: { env } });
    const [first, second, other] = [await submit('prod'), await submit('prod'), await submit('test')];
    expect([first.body['status'], second.body['status'], other.body['status']]).toEqual([
      'queued',
      'waiting',
      'queued',
    ]);
    const read = await ask('ada', 'GET', `/api/runs/${second.body['runId'] as string}`);
    expect(read.body['waits']).toEqual([expect.objectContaining({ kind: 'concurrency', id: 'deploy-prod' })]);
    const refused = await submit('prod', 'refuse');
    expect([refused.status, refused.body['code']]).toEqual([409, 'CONCURRENCY_GROUP_HELD']);
    expect(refused.body['detail']).toContain(first.body['runId']);
    const graph = await ask('ada', 'GET', `/api/runs/${first.body['runId'] as string}/graph`);
    expect(graph.body['nodes']).toEqual([expect.objectContaining({ id: 'a', workers: ['gpu'] })]);
  });
});

// The last one: nothing answers behind it.
describe('a service that is told to stop', () => {
  it('fails readiness, answers on, then ends streams with where to go on and lets requests end, for so long', async () => {
    const runId = await submit();
    const authorization = `Bearer ${tokens.get('ada')}`;
    const stream = await fetch(`${webservice.url}/api/runs/${runId}/logs`, { headers: { authorization } });
    const { head } = (await ask('ada', 'GET', '/api/events?limit=1')).body;
    const feed = await fetch(`${webservice.url}/api/events?after=${head as number}`, {
      headers: { authorization, accept: 'text/event-stream' },
    });
    const poll = ask('ada', 'GET', `/api/runs/${runId}?wait=60s`);
    const content = Buffer.alloc(2_000, 'x');
    const { port } = new URL(webservice.url);
    const begin = (): ClientRequest => {
      const upload = request({
        ...{ host: '127.0.0.1', port, method: 'POST', path: '/api/uploads' },
        headers: { authorization, 'content-type': 'application/octet-stream', 'content-length': content.length },
      });
      upload.write(content.subarray(0, 1_000));
      return upload;
    };
    const upload = begin();
    const uploaded = once(upload, 'response') as Promise<[IncomingMessage]>;
    const endless = begin();
    const cut = once(endless, 'error') as Promise<[Error & { code: string }]>;
    await Promise.all([once(upload, 'socket'), once(endless, 'socket')]);

    const stopped = webservice.stop();
    expect((await fetch(`${webservice.health}/health/live`)).status).toBe(200);
    expect((await fetch(`${webservice.health}/health/ready`)).status).toBe(503);
    const { status, headers } = await ask('ada', 'GET', `/api/runs/${runId}`);
    expect([status, headers.get('connection')]).toEqual([200, 'close']);

    expect((await stream.text()).trimEnd().split('\n\n').at(-1)).toMatch(
      /^event: stream\.resume\nid: 0\nretry: \d+\ndata: \{.*"reason":"service-stops","after":0,/,
    );
    expect((await feed.text()).trimEnd().split('\n\n').at(-1)).toMatch(
      /^event: stream\.resume\nid: \d+\nretry: \d+\ndata: \{.*"reason":"service-stops","after":\d+,/,
    );
    expect((await poll).status).toBe(200);
    upload.end(content.subarray(1_000));
    const [response] = await uploaded;
    expect(response.statusCode).toBe(201);
    response.resume();
    const [{ code }] = await cut;
    expect(code).toBe('ECONNRESET');
    await stopped;
    await expect(fetch(`${webservice.url}/api/runs/${runId}`)).rejects.toThrow();
  });
});
