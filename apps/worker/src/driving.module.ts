import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { canonical, sha256 } from '@taskrunner/core/canonical';
import type { Digest, Json } from '@taskrunner/core/foundation';
import {
  admittedPack,
  ObjectStoreHealth,
  Slots,
  storedPack,
  trustedRecords,
  type DriverDependencies,
  type FanOut,
  type Honouring,
} from '@taskrunner/core/operations';
import type { ExecutorDescriptor } from '@taskrunner/core/plan';
import {
  Archives,
  Assignments,
  Claims,
  Committer,
  LogStore,
  ObjectReferences,
  ObjectStore,
  type WorkerDescription,
} from '@taskrunner/core/ports';
import type { PackTrustPolicy, WorkerMeans } from '@taskrunner/core/publisher';
import {
  CONFIGURATION,
  EXECUTOR_DESCRIPTORS,
  EXECUTORS,
  from,
  PACK_TRUST,
  provide,
  Telemetry,
  token,
  type Configuration,
} from '@taskrunner/infrastructure/modules';
import {
  announcingOf,
  DatabaseClock,
  JOURNAL_KEY,
  ClosablePlanner,
  POLICY_JUDGES,
  RECORD_KEYS,
  Sandboxes,
  SECRETS,
  Supervisor,
  workerMeansOf,
} from '@taskrunner/infrastructure/worker-modules';
import { raiseAlarm } from './reporting/alarm';
import { Capabilities } from './capabilities';
import { PeerCount } from './peer-count';
import { VERSION } from './version';
import type { WorkerLog } from './reporting/worker-log';

/** Dependencies for driving runs: executors, trusted keys, the journal's key. */
export const DRIVER_DEPENDENCIES = token<DriverDependencies & { readonly fanOut: FanOut }>('what drives runs');

const HONOURING = token<Honouring>('what this worker has for runs');

const PROVIDERS: readonly Provider[] = [
  PeerCount,
  provide(
    Capabilities,
    {
      configuration: CONFIGURATION,
      sandboxes: Sandboxes,
      packTrust: PACK_TRUST,
      executors: EXECUTOR_DESCRIPTORS,
      clock: DatabaseClock,
    },
    ({ configuration, sandboxes, packTrust, executors, clock }) => {
      const configuredAt = clock.now();
      const means = sinceProbe(sandboxes, () =>
        meansOf({ configuration, sandboxes, packTrust, executors, configuredAt }),
      );
      return new Capabilities(means, () => describe(configuration, sandboxes, means()));
    },
  ),
  provide(HONOURING, { capabilities: Capabilities, telemetry: Telemetry }, ({ capabilities, telemetry: { log } }) => ({
    means: capabilities.means,
    unmet: ({ runId, tenant }, unmet, refusal) =>
      log.say('warn', refusal === null ? 'run.passed-on' : 'run.refused', {
        ...{ runId, tenant, code: refusal?.code ?? null },
        parts: unmet.map(({ part }) => part).join(','),
        detail: unmet.map(({ detail }) => detail).join('; '),
      }),
  })),
  provide(
    DRIVER_DEPENDENCIES,
    {
      claims: Claims,
      committer: Committer,
      logs: LogStore,
      archives: Archives,
      objects: ObjectStore,
      storeHealth: ObjectStoreHealth,
      references: ObjectReferences,
      clock: DatabaseClock,
      executors: EXECUTORS,
      judges: POLICY_JUDGES,
      honouring: HONOURING,
      secrets: SECRETS,
      announcing: from(CONFIGURATION, announcingOf),
      ring: RECORD_KEYS,
      key: JOURNAL_KEY,
      assignments: Assignments,
      configuration: CONFIGURATION,
      capabilities: Capabilities,
      peers: PeerCount,
      planning: ClosablePlanner,
      supervisor: Supervisor,
      telemetry: Telemetry,
    },
    ({ ring, key, assignments, configuration, capabilities, peers, planning, supervisor, telemetry, ...ports }) => {
      const { objects, storeHealth } = ports;
      const log: WorkerLog = telemetry.log;
      return {
        ...ports,
        ...trustedRecords(ring),
        get worker() {
          return capabilities.description;
        },
        fanOut: {
          assignments,
          slots: new Slots(configuration.worker.slots),
          items: configuration.worker.assignmentItems,
          others: () => peers.others,
        },
        mayAct: async (waiter) => {
          // The store is awaited first. That may take long, and the lease must have been renewed when the step begins.
          await storeHealth.available(waiter);
          await supervisor.renewed(waiter);
        },
        snapshotEntries: configuration.worker.snapshotEntries,
        stepRowsAfter: configuration.worker.stepRowsAfter,
        mac: (text) => key.mac(text),
        nonce: () => randomBytes(16).toString('hex'),
        replan: async (run) => planning.ask(run.tenant, 'replan', await admittedPack(run, objects)),
        executorFailed: (run, failure) => {
          log.say('warn', 'executor.failed', { runId: run.runId, tenant: run.tenant, ...failure });
        },
        contents: async (run) => planning.ask(run.tenant, 'contents', await storedPack(run, objects)),
        alarm: ({ runId, tenant }, code, detail) => raiseAlarm(telemetry.metrics, log, { runId, tenant, code, detail }),
      };
    },
  ),
];

/** Dependencies of a driver of runs. */
@Module({})
export class DrivingModule {
  /** `imports`: the modules of the ports, of executors, keys, secrets, trust and threads. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: DrivingModule,
      imports,
      providers: [...PROVIDERS],
      exports: [PeerCount, Capabilities, DRIVER_DEPENDENCIES],
    };
  }
}

/** The capabilities, which each run asks for. They are made again only after a probe has had another result. */
function sinceProbe(sandboxes: Sandboxes, make: () => WorkerMeans): () => WorkerMeans {
  let [probe, means]: [Digest | null, WorkerMeans | null] = [null, null];
  return () => {
    if (means === null || probe !== sandboxes.digest) [probe, means] = [sandboxes.digest, make()];
    return means;
  };
}

/** The worker's capabilities according to its last probe. `configuredAt`: when it read its configuration, database time. */
function meansOf({
  configuration,
  sandboxes,
  packTrust,
  executors,
  configuredAt,
}: {
  readonly configuration: Configuration;
  readonly sandboxes: Sandboxes;
  readonly packTrust: PackTrustPolicy;
  readonly executors: readonly ExecutorDescriptor[];
  readonly configuredAt: number;
}): WorkerMeans {
  const build = { isolation: sandboxes.open, executors, packTrust };
  return workerMeansOf(configuration, build, { isolations: sandboxes.enforced, configuredAt });
}

/** The worker's proofs, and the environments of its own configuration whose sandbox it can enforce. It claims runs of these immediately. */
function describe(
  configuration: Configuration,
  sandboxes: Sandboxes,
  { environments }: WorkerMeans,
): WorkerDescription {
  const { name, labels, slots } = configuration.worker;
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
    slots,
  };
}
