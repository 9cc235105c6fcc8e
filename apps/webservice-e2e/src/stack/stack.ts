import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

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

export { Caller, type Answer } from './caller';

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
