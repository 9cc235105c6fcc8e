import { join } from 'node:path';
import type { RerunLink } from '@taskrunner/core/operations';
import type { Configuration } from '@taskrunner/infrastructure/configuration';
import { openFolderDatabase, type FolderDatabaseUrls } from '@taskrunner/infrastructure/file-storage';
import { maintainDatabase } from '@taskrunner/infrastructure/postgres';
import { openSandboxes, type OpenedSandboxes } from '@taskrunner/infrastructure/service';
import { chooseSandbox, sandboxRoots, type SandboxChoice } from '../dev/sandbox-choice';
import { loadOneProcess } from '../serve/one-process';
import { Server } from '../server/server';
import { CliError } from '../terminal/cli-error';
import { openLocalAuthority } from './local-authority';
import { localConfiguration, localVariables } from './local-configuration';
import { socketOf, type LocalFolder, type RunFolder } from './local-folder';
import { localUser } from './local-person';
import { socketFetch } from './socket-fetch';

type Variables = Readonly<Record<string, string | undefined>>;

/** Inputs of a stack. */
export interface LocalStackOptions {
  readonly local: LocalFolder;
  readonly folder: RunFolder;
  readonly env: Variables;
  /** Grants that the people of the run have: those that its pack asks for. */
  readonly grants: readonly string[];
  /** True: the run may be sealed. */
  readonly isSealed: boolean;
  /** Called with the API before steps can start; null: nothing is to be done before. */
  readonly before: ((server: Server) => Promise<void>) | null;
  /** The original of a rerun; null: the run is none, or was submitted before. */
  readonly original: RerunLink | null;
}

/** The whole product in this process, for one run. It opens no port. */
export interface LocalStack {
  /** The API, as the person who runs the command. */
  readonly server: Server;
  readonly trustFile: string;
  /** The path of the socket of the API. */
  readonly socket: string;
  /** The API, as another person of the local Authority. */
  serverAs(name: string): Server;
  /** Prepares the database of the next run, beside what is left to do for this one. `close` waits for it. */
  prepareNext(): void;
  /** Stops everything. A run that has not ended can be resumed. Idempotent. */
  close(): Promise<void>;
}

/** Archives of databases, which the build of the command line makes (docs/adr/0100). */
const ARCHIVES = join(__dirname, '../database');
/** Links name no port, because there is none. */
const ADDRESS = 'http://localhost';

/** Starts the product in this process. What has started is stopped if the rest fails. */
export async function startLocalStack({
  local,
  folder,
  env,
  grants,
  isSealed,
  before,
  original,
}: LocalStackOptions): Promise<LocalStack> {
  const variables = localVariables(env);
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let next = closers.pop(); next !== undefined; next = closers.pop()) await next();
  };
  /** Closes what is being opened, if it opens. */
  const opened = <Resource>(opening: Promise<Resource>, end: (one: Resource) => Promise<void>): Promise<Resource> => {
    closers.push(() => opening.then(end, () => undefined));
    opening.catch(() => undefined);
    return opening;
  };
  try {
    // The database, the sandboxes and the modules are opened beside each other: much of it is done by other processes.
    const cache = join(local.path, 'templates');
    let onStarted = (): void => undefined;
    const started = new Promise<void>((resolve) => (onStarted = resolve));
    const opening = opened(
      openFolderDatabase(folder.storage, {
        cache,
        archives: ARCHIVES,
        endsWithOwner: true,
        settlesLater: true,
        onStarted,
      }),
      (one) => one.close(),
    );
    const authority = await openLocalAuthority(local);
    const socket = await opened(socketOf(folder), (one) => one.remove());
    const sandbox = await sandboxOf(variables, [local.identity, folder.objects]);
    const facts = { folder, socket: socket.path, authority, keys: local.identity, sandbox, grants, isSealed };
    const settings = localConfiguration(facts, variables);
    const proving = opened(openSandboxes(settings), ({ supervisor }) => supervisor.close());
    // Loading blocks this process, so the server comes first.
    const loading = Promise.race([started, opening]).then(() => loadOneProcess());
    const [database, sandboxes, start] = await Promise.all([opening, proving, loading]);
    // A program that the user names is tried by the worker, and the run can go on with another one.
    if (variables['TASKRUNNER_SANDBOX_BUBBLEWRAP'] === undefined) refuseUnisolated(sandboxes, sandbox);
    const configuration = connectedTo(database.urls, settings);
    // Partitions are made for some days ahead, and the run may be older. A new database has them.
    if (!database.isNew) await maintainDatabase(database.urls.maintainUrl, configuration.retention);
    const connection = socketFetch(socket.path);
    const serverAs = (name: string): Server =>
      new Server(ADDRESS, () => Promise.resolve(authority.tokenFor(name, grants)), connection.fetch);
    if (before !== null) {
      const withoutWorker = await start(configuration, { hasWorker: false, isForOneRun: true });
      closers.push(() => withoutWorker.stop());
      await before(serverAs(localUser()));
      await closers.pop()?.();
    }
    await opened(start(configuration, { original, sandboxes, isForOneRun: true }), (one) => one.stop());
    closers.push(() => Promise.resolve(connection.close()));
    // A run that is accepted can be resumed, after a loss of power too.
    await database.settled;
    const { trustFile } = authority;
    const prepareNext = (): void => void database.prepareNext();
    return { server: serverAs(localUser()), trustFile, socket: socket.path, serverAs, prepareNext, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The settings with the URLs of the database that has been opened in the folder. */
function connectedTo(urls: FolderDatabaseUrls, settings: Configuration): Configuration {
  return { ...settings, database: { ...settings.database, kind: 'postgres', folder: null, ...urls } };
}

/** The sandbox of this run. Its probe says whether this machine has it. If the user wants none, this machine is tried first. */
function sandboxOf(variables: Variables, hidden: readonly string[]): Promise<SandboxChoice> {
  if (variables['TASKRUNNER_SANDBOX_PROFILE'] === 'none') return chooseSandbox(hidden);
  return Promise.resolve({ profile: 'bwrap', reason: null, roots: sandboxRoots() });
}

/** A machine that cannot isolate steps runs none, unless its user says so. Throws `CLI_SANDBOX_MISSING`. */
function refuseUnisolated({ sandboxes }: OpenedSandboxes, { profile }: SandboxChoice): void {
  if (profile === 'none' || sandboxes.of(sandboxes.open) !== null) return;
  const reason = sandboxes.refused.find((one) => one.profile === sandboxes.open)?.reason;
  throw new CliError(
    'CLI_SANDBOX_MISSING',
    `this machine cannot isolate steps: ${reason ?? 'bubblewrap does not work'}`,
    'Check that bubblewrap is installed, and start the command again. To run steps without isolation, which the evidence states, set TASKRUNNER_SANDBOX_PROFILE=none.',
  );
}
