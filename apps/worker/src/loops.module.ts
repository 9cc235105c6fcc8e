import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { CodedError } from '@taskrunner/core/foundation';
import { ObjectStoreHealth } from '@taskrunner/core/operations';
import {
  Claims,
  ObjectReferences,
  ObjectStore,
  ProbeDocuments,
  RunEnvironments,
  type CollectableObjectStore,
} from '@taskrunner/core/ports';
import { STORED_DOCUMENTS } from '@taskrunner/core/stored';
import { CONFIGURATION, from, provide, Telemetry, token } from '@taskrunner/infrastructure/modules';
import {
  DATABASE_PLACE,
  DatabaseClock,
  DueListener,
  isDatabaseFault,
  monotonicMs,
  outageOf,
  RepeatedCommits,
  SandboxHealth,
  Sandboxes,
  sayRefused,
  SEALED_ISOLATION,
  STARTING_ENVIRONMENT,
  Supervisor,
  WORKER_DATABASE_URL,
} from '@taskrunner/infrastructure/worker-modules';
import { raiseAlarm } from './reporting/alarm';
import { AssignmentLoop } from './loops/assignment-loop';
import { AttestLoop } from './loops/attest-loop';
import { Capabilities } from './capabilities';
import { ClaimLoop } from './loops/claim-loop';
import { Departure } from './departure';
import { DRIVER_DEPENDENCIES } from './driving.module';
import { Duties, DUTIES, type Duty } from './loops/duties';
import { HonourLoop } from './loops/honour-loop';
import { LeaseKeeper } from './lease/lease-keeper';
import { ObjectSweep } from './loops/object-sweep';
import { WorkLoops } from './loops/work-loops';
import { PeerCount } from './peer-count';
import { WorkerSessions } from './worker-sessions';
import { isolatedConfiguration } from './quarantine/isolated-configuration';
import { Quarantine } from './quarantine/quarantine';
import { Registration } from './registration';
import { RunEnded } from './run-ended';
import { SandboxProbes } from './sandbox-probes';
import { SandboxWatch } from './sandbox-watch';
import { ATTEST_DEPENDENCIES } from './sealing.module';
import type { WorkerLog } from './reporting/worker-log';

const INBOX_INTERVAL_MS = 250;
const ASSIGNMENT_STATUS_INTERVAL_MS = 200;
const IDLE_STATUS_INTERVAL_MS = 5_000;
const ATTEST_INTERVAL_MS = 1_000;
/** Number of driven runs above which sealing yields to them. */
const MANY_ACTIVE_RUNS = 4;
const REFUSE_INTERVAL_MS = 2_000;
const HONOUR_INTERVAL_MS = 1_000;

type RunWatch = ReturnType<Telemetry['watchRuns']>;

const RUN_WATCH = token<RunWatch>('watch over drives and seals');
const configuration = CONFIGURATION;
const log = from(Telemetry, ({ log: said }): WorkerLog => said);

/** `isolatedMain`: the script of a process that drives runs in quarantine. */
function session(isolatedMain: string): readonly Provider[] {
  return [
    provide(Departure, { place: DATABASE_PLACE }, ({ place }) => {
      const departure = new Departure();
      void place.lost.then(() => departure.giveUp());
      return departure;
    }),
    provide(
      Registration,
      { claims: Claims, capabilities: Capabilities },
      ({ claims, capabilities }) => new Registration(claims, capabilities),
    ),
    provide(
      Quarantine,
      { configuration, environment: STARTING_ENVIRONMENT, place: DATABASE_PLACE, url: WORKER_DATABASE_URL, log },
      ({ configuration: settings, environment, place, url, log: said }) =>
        new Quarantine(
          (folder) => ({
            environment,
            configuration: isolatedConfiguration(settings, folder, place.isOwn ? url : null),
          }),
          settings.sandbox.workDirectory,
          said,
          isolatedMain,
        ),
    ),
    provide(
      LeaseKeeper,
      { url: WORKER_DATABASE_URL, supervisor: Supervisor, quarantine: Quarantine, clock: DatabaseClock },
      (dependencies) => new LeaseKeeper({ ...dependencies, monotonicMs }),
    ),
    provide(
      SandboxProbes,
      { sandboxes: Sandboxes, documents: ProbeDocuments, log },
      ({ sandboxes, documents, log: said }) =>
        new SandboxProbes(sandboxes, documents, () => sayRefused(sandboxes, said)),
    ),
    provide(
      WorkerSessions,
      { registration: Registration, lease: LeaseKeeper, probes: SandboxProbes },
      ({ registration, lease, probes }) => new WorkerSessions(registration, lease, probes),
    ),
    provide(
      SandboxWatch,
      {
        probes: SandboxProbes,
        health: SandboxHealth,
        work: WorkLoops,
        capabilities: Capabilities,
        registration: Registration,
        departure: Departure,
        log,
        intervalMs: from(CONFIGURATION, ({ sandbox }) => sandbox.probeInterval),
      },
      ({ probes, health, work, capabilities, registration, departure, log: said, intervalMs }) =>
        new SandboxWatch(probes, health, work, capabilities, registration, departure, said, intervalMs),
    ),
  ];
}

const DRIVING: readonly Provider[] = [
  RunEnded,
  provide(RUN_WATCH, { telemetry: Telemetry }, ({ telemetry }) => telemetry.watchRuns()),
  provide(
    Duties,
    { configuration, telemetry: Telemetry, commits: RepeatedCommits },
    ({ configuration: { worker }, telemetry, commits }) => {
      const { metrics } = telemetry;
      const countFailures = (work: Duty, failures: number): void =>
        metrics.add('taskrunner_work_failures_total', failures, { work });
      for (const work of DUTIES) countFailures(work, 0);
      for (const document of STORED_DOCUMENTS) metrics.add('taskrunner_documents_altered_total', 0, { document });
      const duties = new Duties(telemetry.log, {
        unreadyAfterMs: worker.unreadyAfter,
        onFailed: (work) => countFailures(work, 1),
        isDatabaseFault,
        outageOf,
      });
      // A driver waits for its commit however long it takes, so it does not report that the database refuses it.
      commits.listen({
        failed: (error) => duties.failed('drive', error),
        recovered: () => duties.done('drive'),
      });
      return duties;
    },
  ),
  provide(
    ClaimLoop,
    {
      claims: Claims,
      driving: DRIVER_DEPENDENCIES,
      quarantine: Quarantine,
      ended: RunEnded,
      duties: Duties,
      watch: RUN_WATCH,
      configuration,
      telemetry: Telemetry,
    },
    ({ claims, driving, quarantine, ended, duties, watch, configuration: supplied, telemetry }) => {
      const { worker, sealedMode, limits } = supplied;
      const loop = new ClaimLoop(
        claims,
        driving,
        telemetry.log,
        {
          concurrency: worker.concurrency,
          claimIntervalMs: worker.claimInterval,
          inboxIntervalMs: INBOX_INTERVAL_MS,
          sealed: { isolations: [SEALED_ISOLATION], waitMs: sealedMode.wait },
          profileWaitMs: limits.profileWait,
          refuseIntervalMs: REFUSE_INTERVAL_MS,
          watch: (run, work) => watch.drive(run, work),
          isolate: (run, refusal) => quarantine.open(run, refusal),
        },
        () => ended.happened(),
        duties,
      );
      telemetry.metrics.observe('taskrunner_runs_driving', () => [[loop.driving]]);
      telemetry.metrics.observe('taskrunner_runs_capacity', () => [[worker.concurrency]]);
      return loop;
    },
  ),
  provide(
    AssignmentLoop,
    {
      driving: DRIVER_DEPENDENCIES,
      environments: RunEnvironments,
      peers: PeerCount,
      duties: Duties,
      claimIntervalMs: from(CONFIGURATION, ({ worker }) => worker.claimInterval),
      log,
    },
    ({ driving, environments, peers, duties, claimIntervalMs, log: said }) => {
      const options = {
        claimIntervalMs,
        assignmentStatusIntervalMs: ASSIGNMENT_STATUS_INTERVAL_MS,
        idleStatusIntervalMs: IDLE_STATUS_INTERVAL_MS,
        decline: environments.decline.bind(environments),
      };
      const loop = new AssignmentLoop(driving, said, options, duties);
      peers.countedBy(() => loop.others);
      return loop;
    },
  ),
  provide(
    HonourLoop,
    {
      environments: RunEnvironments,
      capabilities: Capabilities,
      registration: Registration,
      driving: DRIVER_DEPENDENCIES,
      claims: ClaimLoop,
      telemetry: Telemetry,
    },
    ({ environments, capabilities, registration, driving, claims, telemetry: { log: said, metrics } }) => {
      const loop = new HonourLoop(
        {
          environments,
          means: capabilities.means,
          own: () => capabilities.own(),
          openAdmission: (envelope) => driving.openAdmission(envelope),
          onHonoured: async (honoured) => {
            capabilities.honour(honoured);
            await registration.describe();
            claims.wake();
          },
        },
        said,
        HONOUR_INTERVAL_MS,
      );
      metrics.observe('taskrunner_runs_unhonoured', () => loop.counts.map(({ part, runs }) => [runs, { part }]));
      metrics.observe('taskrunner_runs_unhonoured_oldest_seconds', () =>
        loop.counts.map(({ part, oldestSeconds }) => [oldestSeconds, { part }]),
      );
      return loop;
    },
  ),
  provide(
    WorkLoops,
    {
      claims: ClaimLoop,
      assignments: AssignmentLoop,
      honours: HonourLoop,
      due: DueListener,
      times: from(CONFIGURATION, ({ worker }) => ({ drainMs: worker.drain, stopGraceMs: worker.stopGrace })),
      log,
    },
    ({ claims, assignments, honours, due, times, log: said }) =>
      new WorkLoops(claims, assignments, honours, due, times, said),
  ),
];

const UPKEEP: readonly Provider[] = [
  provide(
    AttestLoop,
    {
      sealing: ATTEST_DEPENDENCIES,
      storeHealth: ObjectStoreHealth,
      claims: ClaimLoop,
      ended: RunEnded,
      duties: Duties,
      watch: RUN_WATCH,
      configuration,
      telemetry: Telemetry,
    },
    ({ sealing, storeHealth, claims, ended, duties, watch, configuration: { worker }, telemetry }) => {
      const loop = new AttestLoop(
        sealing,
        telemetry.log,
        { intervalMs: ATTEST_INTERVAL_MS, atOnce: worker.seals, isAway: () => storeHealth.isAway },
        (item, work) => watch.attest(item, work),
        () => claims.driving > MANY_ACTIVE_RUNS,
        duties,
        (alarm) => raiseAlarm(telemetry.metrics, telemetry.log, alarm),
      );
      ended.onHappened(() => loop.wake());
      return loop;
    },
  ),
  provide(
    ObjectSweep,
    { store: ObjectStore, references: ObjectReferences, storeHealth: ObjectStoreHealth, configuration, log },
    ({ store, references, storeHealth, configuration: { artifacts }, log: said }) => {
      const { grace: graceMs, sweepInterval: intervalMs } = artifacts;
      return new ObjectSweep(
        { store: collectable(store), references, graceMs, intervalMs, monotonicMs },
        said,
        () => storeHealth.isAway,
      );
    },
  ),
];

/** The loops of a worker and their shared state. They are not started here: `Worker` starts and stops them. */
@Module({})
export class LoopsModule {
  /** `imports`: the modules of the ports, of children, threads, driving and sealing; the database first, so that it is closed last. `isolatedMain`: the script of a process that drives runs in quarantine. */
  static forRoot(imports: DynamicModule[], isolatedMain: string): DynamicModule {
    return {
      module: LoopsModule,
      imports,
      providers: [...session(isolatedMain), ...DRIVING, ...UPKEEP],
      exports: [
        ...imports,
        ...[Departure, Quarantine, LeaseKeeper, SandboxProbes, SandboxWatch, WorkerSessions, Duties],
        ...[HonourLoop, WorkLoops, AttestLoop, ObjectSweep],
      ],
    };
  }
}

/** A worker also deletes unreferenced objects from its store. */
function collectable(store: ObjectStore): CollectableObjectStore {
  if ('tenants' in store && 'aged' in store && 'collect' in store) return store as CollectableObjectStore;
  throw new CodedError(
    'OBJECT_STORE_NOT_COLLECTABLE',
    'the object store of this worker cannot list and delete unreferenced objects',
    'Extend `CollectableObjectStore` of @taskrunner/core: a worker sweeps the store.',
  );
}
