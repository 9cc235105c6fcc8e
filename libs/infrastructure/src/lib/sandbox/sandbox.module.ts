import { join } from 'node:path';
import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { provide } from '../composition/provide';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { isolationOf } from '../configuration/environment-of';
import { keyPathsOf, type KeyPaths } from '../configuration/key-paths';
import { DEFAULT_CONFIGURATION_PATH } from '../configuration/load-configuration';
import { DATABASE_READINESS, WORKER_DATABASE_URL } from '../postgres/postgres.module';
import { SECRETS } from '../secrets/secrets.module';
import { Telemetry } from '../telemetry/telemetry';
import { proveCgroup } from './cgroup';
import { SandboxHealth } from './sandbox-health';
import { Sandboxes } from './sandboxes';
import { Supervisor } from './supervisor';
import { ownFolder, sweepFolders } from './workspace/worker-folder';
import { makeFolders } from '../files';

const MIB = 1024 * 1024;

type Log = Pick<Telemetry['log'], 'say'>;

/** Children of this worker and their isolation (`sandbox`). */
@Module({})
export class SandboxModule implements OnApplicationShutdown {
  /** `imports`: the modules that provide `SECRETS`, `DATABASE_READINESS` and `WORKER_DATABASE_URL`. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: SandboxModule,
      imports,
      providers: [
        SandboxHealth,
        provide(
          Supervisor,
          {
            configuration: CONFIGURATION,
            telemetry: Telemetry,
            // Secrets leave the environment before the first child could inherit them.
            secrets: SECRETS,
            // A worker that the database rejects starts no child.
            database: DATABASE_READINESS,
          },
          ({ configuration, telemetry }) => supervise(configuration, telemetry.log),
        ),
        provide(
          Sandboxes,
          { configuration: CONFIGURATION, url: WORKER_DATABASE_URL, supervisor: Supervisor, telemetry: Telemetry },
          ({ configuration, url, supervisor, telemetry }) => prove(configuration, url, supervisor, telemetry.log),
        ),
      ],
      exports: [SandboxHealth, Supervisor, Sandboxes],
    };
  }

  constructor(private readonly supervisor: Supervisor) {}

  onApplicationShutdown(): Promise<void> {
    return this.supervisor.close();
  }
}

async function supervise(
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
    onExpired: (expiry) => log.say('error', 'supervisor.deadline', { ...expiry }),
  });
}

/** Probes each configured profile. An unavailable one is not replaced. */
async function prove(
  configuration: Configuration,
  workerUrl: string,
  supervisor: Supervisor,
  log: Log,
): Promise<Sandboxes> {
  const { sandbox, sealedMode } = configuration;
  await sweepFolders(sandbox.workDirectory);
  const stubFolder = join(sandbox.workDirectory, 'stubs');
  await makeFolders(stubFolder);
  const { host, port } = databaseAt(workerUrl);
  const isSocket = host.startsWith('/');
  const sandboxes = await Sandboxes.prove({
    open: isolationOf(configuration) ?? 'auto',
    sealed: sealedMode.enabled,
    supervisor,
    stubFolder,
    roots: sandbox.roots,
    bubblewrap: sandbox.bubblewrap,
    tmpBytes: sandbox.limits.tmpMiB * MIB,
    shmBytes: sandbox.limits.shmMiB * MIB,
    hidden: [...secretPaths(configuration, keyPathsOf(configuration)), ...(isSocket ? [host] : [])],
    unreachable: isSocket ? [] : [{ what: 'the database', host, port }],
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
