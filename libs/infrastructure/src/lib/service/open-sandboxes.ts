import { join } from 'node:path';
import type { Configuration } from '../configuration/configuration';
import { isolationOf } from '../configuration/environment-of';
import { keyPathsOf, type KeyPaths } from '../configuration/key-paths';
import { DEFAULT_CONFIGURATION_PATH } from '../configuration/load-configuration';
import { makeFolders } from '../files';
import type { Telemetry } from '../telemetry/telemetry';
import { proveCgroup } from '../sandbox/cgroup';
import { Sandboxes } from '../sandbox/sandboxes';
import { Supervisor } from '../sandbox/supervisor';
import { ownFolder, sweepFolders } from '../sandbox/workspace/worker-folder';

const MIB = 1024 * 1024;

type Log = Pick<Telemetry['log'], 'say'>;

/** The sandboxes of an application that has opened them itself, while its modules are loaded. */
export interface OpenedSandboxes {
  readonly supervisor: Supervisor;
  readonly sandboxes: Sandboxes;
  /** Sets the log, which gets what was said before too. */
  readonly sayTo: (log: Log) => void;
}

/** Opens the sandboxes as `SandboxModule` does, before there is an application. The configuration names the folder of the database. */
export async function openSandboxes(configuration: Configuration): Promise<OpenedSandboxes> {
  const log = new DelayedLog();
  const supervisor = await supervise(configuration, log);
  try {
    return {
      supervisor,
      sandboxes: await prove(configuration, null, supervisor, log),
      sayTo: (next) => log.sayTo(next),
    };
  } catch (error) {
    await supervisor.close();
    throw error;
  }
}

class DelayedLog implements Log {
  private readonly said: Parameters<Log['say']>[] = [];
  private log: Log | null = null;

  say(...line: Parameters<Log['say']>): void {
    if (this.log === null) this.said.push(line);
    else this.log.say(...line);
  }

  sayTo(log: Log): void {
    this.log = log;
    for (const line of this.said.splice(0)) log.say(...line);
  }
}

/** Starts the supervisor of children. */
export async function supervise(
  { sandbox: { watchInterval, cgroup, workDirectory } }: Configuration,
  log: Log,
): Promise<Supervisor> {
  if (cgroup !== null) proveCgroup(cgroup);
  await makeFolders(workDirectory, { mode: 0o711 });
  // Not in the folder for temporary files: some container engines copy it into new containers, and that fails on the remains of a killed
  // worker.
  const pipesIn = join(ownFolder(workDirectory), 'pipes');
  await makeFolders(pipesIn, { mode: 0o700 });
  log.say('info', 'sandbox.memory', { heldBy: cgroup === null ? 'watching' : 'cgroup', cgroup });
  return Supervisor.start({
    ...{ watchMs: watchInterval, cgroup, pipesIn },
    // Without a step nothing was lost: the lease was renewed late.
    onExpired: (expiry) => log.say(expiry.steps.length === 0 ? 'debug' : 'error', 'supervisor.deadline', { ...expiry }),
  });
}

/** Probes each configured profile. An unavailable one is not replaced. `workerUrl` null: the configuration names the folder of the database. */
export async function prove(
  configuration: Configuration,
  workerUrl: string | null,
  supervisor: Supervisor,
  log: Log,
): Promise<Sandboxes> {
  const { sandbox, sealedMode } = configuration;
  await sweepFolders(sandbox.workDirectory);
  const stubFolder = join(sandbox.workDirectory, 'stubs');
  await makeFolders(stubFolder);
  const database = workerUrl === null ? null : databaseAt(workerUrl);
  const socket = database?.host.startsWith('/') === true ? database.host : null;
  const sandboxes = await Sandboxes.prove({
    open: isolationOf(configuration) ?? 'auto',
    sealed: sealedMode.enabled,
    supervisor,
    stubFolder,
    roots: sandbox.roots,
    bubblewrap: sandbox.bubblewrap,
    tmpBytes: sandbox.limits.tmpMiB * MIB,
    shmBytes: sandbox.limits.shmMiB * MIB,
    hidden: [...secretPaths(configuration, keyPathsOf(configuration)), ...(socket === null ? [] : [socket])],
    unreachable: database === null || socket !== null ? [] : [{ what: 'the database', ...database }],
  });
  sayRefused(sandboxes, log);
  return sandboxes;
}

/** Logs the profiles that this worker cannot enforce, with the reasons. */
export function sayRefused(sandboxes: Pick<Sandboxes, 'refused'>, log: Log): void {
  for (const { profile, reason } of sandboxes.refused) log.say('warn', 'sandbox.unavailable', { profile, reason });
}

/** Files and folders that no step may see. */
function secretPaths(
  { keys: { folder }, database, artifacts, secrets }: Configuration,
  keys: KeyPaths,
): readonly string[] {
  const { ownerPasswordFile, maintainPasswordFile, webPasswordFile, workerPasswordFile } = database;
  return [
    folder,
    keys.runOpen,
    keys.runSealed,
    keys.bundle,
    keys.journalMac,
    ...secrets.providers.flatMap((provider) => provider.folder ?? []),
    process.env['TASKRUNNER_CONFIG'] || DEFAULT_CONFIGURATION_PATH,
    ...(artifacts.store === 'file' ? [artifacts.root] : []),
    ...[artifacts.s3.accessKeyIdFile, artifacts.s3.secretAccessKeyFile].flatMap((path) => path ?? []),
    ...artifacts.destinations.flatMap(({ path, accessKeyIdFile, secretAccessKeyFile }) =>
      [path, accessKeyIdFile, secretAccessKeyFile].filter((place) => place !== null),
    ),
    ...(database.kind === 'file' && database.folder !== null ? [database.folder] : []),
    ...[ownerPasswordFile, maintainPasswordFile, webPasswordFile, workerPasswordFile].flatMap((path) => path ?? []),
  ];
}

/** Address of a database: host and port, or the folder of its Unix socket. */
function databaseAt(url: string): { readonly host: string; readonly port: number } {
  const { hostname: name, port, searchParams } = new URL(url);
  return { host: searchParams.get('host') ?? name.replace(/^\[|\]$/g, ''), port: Number(port || 5432) };
}
