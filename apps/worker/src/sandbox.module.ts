import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { canonical, sha256, type Json, type PackTrustPolicy, type WorkerDescription } from '@taskrunner/core';
import {
  environmentOf,
  EXECUTOR_BEHAVIOURS,
  isolationOf,
  probeSandbox,
  sweepWorkspaces,
  type Configuration,
  type KeyPaths,
  type SandboxProbe,
  type Supervisor,
} from '@taskrunner/infrastructure';
import type { WorkerContainers } from './container.module';
import { VERSION } from './version';
import type { WorkerLog } from './worker-log';

/** Proves what the sandbox keeps apart, in the configured profile; `auto` falls back to none, and says so. */
export async function prove(
  configuration: Configuration,
  keys: KeyPaths,
  supervisor: Supervisor,
  log: WorkerLog,
): Promise<SandboxProbe> {
  const { sandbox, artifacts, database } = configuration;
  await mkdir(sandbox.workDirectory, { recursive: true, mode: 0o711 });
  await sweepWorkspaces(join(sandbox.workDirectory, 'runs'));
  const hidden = [
    configuration.keys.folder,
    keys.runOpen,
    keys.bundle,
    keys.journalMac,
    ...(artifacts.store === 'file' ? [artifacts.root] : []),
    ...[artifacts.s3.accessKeyIdFile, artifacts.s3.secretAccessKeyFile].filter((file) => file !== null),
    ...(database.embedded.dataDirectory ? [database.embedded.dataDirectory] : []),
  ];
  const stubFolder = join(sandbox.workDirectory, 'stubs');
  await mkdir(stubFolder, { recursive: true });
  const options = { supervisor, stubFolder, roots: sandbox.roots, hidden };
  const wanted = isolationOf(configuration);
  const probe = await probeSandbox({ ...options, profile: wanted ?? 'bwrap-open/v1' });
  if (probe.available) return probe;
  log.say('warn', 'sandbox.unavailable', { profile: probe.profile, reason: probe.reason });
  return wanted === null ? probeSandbox({ ...options, profile: 'none/v1' }) : probe;
}

/** What this worker proves and honours. */
export function describe(
  configuration: Configuration,
  probe: SandboxProbe,
  containers: WorkerContainers,
  packTrust: PackTrustPolicy,
): WorkerDescription {
  const environment = environmentOf(configuration, {
    isolation: probe.profile,
    executors: EXECUTOR_BEHAVIOURS,
    packTrust,
  });
  const digest = sha256(canonical(environment as unknown as Json));
  const { name, labels } = configuration.worker;
  return {
    name: name ?? hostname(),
    version: VERSION,
    build: sha256(`taskrunner-worker ${VERSION}`),
    isolation: probe.profile,
    probe: probe.digest,
    // A worker that cannot prove the configured isolation, or has not the configured engine, honours no environment: it claims nothing.
    environments: probe.available && containers.available ? [digest] : [],
    labels,
  };
}
