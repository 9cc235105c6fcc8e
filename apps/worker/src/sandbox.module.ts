import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  canonical,
  isCodedError,
  sha256,
  type Json,
  type PackTrustPolicy,
  type WorkerDescription,
  type WorkerMeans,
} from '@taskrunner/core';
import {
  collect,
  DEFAULT_CONFIGURATION_PATH,
  egressRulesOf,
  environmentsOf,
  EXECUTOR_BEHAVIOURS,
  isolationOf,
  readOutputs,
  tarEntries,
  Sandboxes,
  sweepWorkspaces,
  Workspace,
  type Configuration,
  type KeyPaths,
  type Sandbox,
  type SandboxDependencies,
  type Supervisor,
} from '@taskrunner/infrastructure';
import { VERSION } from './version';
import type { WorkerLog } from './worker-log';

const MIB = 1024 * 1024;

/** Proves what the sandbox keeps apart, in each profile that the configuration wants. Nothing stands in for one that cannot be had. */
export async function prove(
  configuration: Configuration,
  keys: KeyPaths,
  workerUrl: string,
  supervisor: Supervisor,
  log: WorkerLog,
): Promise<Sandboxes> {
  const { sandbox, sealedMode } = configuration;
  await mkdir(sandbox.workDirectory, { recursive: true, mode: 0o711 });
  await sweepWorkspaces(join(sandbox.workDirectory, 'runs'));
  const stubFolder = join(sandbox.workDirectory, 'stubs');
  await mkdir(stubFolder, { recursive: true });
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
    hidden: [...secretPaths(configuration, keys), ...(isSocket ? [host] : [])],
    unreachable: isSocket ? [] : [{ what: 'the database', host, port }],
  });
  sayRefused(sandboxes, log);
  return sandboxes;
}

/** What this worker cannot enforce, and why. */
export function sayRefused(sandboxes: Sandboxes, log: WorkerLog): void {
  for (const { profile, reason } of sandboxes.refused) log.say('warn', 'sandbox.unavailable', { profile, reason });
}

/** What this worker has for runs, as its last probe left it. `configuredAt`: when it read its configuration, database time. */
export function meansOf(
  configuration: Configuration,
  sandboxes: Sandboxes,
  packTrust: PackTrustPolicy,
  configuredAt: number,
): WorkerMeans {
  const { usual, sealed } = environmentsOf(configuration, {
    isolation: sandboxes.open,
    executors: EXECUTOR_BEHAVIOURS,
    packTrust,
  });
  return {
    environments: [...new Set(sealed === null ? [usual] : [usual, sealed])],
    isolations: sandboxes.enforced,
    egress: egressRulesOf(configuration),
    packTrust,
    configuredAt,
  };
}

/** What this worker proves, and the environments of its own configuration whose sandbox it can enforce: the ones that it claims runs of at once. */
export function describe(
  configuration: Configuration,
  sandboxes: Sandboxes,
  { environments }: WorkerMeans,
): WorkerDescription {
  const { name, labels } = configuration.worker;
  return {
    name: name ?? hostname(),
    version: VERSION,
    build: sha256(`taskrunner-worker ${VERSION}`),
    isolations: sandboxes.enforced,
    probe: sandboxes.digest,
    environments: environments
      .filter(({ isolation }) => sandboxes.of(isolation) !== null)
      .map((environment) => sha256(canonical(environment as unknown as Json))),
    labels,
  };
}

/** The sandboxes as executors take them, by isolation. `onStartFailed` hears of each sandbox that could not be set up. */
export function sandboxDependencies(
  sandboxes: Sandboxes,
  supervisor: Supervisor,
  onStartFailed: () => void,
): (isolation: string) => SandboxDependencies | null {
  const known = new WeakMap<Sandbox, SandboxDependencies>();
  const watched: SandboxDependencies['supervisor'] = {
    run: async (launch, output) => {
      const child = await (supervisor as unknown as SandboxDependencies['supervisor']).run(launch, output);
      child.exit.catch((error: unknown) => {
        if (isCodedError(error) && error.code === 'START_FAILED') onStartFailed();
      });
      return child;
    },
  };
  const dependenciesOf = (sandbox: Sandbox): SandboxDependencies => ({
    sandbox: sandbox,
    supervisor: watched,
    createWorkspace: (options) => Workspace.create(options),
    readOutputs: (workspace) => readOutputs(workspace as Workspace),
    entriesOfTar: tarEntries,
    collect: (request, sink) => collect(request as unknown as Parameters<typeof collect>[0], sink),
  });
  return (isolation) => {
    const sandbox = sandboxes.of(isolation);
    if (sandbox === null) return null;
    const dependencies = known.get(sandbox) ?? dependenciesOf(sandbox);
    known.set(sandbox, dependencies);
    return dependencies;
  };
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
    ...[ownerPasswordFile, maintainPasswordFile, webPasswordFile, workerPasswordFile].flatMap((path) => path ?? []),
  ];
}

/** Where a database listens: a host and port, or the folder of its Unix socket. */
function databaseAt(url: string): { readonly host: string; readonly port: number } {
  const { hostname: name, port, searchParams } = new URL(url);
  return { host: searchParams.get('host') ?? name.replace(/^\[|\]$/g, ''), port: Number(port || 5432) };
}
