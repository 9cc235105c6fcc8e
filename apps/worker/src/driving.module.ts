import { createPublicKey, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  admittedPack,
  algorithmOf,
  Slots,
  storedPack,
  trustedRecords,
  verifySignature,
  type DriverDependencies,
  type KeyRing,
  type FanOut,
  type KeyUsage,
  type PlanningLimits,
  type VerificationKey,
} from '@taskrunner/core';
import {
  announcingOf,
  builtinExecutors,
  bundleRootsOf,
  CedarJudge,
  cedarEngine,
  egressRulesOf,
  loadMacKey,
  PlanningThreads,
  Spool,
  tarEntries,
  type Configuration,
  type TarLimits,
} from '@taskrunner/infrastructure';
import { raiseAlarm } from './alarm';
import { sandboxDependencies } from './sandbox.module';
import type { WorkerParts } from './worker-parts.module';

/** What drives runs here: executors, keys it trusts, the journal's key. */
export async function driverDependencies(
  configuration: Configuration,
  parts: WorkerParts,
): Promise<DriverDependencies & { readonly fanOut: FanOut }> {
  const {
    database,
    supervisor,
    objects,
    keys,
    sandboxes,
    description,
    onStartFailed,
    egress,
    secrets,
    planning,
    log,
    telemetry,
  } = parts;
  const mac = await loadMacKey(keys.journalMac);
  const ring = await recordKeys(keys);
  const { interpreters } = configuration.sandbox;
  return {
    claims: database.claims,
    committer: telemetry.watchCommitter(database.committer),
    logs: telemetry.watchLogs(database.logStore),
    archives: database.archives,
    objects,
    storeHealth: objects.health,
    references: database.objectReferences,
    clock: database.clock,
    executors: telemetry.watchExecutors(
      builtinExecutors({
        objects,
        dependencies: sandboxDependencies(sandboxes, supervisor, onStartFailed),
        egress: egress.proxy,
        egressAllow: egressRulesOf(configuration),
        http: egress.http,
        containers: parts.containers.engine,
        workDirectory: join(configuration.sandbox.workDirectory, 'runs'),
        artifactMaxBytes: configuration.artifacts.maxBytes,
        spool: () => new Spool(join(configuration.sandbox.workDirectory, 'spool'), SPOOLED_FROM),
        interpreters,
        secretFolder: configuration.secrets.deliveryFolder,
        bundles: {
          roots: bundleRootsOf(configuration),
          entries: (source) => tarEntries(source, bundleLimits(configuration)),
        },
        exports: parts.exports,
        traceparent: () => telemetry.tracing.traceparent(),
      }),
    ),
    judges: new Map([['cedar', new CedarJudge(configuration.policies.timeout)]]),
    announcing: announcingOf(configuration),
    get worker() {
      return description();
    },
    honouring: parts.honouring,
    secrets,
    fanOut: {
      assignments: database.assignments,
      slots: new Slots(configuration.worker.slots),
      items: configuration.worker.assignmentItems,
      others: parts.otherWorkers,
    },
    ...trustedRecords(ring),
    mayAct: async (signal) => {
      // The store first: that may take long, and the lease must have been renewed when the step begins.
      await objects.health.available(signal);
      await supervisor.renewed(signal);
    },
    snapshotEntries: configuration.worker.snapshotEntries,
    mac: (text) => mac.mac(text),
    nonce: () => randomBytes(16).toString('hex'),
    replan: async (run) => planning.ask(run.tenant, 'replan', await admittedPack(run, objects)),
    executorFailed: (run, failure) => {
      log.say('warn', 'executor.failed', { runId: run.runId, tenant: run.tenant, ...failure });
    },
    contents: async (run) => planning.ask(run.tenant, 'contents', await storedPack(run, objects)),
    alarm: ({ runId, tenant }, code, detail) => raiseAlarm(telemetry.metrics, log, { runId, tenant, code, detail }),
  };
}

/** Threads that plan again what was admitted; to be closed. */
export function planAgain(configuration: Configuration): PlanningThreads {
  return new PlanningThreads({ setting: null, policyEngines: { cedar: cedarEngine } }, againLimits(configuration));
}

/**
 * Limits of planning again what was admitted within `limits`: this machine may be slower, and a run is not given up for that. As
 * many wait as there are slots.
 */
function againLimits({ limits }: Configuration): PlanningLimits {
  return { memory: 2 * limits.planMemory, time: 10 * limits.planTime, threads: 1, queue: Infinity };
}

/** What a bundle of a publisher may hold. */
function bundleLimits({ artifacts }: Configuration): TarLimits {
  const { maxBytes } = artifacts;
  return { maxBytes: BUNDLE_SIZES * maxBytes, maxFileBytes: maxBytes, maxFiles: BUNDLE_FILES, names: 'portable' };
}

/** Smaller bodies of answers stay in memory until they are stored, bytes. */
const SPOOLED_FROM = 1024 * 1024;

const BUNDLE_SIZES = 16;
const BUNDLE_FILES = 100_000;

/** Keys of the webservice that this worker trusts: those that sign admissions, decisions, resolutions and releases. */
export async function recordKeys(keys: WorkerParts['keys']): Promise<KeyRing> {
  const admission = await publicKeys(keys.admissionPublic, 'admission');
  return { keys: [...admission, ...(await publicKeys(keys.ledgerPublic, 'ledger'))], verifySignature };
}

/** Public keys from PEM files, for one usage. */
export async function publicKeys(paths: readonly string[], usage: KeyUsage): Promise<readonly VerificationKey[]> {
  return Promise.all(
    paths.map(async (path) => {
      const spki = createPublicKey(await readFile(path, 'utf8'))
        .export({ type: 'spki', format: 'der' })
        .toString('base64');
      return { algorithm: algorithmOf(spki), spki, usages: [usage] };
    }),
  );
}
