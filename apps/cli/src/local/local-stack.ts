import { join } from 'node:path';
import type { RerunLink } from '@taskrunner/core/operations';
import { openFolderDatabase } from '@taskrunner/infrastructure/file-storage';
import { maintainDatabase } from '@taskrunner/infrastructure/postgres';
import { chooseSandbox, type SandboxChoice } from '../dev/sandbox-choice';
import { loadOneProcess } from '../serve/one-process';
import { Server } from '../server/server';
import { CliError } from '../terminal/cli-error';
import { openLocalAuthority } from './local-authority';
import { localConfiguration, localVariables } from './local-configuration';
import { socketOf, type LocalFolder, type RunFolder } from './local-folder';
import { localUser } from './local-person';
import { socketFetch } from './socket-fetch';

/** Inputs of a stack. */
export interface LocalStackOptions {
  readonly local: LocalFolder;
  readonly folder: RunFolder;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Grants that the people of the run have: those that its pack asks for. */
  readonly grants: readonly string[];
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
  /** Stops everything. A run that has not ended can be resumed. Idempotent. */
  close(): Promise<void>;
}

/** Links name no port, because there is none. */
const ADDRESS = 'http://localhost';

/** Starts the product in this process. What has started is stopped if the rest fails. */
export async function startLocalStack({
  local,
  folder,
  env,
  grants,
  before,
  original,
}: LocalStackOptions): Promise<LocalStack> {
  const variables = localVariables(env);
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let next = closers.pop(); next !== undefined; next = closers.pop()) await next();
  };
  try {
    const sandboxing = chooseSandbox([local.identity, folder.objects]);
    // Loading blocks this process. The probe and the database server have been started by then, and go on beside it.
    const loading = sandboxing.then((choice) => (isolated(choice, variables), loadOneProcess()));
    loading.catch(() => undefined);
    const authority = await openLocalAuthority(local);
    const database = await openFolderDatabase(folder.storage, {
      cache: join(local.path, 'templates'),
      endsWithOwner: true,
    });
    closers.push(() => database.close());
    const sandbox = isolated(await sandboxing, variables);
    const socket = await socketOf(folder);
    closers.push(() => socket.remove());
    const keys = local.identity;
    const facts = { folder, socket: socket.path, urls: database.urls, authority, keys, sandbox, grants };
    const configuration = localConfiguration(facts, variables);
    // Partitions are made for some days ahead, and the template or the run may be older.
    await maintainDatabase(database.urls.maintainUrl, configuration.retention);
    const start = await loading;
    const connection = socketFetch(socket.path);
    const serverAs = (name: string): Server =>
      new Server(ADDRESS, () => Promise.resolve(authority.tokenFor(name, grants)), connection.fetch);
    if (before !== null) {
      const withoutWorker = await start(configuration, { hasWorker: false });
      closers.push(() => withoutWorker.stop());
      await before(serverAs(localUser()));
      await closers.pop()?.();
    }
    const running = await start(configuration, { original });
    closers.push(() => running.stop());
    closers.push(() => Promise.resolve(connection.close()));
    return { server: serverAs(localUser()), trustFile: authority.trustFile, socket: socket.path, serverAs, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A machine that cannot isolate steps runs none, unless its user says so. Throws `CLI_SANDBOX_MISSING`. */
function isolated(choice: SandboxChoice, variables: Readonly<Record<string, string | undefined>>): SandboxChoice {
  if (choice.profile === 'bwrap') return choice;
  if (variables['TASKRUNNER_SANDBOX_PROFILE'] === 'none') return choice;
  throw new CliError(
    'CLI_SANDBOX_MISSING',
    `this machine cannot isolate steps: ${choice.reason ?? 'bubblewrap does not work'}`,
    'Install bubblewrap. To run steps without isolation, which the evidence states, set TASKRUNNER_SANDBOX_PROFILE=none.',
  );
}
