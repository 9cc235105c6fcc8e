import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Module, type DynamicModule, type OnApplicationBootstrap, type Provider } from '@nestjs/common';
import { CodedError } from '@taskrunner/core/foundation';
import { ObjectStoreHealth } from '@taskrunner/core/operations';
import { Claims } from '@taskrunner/core/ports';
import {
  ConfigurationModule,
  ExecutorModule,
  executorsIn,
  from,
  FurtherReadiness,
  FurtherReadinessModule,
  KeyComparisonModule,
  ObjectStoreModule,
  operation,
  PackRegistryModule,
  PostgresModule,
  SigningModule,
  START_WARNINGS_PROVIDER,
  StoreComparisonModule,
  Telemetry,
  TelemetryModule,
  provide,
  withAdapters,
  type Adapter,
  type Configuration,
} from '@taskrunner/infrastructure/modules';
import {
  AttestorModule,
  builtinExecutorsModule,
  ContainerModule,
  EgressModule,
  EgressProxy,
  ExportDestinationsModule,
  ClosablePlanner,
  PolicyModule,
  ReplanningModule,
  SandboxModule,
  SecretsModule,
  Supervisor,
  WebhookModule,
  type OpenedSandboxes,
  type PlanningPlace,
} from '@taskrunner/infrastructure/worker-modules';
import { AnnounceLoop } from './loops/announce-loop';
import { AttestLoop } from './loops/attest-loop';
import { Capabilities } from './capabilities';
import { DeliveryModule } from './delivery.module';
import { Departure } from './departure';
import { DRIVER_DEPENDENCIES, DrivingModule } from './driving.module';
import { ExportLoop } from './loops/export-loop';
import { HealthModule, OF_READINESS, workerReadiness } from './health.module';
import { HonourLoop } from './loops/honour-loop';
import { IsolatedDriver } from './quarantine/isolated-driver';
import { LeaseKeeper } from './lease/lease-keeper';
import { LoopsModule } from './loops.module';
import { ObjectSweep } from './loops/object-sweep';
import { UpkeepLoops } from './loops/upkeep-loops';
import { WorkLoops } from './loops/work-loops';
import { Processes } from './processes';
import { Quarantine } from './quarantine/quarantine';
import { SandboxProbes } from './sandbox-probes';
import { SandboxWatch } from './sandbox-watch';
import { SealingModule } from './sealing.module';
import { VERSION } from './version';
import { Worker } from './worker';
import { WorkerSessions } from './worker-sessions';
import type { WorkerLog } from './reporting/worker-log';

/** Options of a worker. */
export interface WorkerOptions {
  /** As `loadConfiguration` reads it. */
  readonly configuration: Configuration;
  /**
   * Replacements for adapters that the configuration would choose: a class, a factory or a value for the token of a port, such as
   * `ObjectStore`.
   */
  readonly adapters?: readonly Adapter[];
  /**
   * Your own modules, and executors (`ExecutorModule.forFeature`). They are closed after the worker has drained and before the database is
   * closed.
   */
  readonly imports?: NonNullable<DynamicModule['imports']>;
  /**
   * The path of the script of a process that drives one run at a time, beside which workers have died. It calls `driveIsolated` with the same adapters and imports. Needed with adapters and executors; else that of this package.
   */
  readonly isolatedMain?: string;
  /** True if it is part of another application, whose configuration, telemetry and health it shares, and with which it starts and ends. */
  readonly embedded?: boolean;
  /** The sandboxes, if they are open already. Their probes then have the same configuration. The worker closes them. */
  readonly sandboxes?: OpenedSandboxes | null;
  /** Where admitted packs are planned again. Default `threads`. */
  readonly planning?: PlanningPlace;
}

export type WorkerCompositionErrorCode = 'ISOLATED_MAIN_MISSING' | 'ISOLATED_MAIN_NOT_FOUND';

/** The compiled file, even if this file itself runs from source, as in tests. */
const ISOLATED_MAIN = join(__dirname, '../dist/quarantine/quarantine-process.js');
const log = from(Telemetry, ({ log: said }): WorkerLog => said);

const PROVIDERS = [
  provide(
    Processes,
    {
      planning: ClosablePlanner,
      quarantine: Quarantine,
      supervisor: Supervisor,
      storeHealth: ObjectStoreHealth,
      egress: EgressProxy,
    },
    ({ planning, quarantine, supervisor, storeHealth, egress }) =>
      new Processes(planning, quarantine, supervisor, storeHealth, egress),
  ),
  provide(
    UpkeepLoops,
    { attests: AttestLoop, announces: AnnounceLoop, exporting: ExportLoop, sweep: ObjectSweep },
    ({ attests, announces, exporting, sweep }) => new UpkeepLoops(attests, announces, exporting, sweep),
  ),
  provide(
    Worker,
    {
      sessions: WorkerSessions,
      work: WorkLoops,
      upkeep: UpkeepLoops,
      processes: Processes,
      sandboxes: SandboxWatch,
      capabilities: Capabilities,
      departure: Departure,
      log,
    },
    ({ sessions, work, upkeep, processes, sandboxes, capabilities, departure, log: said }) =>
      new Worker(sessions, work, upkeep, processes, sandboxes, capabilities, departure, said),
  ),
  operation(IsolatedDriver, {
    driving: DRIVER_DEPENDENCIES,
    claims: Claims,
    honours: HonourLoop,
    probes: SandboxProbes,
    lease: LeaseKeeper,
  }),
];

/** Starts a worker that is part of another application. */
class EmbeddedStart implements OnApplicationBootstrap {
  constructor(private readonly worker: Worker) {}

  onApplicationBootstrap(): Promise<void> {
    return this.worker.start();
  }
}

/** Providers of a worker in another application. The application is ready only if the worker is. */
const EMBEDDED: readonly Provider[] = [
  provide(
    EmbeddedStart,
    { worker: Worker, further: FurtherReadiness, ...OF_READINESS },
    ({ worker, further, ...parts }) => {
      further.add('worker', workerReadiness(parts));
      // It has connections of its own, which find an outage first if nobody calls the API.
      further.add('database', parts.database);
      return new EmbeddedStart(worker);
    },
  ),
];

/** The module of the worker and of the process of a run in quarantine, which differ in what is started. */
@Module({})
export class WorkerModule {
  /**
   * Throws `ADAPTER_UNKNOWN` if an adapter stands in for nothing, `ISOLATED_MAIN_MISSING` if runs in quarantine would be driven without the
   * adapters and executors, and `ISOLATED_MAIN_NOT_FOUND` if `isolatedMain` names no file.
   */
  static forRoot({
    configuration,
    adapters = [],
    imports = [],
    isolatedMain,
    embedded = false,
    sandboxes: opened = null,
    planning: place = 'threads',
  }: WorkerOptions): DynamicModule {
    const postgres = PostgresModule.forRoot({ role: 'worker' });
    const objectStore = ObjectStoreModule.forRoot();
    const destinations = ExportDestinationsModule.forRoot();
    const signing = SigningModule.forRoot(['sensitiveInputs', 'journal', 'records']);
    const secrets = SecretsModule.forRoot({ imports: [signing] });
    const comparison = KeyComparisonModule.forRoot({ role: 'worker', imports: [postgres, signing] });
    const storeComparison = StoreComparisonModule.forRoot({ imports: [postgres, objectStore] });
    const sandbox = SandboxModule.forRoot({ imports: [postgres, secrets], opened });
    const egress = EgressModule.forRoot();
    const replanning = ReplanningModule.forRoot({ imports: [secrets, sandbox], place });
    const builtins = builtinExecutorsModule([
      ...[postgres, objectStore, destinations, sandbox, egress],
      ContainerModule.forRoot({ imports: [sandbox] }),
    ]);
    const executors = ExecutorModule.forRoot({ imports: [builtins, ...imports], performs: true });
    const driving = DrivingModule.forRoot({
      imports: [
        ...[postgres, objectStore, signing, comparison, storeComparison, secrets, sandbox, replanning, executors],
        PolicyModule.forRoot(),
        PackRegistryModule.forTrust(),
      ],
    });
    const sealing = SealingModule.forRoot({
      imports: [postgres, objectStore, signing, secrets, replanning, AttestorModule.forRoot()],
    });
    const loops = LoopsModule.forRoot(
      [postgres, objectStore, secrets, sandbox, egress, replanning, driving, sealing],
      isolatedMain ?? ISOLATED_MAIN,
    );
    const delivery = DeliveryModule.forRoot({
      imports: [postgres, objectStore, destinations, WebhookModule.forRoot()],
    });
    const telemetry = TelemetryModule.forRoot({ name: 'worker', version: VERSION });
    const module: DynamicModule = {
      module: WorkerModule,
      // `Worker` stops everything in its order before the health port is closed. Modules then close in reverse order: the database comes
      // last, except for telemetry.
      imports: [
        ...(embedded ? [FurtherReadinessModule] : [ConfigurationModule.forRoot(configuration), telemetry]),
        ...[loops, delivery],
        ...(embedded ? [] : [HealthModule.forRoot({ imports: [loops] })]),
        ...imports,
      ],
      // The webservice of an embedding process says the warnings of both.
      providers: [...PROVIDERS, ...(embedded ? EMBEDDED : [START_WARNINGS_PROVIDER])],
    };
    const isExtended = adapters.length > 0 || executorsIn(imports).length > 0;
    if (isExtended && isolatedMain === undefined) throw isolatedMainMissing();
    if (isolatedMain !== undefined && !isScript(isolatedMain)) throw isolatedMainNotFound(isolatedMain);
    return withAdapters(module, adapters);
  }
}

/** As `fork` finds it: relative to the folder that the process was started in, and with an extension that Node.js adds. */
function isScript(path: string): boolean {
  try {
    createRequire(__filename).resolve(resolve(path));
    return true;
  } catch {
    return false;
  }
}

function isolatedMainNotFound(path: string): CodedError<WorkerCompositionErrorCode> {
  return new CodedError(
    'ISOLATED_MAIN_NOT_FOUND',
    `the script for runs in quarantine does not exist: ${resolve(path)}`,
    'Build the script that calls `driveIsolated`, and give its path as `isolatedMain`.',
  );
}

function isolatedMainMissing(): CodedError<WorkerCompositionErrorCode> {
  return new CodedError(
    'ISOLATED_MAIN_MISSING',
    'the worker has adapters or executors, but no script for runs in quarantine; the quarantine process would not have them',
    'Set `isolatedMain` to the path of a script that calls `driveIsolated` with the same adapters and imports.',
  );
}
