import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import type { Json, JsonObject, RunId } from '@taskrunner/core/foundation';
import type { Configuration } from '@taskrunner/infrastructure/configuration';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@taskrunner/infrastructure/embedded-postgres';
import { PLANNING_SETTING } from '@taskrunner/infrastructure/modules';
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
import { createWebservice, type RunningWebservice } from '../../create-webservice';
import { accessTokens, boundToken, probingIssuer } from './access-tokens';
import { apiConfiguration, planningSetting } from './api-configuration';
import { gated } from './gated-run';
import { DATABASE, MANIFEST, ROOT } from './sample';
import { commit } from './worker-side';

const CLUSTER = process.env['TASKRUNNER_TEST_CLUSTER'];
const BEGINNING = CLUSTER === undefined ? {} : { copyOf: CLUSTER, sharedDirectory: dirname(CLUSTER) };

/** A response with its parsed body; `{}` if it has none. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

/**
 * The webservice with a real PostgreSQL and a real issuer, as one spec file shares it. Functions may be used without the object. Other
 * members are available only after `start`.
 */
export class ApiUnderTest {
  /** Access tokens by login. */
  readonly tokens = new Map<string, string>();
  /** Validators of the schemas of the OpenAPI document, by name. */
  readonly validators = new Map<string, ValidateFunction>();
  readonly probing = probingIssuer();
  /** Names of the headers of all responses to `ask`, by method, path and status. */
  readonly answers = new Map<string, Set<string>>();
  folder!: string;
  server!: EmbeddedPostgres;
  worker!: WorkerDatabase;
  objects!: FileObjectStore;
  webservice!: RunningWebservice;
  issuer!: string;
  /** Has each schema by its name: a schema that is found by a pointer is compiled again wherever it is referred to. */
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  #authority: ChildProcess | undefined;
  #configuration!: Configuration;

  async start(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'taskrunner-web-'));
    const { folder, probing } = this;
    const authority = spawn(process.execPath, [join(ROOT, 'tools/dev-authority/main.mjs'), '--parent-watch'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#authority = authority;
    const [line] = (await once(createInterface({ input: authority.stdout }), 'line')) as [string];
    const issuer = JSON.parse(line) as { issuer: string; jwksUri: string; audience: string; clients: Json };
    this.issuer = issuer.issuer;
    this.server = await startEmbeddedPostgres({ dataDirectory: join(folder, 'pg'), fsync: false, ...BEGINNING });
    const database = this.server;
    const passwords = Object.fromEntries(databaseRoles.map((role) => [role, database.passwordOf(roleName(role))]));
    await bootstrapRoles(database.url(), passwords as { [Role in DatabaseRole]: string });
    await createDatabase(database.url(), DATABASE);
    await migrateDatabase(database.url(roleName('owner'), DATABASE));
    this.worker = await openWorkerDatabase(database.url(roleName('worker'), DATABASE), { allowLoss: true });
    await Promise.all([generateKeyFile(join(folder, 'admission.pem')), generateKeyFile(join(folder, 'ledger.pem'))]);
    await writeFile(join(folder, 'probing.json'), JSON.stringify(probing.jwks));
    this.objects = await FileObjectStore.open(join(folder, 'objects'));
    this.#configuration = await apiConfiguration({ folder, database, issuer, probing });
    this.webservice = await createWebservice(this.#configuration, { adapters: settingOf() });
    for (const [login, token] of await accessTokens(issuer.issuer, issuer.clients)) this.tokens.set(login, token);
    await this.#readDocument();
  }

  async stop(): Promise<void> {
    await this.webservice?.stop();
    await this.worker?.close();
    await this.server?.stop();
    const authority = this.#authority;
    authority?.stdin?.end();
    if (authority && authority.exitCode === null) await once(authority, 'exit');
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }

  /** Sends a request. `login`: a person, a token, or null for none. `body`: a text unchanged, any other value as JSON. */
  readonly ask = async (
    login: string | null,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> => {
    const token = login === null ? null : (this.tokens.get(login) ?? login);
    const response = await fetch(path.startsWith('/') ? `${this.webservice.url}${path}` : path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    this.observe(method, path, response);
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as JsonObject),
    };
  };

  /** Adds the headers of a response to `answers`. */
  observe(method: string, path: string, { status, headers }: Pick<Response, 'status' | 'headers'>): void {
    const answer = `${method} ${path.split('?', 1)[0]} ${status}`;
    const names = this.answers.get(answer) ?? new Set();
    for (const [name] of headers) names.add(name);
    this.answers.set(answer, names);
  }

  /** Like `ask`; also checks the response against the OpenAPI document. */
  readonly promised = async (
    schema: string,
    login: string,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Reply> => {
    const reply = await this.ask(login, method, path, body);
    const validate = this.validators.get(schema);
    if (!validate) throw new Error(`no schema ${schema}`);
    const ok = validate(reply.body);
    expect([reply.status < 300, ok, validate.errors ?? null]).toEqual([true, true, null]);
    return reply;
  };

  /** Submits a run of the sample pack as ada. `proof`: to a webservice of an environment whose decisions need it. */
  readonly submit = async (more: object = {}, proof?: 'token'): Promise<RunId> => {
    const other = proof && (await createWebservice(this.#configuration, { adapters: settingOf(proof) }));
    const request = { manifest: MANIFEST, inputs: { image: 'app:1' }, ...more };
    const { status, body } = await this.ask('ada', 'POST', `${other?.url ?? ''}/api/runs`, request);
    await other?.stop();
    expect([status, body['code']]).toEqual([201, undefined]);
    return body['runId'] as RunId;
  };

  /** Commits one turn of a run as a worker. */
  readonly commit = (runId: RunId, supplied: Parameters<typeof commit>[2]): Promise<void> =>
    commit(this.worker, runId, supplied);

  /** A run that waits at a gate, and the decision that approves it. */
  readonly gated = (gate: string, change: JsonObject = {}, manifest = MANIFEST, proof?: 'token') =>
    gated(this, gate, change, manifest, proof);

  /** A token for exactly one decision (RFC 9396). */
  readonly boundToken = (login: string, detail: JsonObject): Promise<string> => boundToken(this.issuer, login, detail);

  /** The validator of a schema that refers to schemas of the document. */
  readonly compile = (schema: object): ValidateFunction => this.#ajv.compile(absolute(schema));

  async #readDocument(): Promise<void> {
    const document = (await (await fetch(`${this.webservice.url}/openapi.json`)).json()) as {
      components: { schemas: Record<string, object> };
    };
    const named = Object.entries(document.components.schemas);
    for (const [name, schema] of named) this.#ajv.addSchema(absolute(schema), `https://x/${name}`);
    for (const [name] of named) this.validators.set(name, this.#ajv.compile({ $ref: `https://x/${name}` }));
  }
}

function settingOf(proof?: 'token') {
  return [{ provide: PLANNING_SETTING, useValue: planningSetting(proof) }];
}

function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', '"https://x/')) as object;
}
