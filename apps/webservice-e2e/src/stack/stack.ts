import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Json } from '@taskrunner/core/foundation';

// The complete product: real database, real OIDC server, both services as processes. Only the public API is used, except by tests that act
// as an adversary with SQL.

/** The repository's root. */
export const ROOT = join(__dirname, '..', '..', '..', '..');

/** The migrated database of a whole suite (`tools/jest-cluster.cjs`). */
const CLUSTER = process.env['TASKRUNNER_TEST_CLUSTER'];
/** Of a spec that runs without one: the folder of its shared stack. */
let ownFolder: string | null = null;

/** State that a stack prints. */
interface StackState {
  readonly number: number;
  readonly server: string;
  readonly issuer: string;
  readonly trustPath: string;
  readonly configurationPath: string;
  readonly stateDirectory: string;
  readonly health: { readonly webservice: string; readonly workers: readonly string[] };
  readonly database: { readonly ownerUrl: string; readonly adminUrl: string };
  readonly pids: readonly number[];
  /** For a shared stack: the port on loopback that steps may call, its folder, and the folder of its registry. */
  readonly port?: number;
  readonly home?: string;
  readonly registry?: string;
}

/** Provided by `stack-environment.cjs`. */
declare const askStacks: (
  call: string,
  number: number | null,
  args: readonly unknown[],
  onLine?: (process: string, line: string) => void,
) => Promise<{ readonly value: unknown; readonly state: StackState }>;

/** A stack of the CLI's `dev`, in a separate process. */
export class DevStack {
  private constructor(
    private state: StackState,
    private readonly isShared: boolean,
  ) {}

  /** Starts a separate stack in a new folder. */
  static async start(stateDirectory: string, options: StackOptions = {}): Promise<DevStack> {
    const { onLine, ...more } = options;
    const args = [stateDirectory, { ...more, reportsLines: onLine !== undefined }];
    const { state } = await askStacks('start', null, args, onLine);
    return new DevStack(state, false);
  }

  /** The stack of a profile (`stack-profiles.mjs`). It starts for the first spec that uses it, and specs must restore its state. */
  static async shared(profile: 'plain' | 'several'): Promise<DevStack> {
    const folder =
      CLUSTER === undefined ? (ownFolder ??= mkdtempSync(join(tmpdir(), 'taskrunner-shared-'))) : dirname(CLUSTER);
    const { state } = await askStacks('share', null, [profile, folder]);
    // A spec that runs by itself stops its stack at the end. That of `several` is ended by its only spec.
    return new DevStack(state, CLUSTER !== undefined || profile === 'several');
  }

  get server(): string {
    return this.state.server;
  }

  /** Issuer of the Authority. */
  get issuer(): string {
    return this.state.issuer;
  }

  get trustPath(): string {
    return this.state.trustPath;
  }

  get configurationPath(): string {
    return this.state.configurationPath;
  }

  get stateDirectory(): string {
    return this.state.stateDirectory;
  }

  get health(): StackState['health'] {
    return this.state.health;
  }

  get database(): StackState['database'] {
    return this.state.database;
  }

  /** A port on loopback that steps of a shared stack may call. */
  get port(): number {
    if (this.state.port === undefined) throw new TypeError('the stack is not shared');
    return this.state.port;
  }

  /** Folder of a shared stack. Evidence may be exported to its subfolder `destinations`. */
  get home(): string {
    if (this.state.home === undefined) throw new TypeError('the stack is not shared');
    return this.state.home;
  }

  /** Folder of the registry of a shared stack. */
  get registry(): string {
    if (this.state.registry === undefined) throw new TypeError('the stack is not shared');
    return this.state.registry;
  }

  async workerPids(): Promise<readonly number[]> {
    await this.call('state');
    return this.state.pids;
  }

  async tokenFor(login: string, actors: readonly string[] = []): Promise<string> {
    return (await this.call('tokenFor', login, actors)) as string;
  }

  /**
   * Executes one command line of the CLI in the process that keeps the stacks. `env` is its whole environment. With `folder` it runs in this
   * folder, and a person answers its questions. A spec that tests the process itself (signals, pipes) starts one instead.
   */
  async taskrunner(
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>> = {},
    folder: string | null = null,
  ): Promise<Ran> {
    return (await this.call('taskrunner', args, env, folder)) as Ran;
  }

  async startWorker(): Promise<number> {
    return (await this.call('startWorker')) as number;
  }

  async killWorker(signal: NodeJS.Signals, pid?: number): Promise<void> {
    await this.call('killWorker', signal, pid);
  }

  async crashDatabase(): Promise<() => Promise<void>> {
    await this.call('crashDatabase');
    return async () => void (await this.call('bringBack'));
  }

  /** Stops the stack, unless other specs share it. */
  async stop(): Promise<void> {
    if (!this.isShared) await this.end();
  }

  /** Stops the stack, which nobody else uses. */
  async end(): Promise<void> {
    await this.call('stop');
    if (this.state.home !== undefined) rmSync(ownFolder ?? this.state.home, { recursive: true, force: true });
    ownFolder = null;
  }

  private async call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const { value, state } = await askStacks(name, this.state.number, args);
    this.state = { ...this.state, ...state };
    return value;
  }
}

/** Result of a command line, like that of a process. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of `startDevStack` (apps/cli/src/dev/dev-stack.ts). */
interface StackOptions {
  readonly workers?: number;
  readonly configuration?: object;
  readonly ports?: object;
  readonly actors?: readonly string[];
  /** Starts a separate Authority in the folder `authority` of the stack's state. Otherwise stacks share one. */
  readonly ownAuthority?: boolean;
  readonly onLine?: (process: string, line: string) => void;
  /** Variables of its processes during the start. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a separate stack in a new folder. */
export function startStack(stateDirectory: string, options: StackOptions = {}): Promise<DevStack> {
  return DevStack.start(stateDirectory, options);
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, Json>;
}

/** A caller of the API. */
export class Caller {
  constructor(
    private readonly server: string,
    private readonly token: string | null,
  ) {}

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await this.raw(method, path, body, headers);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, Json>),
    };
  }

  raw(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.server}${path}`, {
      method,
      headers: {
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async submit(manifest: string, inputs: Json = {}, more: object = {}): Promise<string> {
    const { status, body } = await this.ask('POST', '/api/runs', { manifest, inputs, ...more });
    if (status !== 201) throw new Error(`not accepted: ${status} ${JSON.stringify(body)}`);
    return body['runId'] as string;
  }

  async summary(run: string): Promise<Record<string, Json>> {
    return (await this.ask('GET', `/api/runs/${run}`)).body;
  }

  /** Waits until the run has one of these statuses. It long-polls for changes, because repeated requests would cost more than most runs. */
  async until(run: string, states: readonly string[], seconds = 60): Promise<Record<string, Json>> {
    let tag: string | null = null;
    for (const end = Date.now() + seconds * 1_000; ;) {
      const wait = Math.min(Math.max(Math.ceil((end - Date.now()) / 1_000), 1), 20);
      const query = tag === null ? '' : `?wait=${wait}s&for=change`;
      const known: Record<string, string> = tag === null ? {} : { 'if-none-match': tag };
      const { status, headers, body } = await this.ask('GET', `/api/runs/${run}${query}`, undefined, known);
      if (status === 200 && states.includes(body['status'] as string)) return body;
      if (Date.now() > end) throw new Error(`${run}: ${JSON.stringify(await this.summary(run))}`);
      tag = headers.get('etag');
      // For a run that changes constantly, and for an unavailable service.
      await pause(100);
    }
  }

  /** The evidence of a run, once it has ended and is sealed. */
  async sealed(run: string): Promise<Uint8Array> {
    await this.ask('GET', `/api/runs/${run}?wait=60s`);
    for (const end = Date.now() + 60_000; ;) {
      const response = await this.raw('GET', `/api/runs/${run}/evidence`);
      if (response.status === 200) return new Uint8Array(await response.arrayBuffer());
      if (Date.now() > end) throw new Error(`no evidence: ${response.status} ${await response.text()}`);
      await pause(200);
    }
  }

  /** Lines of an SSE stream until it closes, or until `stopAfter` lines were read. */
  async lines(
    run: string,
    options: { readonly after?: number; readonly stopAfter?: number } = {},
  ): Promise<{ readonly lines: readonly SseLine[]; readonly closed: boolean }> {
    const headers: Record<string, string> = {
      accept: 'text/event-stream',
      ...(options.after === undefined ? {} : { 'last-event-id': String(options.after) }),
    };
    const response = await this.raw('GET', `/api/runs/${run}/logs`, undefined, headers);
    const lines: SseLine[] = [];
    if (response.status === 204 || !response.body) return { lines, closed: true };
    let buffer = '';
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const piece = (await reader.read()) as { readonly done: boolean; readonly value?: Uint8Array };
      if (piece.done) return { lines, closed: true };
      buffer += decoder.decode(piece.value, { stream: true });
      const frames = buffer.split('\n\n');
      buffer = frames.pop() ?? '';
      for (const frame of frames) {
        const id = /^id: ?(.*)$/m.exec(frame)?.[1];
        const data = /^data: ?(.*)$/m.exec(frame)?.[1];
        if (data !== undefined)
          lines.push({ id: id === undefined ? null : Number(id), data: JSON.parse(data) as Record<string, Json> });
        if (options.stopAfter === undefined || lines.length < options.stopAfter) continue;
        await reader.cancel();
        return { lines, closed: false };
      }
    }
  }

  /** Approves the gate's current request. */
  async approve(run: string, gate: string, change: object = {}): Promise<Answer> {
    const shown = await this.ask('GET', `/api/runs/${run}/gates/${encodeURIComponent(gate)}`);
    const { gateDigest, request } = shown.body as { gateDigest: string; request: { planHash: string } };
    return this.ask('POST', `/api/runs/${run}/approve`, {
      gateId: gate,
      decision: 'approved',
      planHash: request.planHash,
      gateDigest,
      reason: 'reviewed',
      ...change,
    });
  }
}

interface SseLine {
  readonly id: number | null;
  readonly data: Record<string, Json>;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A pack with these steps, as YAML text. */
export function pack(steps: string, more = '', name = 'e2e'): string {
  return `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: ${name}, version: 1.0.0 }\nspec:\n${more}  steps:\n${steps.replace(/^/gm, '    ')}\n`;
}

/** True if a process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
