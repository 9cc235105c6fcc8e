import { join } from 'node:path';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '@taskrunner/infrastructure/embedded-postgres';
import {
  bootstrapRoles,
  createDatabase,
  migrateDatabase,
  roleName,
  type DatabaseRole,
} from '@taskrunner/infrastructure/postgres';
import type { ChildEnd, ChildProcess } from './child-process';
import { printConfiguration, type DevDatabase } from './dev-configuration';
import { guardDatabase } from './database-guard';
import { DevError } from './dev-error';
import { signIn } from './dev-login';
import { makeKeys } from './key-ring';
import type { OwnSettings } from './own-settings';
import { choosePorts, type Ports } from './ports';
import { chooseSandbox, type SandboxChoice } from './sandbox-choice';
import {
  allSettled,
  authorityArgs,
  closeAll,
  findScripts,
  MEMORY_RETURNS,
  processStarter,
  trustAuthority,
  type Scripts,
} from './stack-parts';
import {
  openStateDirectory,
  ownStateDirectory,
  readJsonFile,
  replaceFile,
  type StateDirectory,
} from './state-directory';
import { keepUp } from './upkeep';

/** Options for starting the stack. */
export interface DevStackOptions {
  /** State folder, created on first use. */
  readonly stateDirectory: string;
  /** Ports on 127.0.0.1. Default: those of the last start, or free ones. */
  readonly ports?: Partial<Ports>;
  /** Workers to start; default 1. */
  readonly workers?: number;
  /** False: a database that may lose commits, for tests. Default true. */
  readonly durable?: boolean;
  /** True: `stop` deletes the state directory. Default false. */
  readonly temporary?: boolean;
  /** Further options of the embedded database: for tests. */
  readonly database?: Pick<EmbeddedPostgresOptions, 'copyOf' | 'sharedDirectory'>;
  /** People or machines of the Authority for `approvals.actors`. */
  readonly actors?: readonly string[];
  /** Settings of the user for the services: of a configuration file and of environment variables. */
  readonly own?: OwnSettings;
  /** Further configuration keys by section, such as `{worker: {lease: '5s'}}`. */
  readonly configuration?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Maximum time to wait for each process to be ready, milliseconds. Default: five minutes. */
  readonly startTimeoutMs?: number;
  /** Called with a text for each step of the start, and while a process is awaited for long. */
  readonly onProgress?: (text: string) => void;
  /** Called with each line of output of a process. */
  readonly onLine?: (process: string, line: string) => void;
  /** Called when a process has ended unexpectedly. */
  readonly onLost?: (end: ChildEnd) => void;
  /** Replaces the scripts of processes, by name; for tests. */
  readonly scripts?: Partial<Scripts>;
}

/** A running stack on loopback. */
export interface DevStack {
  /** URL of the API. */
  readonly server: string;
  readonly issuer: string;
  readonly health: { readonly webservice: string; readonly workers: readonly string[] };
  readonly configurationPath: string;
  /** For `taskrunner verify --trust`. */
  readonly trustPath: string;
  readonly stateDirectory: string;
  readonly database: DevDatabase;
  readonly sandbox: SandboxChoice;
  /** Process ids of the workers that run. */
  workerPids(): readonly number[];
  /** An access token of one of the Authority's people: ada, grace, linus, ops, wendy, mallory; with actors as in `SignIn`. */
  tokenFor(login: string, actors?: readonly string[]): Promise<string>;
  /** Starts one more worker; resolves when it is ready, with its process id. */
  startWorker(): Promise<number>;
  /** Signals a worker (by default the last started) and resolves when it has ended; for SIGSTOP and SIGCONT immediately. */
  killWorker(signal?: NodeJS.Signals, pid?: number): Promise<void>;
  /** Stops the database like a crash; resolves to a function that restarts it on the same port. For tests. */
  crashDatabase(): Promise<() => Promise<void>>;
  /** Stops everything, the last started first. Idempotent. */
  stop(): Promise<void>;
}

const DATABASE = 'taskrunner';

/** A token for a person of a stack that another process runs in this folder, with actors. Throws `DEV_LOGIN_FAILED` and `DEV_NOT_RUNNING`. */
export async function tokenOfStack(
  stateDirectory: string,
  login: string,
  actors: readonly string[] = [],
): Promise<string> {
  const path = join(stateDirectory, 'task-runner.yaml');
  const configuration = await readJsonFile<{ authority: { issuers: readonly { issuer: string }[] } }>(path);
  const issuer = configuration?.authority.issuers[0]?.issuer;
  const authority = join(stateDirectory, 'authority');
  if (issuer !== undefined) return signIn(findScripts().login, { issuer, login, actors, authority });
  throw new DevError('DEV_LOGIN_FAILED', `there is no stack in ${stateDirectory}`, 'Start one with `taskrunner dev`.');
}

/**
 * Starts the whole product on loopback: embedded database, development Authority, webservice and worker, each in a separate process. Throws
 * `DEV_ALREADY_RUNS` if another stack runs in the folder, and leaves its files unchanged. A failed start leaves nothing behind. If this
 * process is killed, the others end by themselves; the next start takes over the database.
 */
export async function startDevStack(options: DevStackOptions): Promise<DevStack> {
  const directory = await openStateDirectory(options.stateDirectory);
  const owner = await ownStateDirectory(directory);
  // Closed last.
  const closers: (() => Promise<void>)[] = [() => owner.release()];
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= closeAll(closers, options.temporary ? directory.path : null));
  try {
    return await start(directory, options, closers, stop, () => stopping !== null);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  directory: StateDirectory,
  options: DevStackOptions,
  closers: (() => Promise<void>)[],
  stop: () => Promise<void>,
  isStopping: () => boolean,
): Promise<DevStack> {
  const { onProgress = () => undefined, durable = true } = options;
  const scripts = { ...findScripts(), ...options.scripts };
  const ports = await choosePorts(directory, options.ports ?? {});
  const run = processStarter(directory, closers, options);

  onProgress('starting database and authority');
  let server: GuardedServer | null = null;
  let isAway = false;
  const startServer = async (port = 0): Promise<EmbeddedPostgres> => {
    const { database: dataDirectory } = directory;
    const { temporary = false, database = {} } = options;
    const postgres = await startEmbeddedPostgres({ dataDirectory, port, fsync: durable, temporary, ...database });
    server = { postgres, dismissGuard: guardDatabase(postgres.pid, postgres.pgdata) };
    void postgres.exited.then(({ code, signal }) => {
      if (!isStopping() && !isAway) options.onLost?.({ name: 'database', code, signal });
    });
    return postgres;
  };
  // Others depend on it, so it stops after them.
  closers.splice(1, 0, async () => {
    await server?.postgres.stop();
    server?.dismissGuard();
  });
  const crashDatabase = async (): Promise<() => Promise<void>> => {
    if (server === null) throw new TypeError('no database runs');
    const { postgres, dismissGuard } = server;
    isAway = true;
    process.kill(postgres.pid, 'SIGQUIT');
    await postgres.exited;
    dismissGuard();
    return async () => {
      await startServer(postgres.port);
      isAway = false;
    };
  };
  const startDatabase = async () => prepareDatabase(await startServer());
  const [database, keys, sandbox, authority] = await allSettled([
    startDatabase(),
    makeKeys(directory.keys),
    chooseSandbox([directory.keys, directory.objects, directory.authority, directory.compiled]),
    run('authority', authorityArgs(scripts.authority, ports.authority, directory.authority)),
  ]);
  const { issuer, audience, jwksUri } = await trustAuthority(authority, keys, directory);
  const { ownerUrl, maintainUrl, webUrl, workerUrl } = database;
  await replaceFile(
    directory.configuration,
    printConfiguration({
      directory,
      database: { ownerUrl, maintainUrl, webUrl, workerUrl, ...(durable ? {} : { allowUnsafe: true }) },
      issuer,
      jwksUri,
      audience,
      apiPort: ports.api,
      sandbox,
      actors: options.actors ?? [],
      own: options.own?.settings ?? {},
      overrides: options.configuration ?? {},
    }),
  );
  const upkeep = keepUp(database.maintainUrl, directory.configuration, onProgress);
  closers.push(() => upkeep.stop());
  const env = {
    ...options.own?.variables,
    ...{ TASKRUNNER_CONFIG: directory.configuration, TASKRUNNER_PARENT_WATCH: '1' },
  };
  const workers: ChildProcess[] = [];
  const startWorker = async (): Promise<number> => {
    const worker = await run('worker', [scripts.worker], { ...env, ...MEMORY_RETURNS });
    workers.push(worker);
    void worker.ended.then(() => workers.splice(workers.indexOf(worker), 1));
    return worker.pid;
  };
  onProgress('starting webservice and worker');
  const [webservice] = await allSettled([
    run('webservice', [scripts.webservice], env),
    ...Array.from({ length: options.workers ?? 1 }, startWorker),
  ]);
  const { url, health } = webservice.facts as { url: string; health: string };
  return {
    server: url,
    issuer,
    configurationPath: directory.configuration,
    trustPath: directory.trust,
    stateDirectory: directory.path,
    database,
    sandbox,
    get health() {
      return { webservice: health, workers: workers.map(({ facts }) => String(facts['health'])) };
    },
    workerPids: () => workers.map(({ pid }) => pid),
    tokenFor: (login, actors = []) => signIn(scripts.login, { issuer, login, actors, authority: directory.authority }),
    startWorker,
    async killWorker(signal = 'SIGKILL', pid) {
      const worker = pid === undefined ? workers.at(-1) : workers.find((one) => one.pid === pid);
      if (!worker) throw new TypeError('the worker is not running');
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') process.kill(worker.pid, signal);
      else {
        worker.signal(signal);
        await worker.ended;
      }
    },
    crashDatabase,
    stop,
  };
}

/** The database server, and a function that dismisses its guard process. */
interface GuardedServer {
  readonly postgres: EmbeddedPostgres;
  readonly dismissGuard: () => void;
}

async function prepareDatabase(postgres: EmbeddedPostgres): Promise<DevDatabase> {
  const password = (role: DatabaseRole) => postgres.passwordOf(roleName(role));
  const url = (role: DatabaseRole) => postgres.url(roleName(role), DATABASE);
  await bootstrapRoles(postgres.url(), {
    owner: password('owner'),
    maintain: password('maintain'),
    web: password('web'),
    worker: password('worker'),
    audit: password('audit'),
  });
  await createDatabase(postgres.url(), DATABASE);
  await migrateDatabase(url('owner'));
  return {
    adminUrl: postgres.url(),
    ownerUrl: url('owner'),
    maintainUrl: url('maintain'),
    webUrl: url('web'),
    workerUrl: url('worker'),
  };
}
