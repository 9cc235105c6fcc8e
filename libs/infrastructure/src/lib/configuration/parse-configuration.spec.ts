import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDocument } from '@taskrunner/core/document';
import type { Json } from '@taskrunner/core/foundation';
import { CONFIGURATION, type Configuration } from './configuration';
import { databaseUrlOf, type DatabaseRole } from './database-urls';
import { describeConfiguration } from './describe-configuration';
import { isSetting, variableOf, type Variables } from './environment-variables';
import { listKeys } from './key';
import { loadConfiguration } from './load-configuration';
import { parseConfiguration } from './parse-configuration';
import { printSample } from './sample';

const SAMPLE = join(__dirname, '../../../../../etc/task-runner.yaml.sample');

function read(source: string, env: Variables = {}): Configuration {
  const reading = parseConfiguration(source, env);
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults));
  return reading.configuration;
}

function faults(source: string, env: Variables = {}): string[] {
  const reading = parseConfiguration(source, env);
  if (reading.kind === 'read') return [];
  return reading.faults.map(({ code, path, line, column }) => `${line}:${column} ${code} ${path}`);
}

describe('the sample', () => {
  const sample = readFileSync(SAMPLE, 'utf8');

  it('is what the table of keys prints', () => expect(sample).toBe(printSample()));

  it('names exactly the keys there are, each with its default', () => {
    expect(read(sample)).toEqual(read(''));
    const document = readDocument(sample);
    const at = (path: readonly string[]) =>
      path.reduce<Json | undefined>(
        (value, name) => (value as Record<string, Json> | undefined)?.[name],
        document.kind === 'read' ? document.value : null,
      );
    const named = (value: Json, above: string): string[] =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value as Record<string, Json>).flatMap(([name, part]) => named(part, `${above}/${name}`))
        : [above];
    const keys = listKeys(CONFIGURATION).map(([path]) => path);
    expect(document.kind === 'read' ? named(document.value, '') : []).toEqual(keys.map((path) => `/${path.join('/')}`));
    for (const path of keys) expect(at(path)).not.toBeUndefined();
  });

  it('shows items of lists as they are written', () => {
    const shown = sample.replaceAll(
      /(issuers|allow|people|actors|endpoints): \[\]\n((?: {2}# {3}.*\n)+)/g,
      (_all, name: string, items: string) => {
        return `${name}:\n${items.replaceAll(/^ {2}# {3}([- ] )/gm, '    $1')}`;
      },
    );
    const configuration = read(shown.replace('jwksUri: null', 'jwksUri: https://id.example.org/jwks'));
    const { authority, approvals, webhooks } = configuration;
    expect(authority.issuers).toMatchObject([
      { issuer: 'https://id.example.org', audience: 'taskrunner', kind: 'both' },
    ]);
    expect(approvals.people).toEqual([{ iss: 'https://id.example.org', sub: 'u-42', grants: [] }]);
    expect(approvals.actors).toEqual([{ iss: 'https://id.example.org', sub: 'approvals-bot' }]);
    const [destination] = configuration.sealedMode.allow;
    expect(destination).toEqual({ host: 'mirror.example.org', ports: [443], cidr: null, plainHttp: false });
    expect(webhooks.endpoints).toMatchObject([{ tenant: 'acme', types: [], cidr: null }]);
  });
});

describe('webhooks', () => {
  const endpoint = (more: string) => `webhooks: { endpoints: [ { tenant: acme, secretFile: /run/secret, ${more} } ] }`;

  it.each([
    ['a public name over https', 'url: "https://hooks.example.org/x?y=1", types: [gate.opened]'],
    ['a private address in a pinned block', 'url: "http://10.1.2.3:8080/x", cidr: 10.1.0.0/16'],
    ['a name that resolves to a pinned block', 'url: "http://hooks.internal/x", cidr: 10.0.0.0/8'],
  ])('takes %s', (_, more) => expect(read(endpoint(more)).webhooks.endpoints).toHaveLength(1));

  it.each([
    ['plain http', 'url: "http://hooks.example.org/"', 'CONFIG_UNSAFE'],
    ['a private address', 'url: "https://192.168.0.7/"', 'CONFIG_UNSAFE'],
    ['loopback by name', 'url: "https://localhost/"', 'CONFIG_UNSAFE'],
    ['the metadata service', 'url: "https://169.254.169.254/"', 'CONFIG_UNSAFE'],
    ['an address outside its block', 'url: "https://10.9.0.1/", cidr: 10.1.0.0/16', 'CONFIG_UNSAFE'],
    ['a block that is none', 'url: "https://a.example.org/", cidr: 10.1.0.1/16', 'CONFIG_FORMAT'],
    ['a type that is none', 'url: "https://a.example.org/", types: [gate.open]', 'CONFIG_CHOICE'],
  ])('refuses %s', (_, more, code) => expect(faults(endpoint(more)).join()).toContain(code));

  it('refuses the same endpoint twice, and pauses that end before they begin', () => {
    const one = '{ tenant: acme, secretFile: /run/secret, url: "https://a.example.org/" }';
    expect(faults(`webhooks: { endpoints: [ ${one}, ${one} ] }`).join()).toContain(
      'CONFIG_CONFLICT /webhooks/endpoints/1',
    );
    expect(faults(`webhooks: { firstRetry: 1h, longestRetry: 1m, endpoints: [ ${one} ] }`).join()).toContain(
      'CONFIG_CONFLICT /webhooks/longestRetry',
    );
  });
});

describe('parseConfiguration', () => {
  it('reads what is written and leaves the rest at its defaults', () => {
    const configuration = read(
      'http: { port: 9000, bodyLimit: 1GiB }\nworker:\n  lease: PT12S\n  claimInterval: 250ms\nsandbox:\n'.replace(
        '1GiB',
        '64MiB',
      ),
    );
    expect(configuration.http).toMatchObject({ port: 9000, host: '127.0.0.1', bodyLimit: 64 * 1024 ** 2 });
    expect(configuration.worker).toMatchObject({ lease: 12_000, claimInterval: 250 });
    expect(configuration.sandbox.profile).toBe('auto');
  });

  it('tells all faults at once, with line and column', () => {
    const source = [
      'http:',
      '  prot: 8080',
      '  healthPort: 70000',
      'databse: {}',
      'approvals:',
      '  floor:',
      '    minApprovals: two',
      '    proof: tokn',
      '  expiresAfter: soon',
      'authority:',
      '  issuers:',
      '    - audience: x',
      '      algorithms: [HS256]',
      'artifacts: [1]',
      'limits: { maxParallel: 1.5, runTimeout: 9000d }',
    ].join('\n');
    expect(faults(source)).toEqual([
      '2:3 CONFIG_UNKNOWN_KEY /http/prot',
      '3:15 CONFIG_RANGE /http/healthPort',
      '4:1 CONFIG_UNKNOWN_KEY /databse',
      '7:19 CONFIG_TYPE /approvals/floor/minApprovals',
      '8:12 CONFIG_CHOICE /approvals/floor/proof',
      '9:17 CONFIG_FORMAT /approvals/expiresAfter',
      '12:7 CONFIG_MISSING_KEY /authority/issuers/0',
      '12:7 CONFIG_CONFLICT /authority/issuers/0',
      '13:20 CONFIG_CHOICE /authority/issuers/0/algorithms/0',
      '14:12 CONFIG_TYPE /artifacts',
      '15:24 CONFIG_TYPE /limits/maxParallel',
      '15:41 CONFIG_FORMAT /limits/runTimeout',
    ]);
    const reading = parseConfiguration(source);
    const remedies = reading.kind === 'refused' ? reading.faults.map((fault) => fault.remediation) : [];
    expect(remedies[0]).toBe('Did you mean port?');
    expect(remedies[2]).toBe('Did you mean database?');
    expect(remedies[4]).toBe('Did you mean token?');
  });

  it.each([
    ['http: { port: 80, healthPort: 80 }', ['1:31 CONFIG_CONFLICT /http/healthPort']],
    ['http: { bodyLimit: 97MiB }', ['1:7 CONFIG_CONFLICT /http/bodies/tenantMemory']],
    ['http: { bodies: { tenantMemory: 193MiB } }', ['1:17 CONFIG_CONFLICT /http/bodies/memory']],
    ['retention: { runs: 30d, evidence: 20d }', ['1:35 CONFIG_CONFLICT /retention/evidence']],
    [
      'retention: { evidence: 60d, tenants: [{ tenant: acme, runs: 90d }] }',
      ['1:39 CONFIG_CONFLICT /retention/tenants/0'],
    ],
    ['approvals: { expiresAfter: 8d }', ['1:28 CONFIG_CONFLICT /approvals/expiresAfter']],
    ['secrets: { providers: [{ id: a }] }', ['1:24 CONFIG_CONFLICT /secrets/providers/0']],
    [
      'secrets: { providers: [{ id: a, kind: environment, folder: /a }] }',
      ['1:24 CONFIG_CONFLICT /secrets/providers/0'],
    ],
    ['secrets: { providers: [{ id: a, kind: custom, folder: /a }] }', ['1:24 CONFIG_CONFLICT /secrets/providers/0']],
    [
      'secrets: { providers: [{ id: a, folder: /a }, { id: a, folder: /b }] }',
      ['1:53 CONFIG_CONFLICT /secrets/providers/1/id'],
    ],
    [
      'secrets: { bindings: [{ name: a, provider: b, ref: c }] }',
      ['1:44 CONFIG_CONFLICT /secrets/bindings/0/provider'],
    ],
    ['authority: { issuers: [{ issuer: "https://a" }] }', ['1:24 CONFIG_CONFLICT /authority/issuers/0']],
    [
      'authority: { issuers: [{ issuer: "https://a", jwksUri: "http://a/j" }] }',
      ['1:56 CONFIG_UNSAFE /authority/issuers/0/jwksUri'],
    ],
    ['authority: { development: true }\nhttp: { host: 0.0.0.0 }', ['2:15 CONFIG_UNSAFE /http/host']],
    ['database: { embedded: { dataDirectory: /d } }', ['1:13 CONFIG_UNKNOWN_KEY /database/embedded']],
    ['database: { webUrl: "http://h/d" }', ['1:21 CONFIG_FORMAT /database/webUrl']],
    ['packsRegistry: { registries: [{ name: a }] }', ['1:31 CONFIG_CONFLICT /packsRegistry/registries/0']],
    [
      'packsRegistry: { registries: [{ name: a, url: "http://r.example" }] }',
      ['1:47 CONFIG_CONFLICT /packsRegistry/registries/0/url'],
    ],
    [
      'packsRegistry: { registries: [{ name: a, type: folder, path: /p, publish: true }] }',
      ['1:75 CONFIG_CONFLICT /packsRegistry/registries/0/publish'],
    ],
    ['packsRegistry: { rules: [{ anyOf: [a] }] }', ['1:35 CONFIG_CONFLICT /packsRegistry/rules/0/anyOf']],
    [
      'packsRegistry: { keys: [{ keyRef: a, publicKeyFile: /a }], rules: [{ anyOf: [a, a], threshold: 2 }] }',
      ['1:96 CONFIG_CONFLICT /packsRegistry/rules/0/threshold'],
    ],
    ['packsRegistry: { deny: [abc] }', ['1:25 CONFIG_FORMAT /packsRegistry/deny/0']],
    ['http: { port: 1, port: 2 }', ['1:18 DOC_DUPLICATE_KEY /http/port']],
    ['- 1', ['1:1 CONFIG_TYPE ']],
    ['http: { port: 1, port: 2 }\nworkr: {}', ['1:18 DOC_DUPLICATE_KEY /http/port', '2:1 CONFIG_UNKNOWN_KEY /workr']],
    ['http: { port: 1\nworkr: {}', ['2:1 DOC_SYNTAX ']],
    ['retries: { maxAttempts: 5, cap: { maxAttempts: 4 } }', ['1:25 CONFIG_CONFLICT /retries/maxAttempts']],
    ['telemetry: { sampling: 1.5 }', ['1:24 CONFIG_RANGE /telemetry/sampling']],
    ['telemetry: { endpoint: "http://otel:4318", headersFile: /run/h }', ['1:24 CONFIG_UNSAFE /telemetry/endpoint']],
    // One answer contains the faults of single keys and of combinations. A refused value is not part of a combination.
    [
      'http: { port: 80, healthPort: 80, bodyLimit: big }\napprovals: { expiresAfter: 8d }',
      [
        '1:31 CONFIG_CONFLICT /http/healthPort',
        '1:46 CONFIG_FORMAT /http/bodyLimit',
        '2:28 CONFIG_CONFLICT /approvals/expiresAfter',
      ],
    ],
    ['http: { port: none, healthPort: 8080 }', ['1:15 CONFIG_TYPE /http/port']],
    [
      'authority: { issuers: [{ issuer: "https://a", jwksUrl: "https://a/j" }] }',
      ['1:47 CONFIG_UNKNOWN_KEY /authority/issuers/0/jwksUrl'],
    ],
  ])('refuses %s', (source, expected) => expect(faults(source)).toEqual(expected));

  it('accepts registries on loopback, by https, or by http if that is meant', () => {
    const source = (registry: string) => `packsRegistry: { registries: [{ name: a, ${registry} }] }`;
    for (const registry of [
      'url: "http://127.0.0.1:5000/packs"',
      'url: "https://r.example/packs"',
      'url: "http://r.example", plainHttp: true',
      'type: folder, path: /srv/packs, tenants: ["*"], publish: true',
    ])
      expect(faults(source(registry))).toEqual([]);
    expect(faults(source('url: "http://127.0.0.1.example.org"'))).toHaveLength(1);
    expect(read('').packsRegistry).toMatchObject({ unsigned: 'refuse', registries: [], keys: [], rules: [] });
  });

  it('accepts origins of web pages as browsers send them, and names each that is none', () => {
    const source = (...origins: string[]) => `http: { cors: { origins: ${JSON.stringify(origins)} } }`;
    const right = [
      'https://console.example.org',
      'http://127.0.0.1:4200',
      'http://[::1]:5173',
      'https://xn--bcher-kva.example',
    ];
    expect(faults(source(...right))).toEqual([]);
    expect(read(source(...right)).http.cors.origins).toEqual(right);
    expect(read('').http.cors.origins).toEqual([]);
    for (const wrong of [
      ...[
        '*',
        'null',
        '',
        'console.example.org',
        'https://*.example.org',
        'https://console.example.org/',
        'https://a.example/x',
      ],
      ...[
        'https://CONSOLE.example.org',
        'https://console.example.org:443',
        'https://u@a.example',
        'ftp://a.example',
        'https://bücher.example',
      ],
    ])
      expect([wrong, faults(source('https://a.example', wrong))]).toEqual([
        wrong,
        [expect.stringMatching(/^1:\d+ CONFIG_FORMAT \/http\/cors\/origins\/1$/)],
      ]);
  });

  it('accepts the development Authority on loopback only', () => {
    const source = (issuer: string) =>
      `authority: { development: true, issuers: [{ issuer: "${issuer}", jwksUri: "${issuer}/jwks" }] }`;
    expect(faults(source('http://127.0.0.1:4000'))).toEqual([]);
    expect(faults(source('http://127.0.0.1.example.org'))).toHaveLength(2);
  });

  it('accepts a local Authority on a socket only', () => {
    const source = (authority: string, http = 'socket: /run/x') =>
      `authority: { ${authority}, issuers: [{ issuer: "local:host", jwksFile: /jwks }] }\nhttp: { ${http} }`;
    expect(faults(source('local: true'))).toEqual([]);
    const places = (text: string) => faults(text).map((fault) => fault.replace(/^\S+ /, ''));
    expect(places(source('local: true', 'port: 1'))).toEqual(['CONFIG_UNSAFE /http/socket']);
    expect(places(source('local: false'))).toEqual(['CONFIG_UNSAFE /authority/issuers/0/issuer']);
    expect(places(source('local: true, development: true'))).toEqual(['CONFIG_CONFLICT /authority/local']);
    const remote = 'authority: { local: true, issuers: [{ issuer: "https://id.example", jwksFile: /jwks }] }\n';
    expect(places(`${remote}http: { socket: /run/x }`)).toEqual(['CONFIG_UNSAFE /authority/issuers/0/issuer']);
    expect(places(source('local: true', `socket: /${'x'.repeat(100)}`))).toEqual(['CONFIG_RANGE /http/socket']);
  });
});

describe('environment variables', () => {
  it('have one name for each key', () => {
    const names = listKeys(CONFIGURATION).map(([path]) => variableOf(path));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('TASKRUNNER_APPROVALS_FLOOR_MIN_APPROVALS');
  });

  it('override the file, each by the kind of its key', () => {
    const configuration = read('http: { port: 1 }', {
      TASKRUNNER_HTTP_PORT: '9001',
      TASKRUNNER_DATABASE_NAME: '12',
      TASKRUNNER_WORKER_LABELS: '["gpu", "eu"]',
      TASKRUNNER_AUTHORITY_DEVELOPMENT: 'true',
      TASKRUNNER_AUTHORITY_ISSUERS: '[{"issuer": "http://localhost:4000", "jwksUri": "http://localhost:4000/jwks"}]',
      TASKRUNNER_LIMITS_RUN_TIMEOUT: '',
      TASKRUNNER_CONFIG: '/nowhere',
      TASKRUNNER_VECTORS: '/nowhere',
      TASKRUNNER_WORKER_SERVICE_HOST: '10.0.0.1',
      TASKRUNNER_WORKER_PORT_8080_TCP_ADDR: '10.0.0.1',
    });
    expect(configuration.http.port).toBe(9001);
    expect(configuration.database.name).toBe('12');
    expect(configuration.worker.labels).toEqual(['gpu', 'eu']);
    expect(configuration.authority.issuers).toHaveLength(1);
  });

  it('override a key that is in no section', () => {
    const reading = parseConfiguration('', { TASKRUNNER_PROFILE: 'productoin' });
    expect(reading).toMatchObject({
      kind: 'refused',
      faults: [{ code: 'CONFIG_CHOICE', path: '/profile', message: expect.stringContaining('TASKRUNNER_PROFILE') }],
    });
  });

  it.each([
    ['TASKRUNNER_SEALEDMODE_REQUIRED', 'TASKRUNNER_SEALED_MODE_REQUIRED'],
    ['TASKRUNNER_WOKER_SEALS', 'TASKRUNNER_WORKER_SEALS'],
    ['TASKRUNNER_ARTIFACT_ROOT', 'TASKRUNNER_ARTIFACTS_ROOT'],
  ])('are refused if their section is mistyped: %s', (variable, meant) => {
    expect(isSetting(variable)).toBe(true);
    expect(parseConfiguration('', { [variable]: 'true' })).toMatchObject({
      kind: 'refused',
      faults: [{ code: 'CONFIG_VARIABLE_UNKNOWN', remediation: `Did you mean ${meant}?` }],
    });
  });

  it.each([
    'TASKRUNNER_TOKEN',
    'TASKRUNNER_SERVER',
    'TASKRUNNER_SECRET_MODE',
    'TASKRUNNER_TEST_CLUSTER_FOLDER',
    'TASKRUNNER_STEP_ID',
    'TASKRUNNER',
    'TASK_RUNNER_WORKER_SEALS',
    'RUNNER_WORKER_SEALS',
  ])('are not of the configuration: %s', (variable) => {
    expect(isSetting(variable)).toBe(false);
    expect(parseConfiguration('', { [variable]: 'true' }).kind).toBe('read');
  });

  it('are refused by name, without their values', () => {
    const env = {
      TASKRUNNER_HTTP_PROT: '1',
      TASKRUNNER_HTTP_PORT: 'x',
      TASKRUNNER_DATABASE_WEB_URL: 'hunter22',
      TASKRUNNER_WORKER_LABELS: '[',
    };
    const reading = parseConfiguration('', env);
    const text = JSON.stringify(reading);
    expect(text).not.toContain('hunter22');
    expect(text).toContain('Did you mean TASKRUNNER_HTTP_PORT?');
    expect(reading.kind === 'refused' && reading.faults.map(({ code, path }) => `${code} ${path}`).sort()).toEqual([
      'CONFIG_FORMAT /database/webUrl',
      'CONFIG_FORMAT /worker/labels',
      'CONFIG_TYPE /http/port',
      'CONFIG_VARIABLE_UNKNOWN ',
    ]);
  });
});

it('describes itself without passwords', () => {
  const url = 'postgresql://u:s3cret-1@h:5432/d?password=s3cret-2';
  const described = JSON.stringify(
    describeConfiguration(read(`database: { webUrl: "${url}", workerPasswordFile: /run/secrets/w }`)),
  );
  expect(described).not.toContain('s3cret');
  expect(described).toContain('/run/secrets/w');
  expect(described).toContain('"lease":"8s"');
});

describe('files', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'configuration-'))));
  afterAll(() => rm(folder, { recursive: true }));

  it('are found by argument, then by TASKRUNNER_CONFIG; a named one must be there', async () => {
    const file = join(folder, 'a.yaml');
    await writeFile(file, 'http: { port: 7 }');
    for (const reading of [
      await loadConfiguration(file, {}),
      await loadConfiguration(undefined, { TASKRUNNER_CONFIG: file }),
    ])
      expect(reading.kind === 'read' && reading.configuration.http.port).toBe(7);
    const missing = await loadConfiguration(join(folder, 'b.yaml'), { TASKRUNNER_CONFIG: file });
    expect(missing.kind === 'refused' && missing.faults[0]?.code).toBe('CONFIG_UNREADABLE');
  });

  it.each([
    [null, 'does not exist'],
    ['nothing', 'is not a JSON Web Key Set: it is not a JSON object'],
    ['null', 'is not a JSON Web Key Set: it is not a JSON object'],
    ['{"kty":"OKP"}', 'is not a JSON Web Key Set: it has no list `keys`'],
    ['{"keys":[]}', 'has no keys'],
    ['{"keys":[{"kty":"oct","k":"AA"}]}', 'has no public key for signatures'],
  ])('a key set of an issuer with %p is refused where a webservice needs it', async (text, reason) => {
    const [file, jwks] = [join(folder, 'issuer.yaml'), join(folder, `${reason.length}.json`)];
    if (text !== null) await writeFile(jwks, text);
    await writeFile(
      file,
      `http: { port: many }
sandbox: { profile: bwrap }
database: { kind: file, folder: /data }
authority:
  issuers:
    - issuer: https://id.example
      audience: a
      jwksFile: ${jwks}
`,
    );
    const found = { code: 'CONFIG_FILE', line: 8, message: `The key set ${jwks} ${reason}.` };
    for (const reader of ['webservice', 'check'] as const)
      expect(await loadConfiguration(file, {}, reader)).toMatchObject({
        kind: 'refused',
        faults: [expect.objectContaining({ code: 'CONFIG_TYPE' }), expect.objectContaining(found)],
      });
    // A worker accepts no tokens.
    expect(JSON.stringify(await loadConfiguration(file, {}))).not.toContain('CONFIG_FILE');
  });

  it('give their passwords to the URLs', async () => {
    const file = join(folder, 'password');
    await writeFile(file, 'p@ss/w%rd\n');
    const url = (role: DatabaseRole, source: string) => databaseUrlOf(read(source), role);
    expect(await url('web', `database: { host: db, webPasswordFile: ${file} }`)).toBe(
      'postgresql://taskrunner_web:p%40ss%2Fw%25rd@db:5432/taskrunner',
    );
    const socket = `database: { host: /run/pg, name: x, workerPasswordFile: ${file}, ownerPasswordFile: /none }`;
    expect(await url('worker', socket)).toBe(
      'postgresql://taskrunner_worker:p%40ss%2Fw%25rd@localhost:5432/x?host=%2Frun%2Fpg',
    );
    expect(await url('web', socket)).toBeNull();
    const ownerUrl =
      (await url('owner', `database: { ownerUrl: "postgres://me@db/x", ownerPasswordFile: ${file} }`)) ?? '';
    expect(decodeURIComponent(new URL(ownerUrl).password)).toBe('p@ss/w%rd');
  });

  it.each([
    ['artifacts: {store: s3}', '/artifacts/s3', 'CONFIG_MISSING_KEY'],
    ['artifacts: {store: s4}', '/artifacts/store', 'CONFIG_CHOICE'],
    ['artifacts: {grace: 1m}', '/artifacts/grace', 'CONFIG_UNSAFE'],
    ['{database: {kind: file, folder: /data}, artifacts: {root: /data}}', '/artifacts/root', 'CONFIG_CONFLICT'],
    ['{database: {kind: file, folder: /data/}, artifacts: {root: /data/o}}', '/artifacts/root', 'CONFIG_CONFLICT'],
    ['{database: {kind: file, folder: /data/db}, artifacts: {root: /data}}', '/artifacts/root', 'CONFIG_CONFLICT'],
    [
      '{database: {kind: file, folder: /data}, sandbox: {workDirectory: /data/w}}',
      '/sandbox/workDirectory',
      'CONFIG_CONFLICT',
    ],
    [
      '{database: {kind: file, folder: /data/w/db}, sandbox: {workDirectory: /data/w}}',
      '/sandbox/workDirectory',
      'CONFIG_CONFLICT',
    ],
    ['artifacts: {uploads: {maxBytes: 2GiB, tenantBytes: 1GiB}}', '/artifacts/uploads/maxBytes', 'CONFIG_CONFLICT'],
    ['artifacts: {s3: {accessKeyIdFile: /a}}', '/artifacts/s3', 'CONFIG_CONFLICT'],
    ['artifacts: {s3: {endpoint: "http://s3.example.org"}}', '/artifacts/s3/endpoint', 'CONFIG_UNSAFE'],
    ['artifacts: {s3: {prefix: "../x/"}}', '/artifacts/s3/prefix', 'CONFIG_FORMAT'],
    ['artifacts: {s3: {prefix: x}}', '/artifacts/s3/prefix', 'CONFIG_FORMAT'],
    ['artifacts: {s3: {partSize: 1MiB}}', '/artifacts/s3/partSize', 'CONFIG_RANGE'],
    ['artifacts: {store: s3, maxBytes: 512GiB, s3: {bucket: b}}', '/artifacts/s3/partSize', 'CONFIG_CONFLICT'],
  ])('refuses %s', (source, path, code) => {
    expect(faults(source).join()).toContain(`${code} ${path}`);
  });

  it('takes a bucket, and a short grace for tests alone', () => {
    const s3 =
      '{bucket: b, prefix: a/b/, endpoint: "http://127.0.0.1:9", accessKeyIdFile: /a, secretAccessKeyFile: /b}';
    expect(read(`artifacts: {store: s3, s3: ${s3}}`).artifacts.s3).toMatchObject({ bucket: 'b', partSize: 16 << 20 });
    expect(read('{database: {allowUnsafe: true}, artifacts: {grace: 1s}}').artifacts.grace).toBe(1_000);
  });
});

describe('what contradicts itself', () => {
  it('a program that may act is no person who may decide, and is listed once', () => {
    const both = 'people: [{ iss: a, sub: x }], actors: [{ iss: b, sub: x }, { iss: a, sub: x }]';
    for (const text of [both, 'actors: [{ iss: a, sub: x }, { iss: a, sub: x }]'])
      expect(faults(`approvals: { ${text} }`)).toEqual([
        expect.stringContaining('CONFIG_CONFLICT /approvals/actors/1'),
      ]);
  });

  it('refuses to require a seal that it does not offer', () => {
    const reading = parseConfiguration('sealedMode: { enabled: false, required: true }', {});
    expect(reading).toMatchObject({
      kind: 'refused',
      faults: [{ code: 'CONFIG_CONFLICT', path: '/sealedMode/enabled' }],
    });
  });
});
