import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import type { TenantId } from '@taskrunner/core/foundation';
import { ArchivedJournals, ComparedLogStore } from '@taskrunner/core/operations';
import { BUILTIN_EXECUTORS } from '@taskrunner/core/plan';
import { Archives, EventFeed, ObjectStore, RunReader, TimingReader } from '@taskrunner/core/ports';
import {
  CONFIGURATION,
  ConfigurationModule,
  ExecutorModule,
  DATABASE_OUTAGE,
  KeyComparisonModule,
  ObjectStoreModule,
  PackRegistryModule,
  PLANNING_SETTING,
  PlanningModule,
  type PlanningPlace,
  PostgresModule,
  provide,
  readTarFiles,
  SigningModule,
  START_WARNINGS_PROVIDER,
  StoreComparisonModule,
  TelemetryModule,
  withAdapters,
  type Adapter,
  type Configuration,
} from '@taskrunner/infrastructure/modules';
import { ArtifactsController } from './artifacts/artifacts.controller';
import { AuditController } from './audit/audit.controller';
import { CheckpointLoop, CheckpointSetting } from './audit/checkpoint-loop';
import { RefusalLoop, RefusalSetting } from './audit/refusal-loop';
import { AuthGuard, Limits } from './auth/auth.guard';
import { MeController } from './auth/me.controller';
import { RateLimiter } from './auth/rate-limiter';
import { TokenVerifier } from './auth/token-verifier';
import { HttpSettings, SchedulerSetting, UploadSetting } from './configuration';
import { ConsoleModule } from './console/console.module';
import { Drain } from './drain';
import { EventsController } from './events/events.controller';
import { FeedHeads } from './events/feed-heads';
import { EvidenceController } from './evidence/evidence.controller';
import { AttentionController } from './gates/attention.controller';
import { ApprovedPlans } from './gates/approved-plans';
import { GatesController } from './gates/gates.controller';
import { KnownApprovers } from './gates/known-approvers';
import { HealthModule } from './health/health.module';
import { LogPages } from './logs/log-pages';
import { LogsController } from './logs/logs.controller';
import { OpenStreams } from './logs/open-streams';
import { SharedLogs } from './logs/shared-logs';
import { Observability } from './observability';
import { ObservabilityModule } from './observability.module';
import { OperationsModule } from './operations.module';
import { executorsIn, OfferedExecutors } from './packs/executor-view';
import { ExecutorsController } from './packs/executors.controller';
import { PackIntake } from './packs/pack-intake';
import { PacksController } from './packs/packs.controller';
import { SchemasController } from './packs/schemas.controller';
import { ComparisonController } from './plans/comparison.controller';
import { ArchiveReader, PackLimits, PackSources } from './plans/pack-sources';
import { PacksToPlan } from './plans/packs-to-plan';
import { PlansController } from './plans/plans.controller';
import { AlteredDocuments } from './problems/altered-documents';
import { ErrorsController } from './problems/errors.controller';
import { ProblemFilter } from './problems/problem.filter';
import { PublicUrl } from './public-url';
import { AcceptableGuard } from './requests/acceptable.guard';
import { BodyReader, BodyRelease } from './requests/body-reader';
import { BODY_THREADS, BodyThreadsModule } from './requests/body-threads.module';
import { KnownParametersGuard } from './requests/paging/known-parameters.guard';
import { RefusedBodies } from './requests/refused-bodies';
import { RerunController } from './runs/rerun.controller';
import { RunListController } from './runs/run-list.controller';
import { RunTails } from './runs/run-tails';
import { RunsController } from './runs/runs.controller';
import { StepCountsController } from './runs/step-counts.controller';
import { StepsController } from './runs/steps.controller';
import { SchedulesController } from './schedules/schedules.controller';
import { TickLoop } from './schedules/tick-loop';
import { SharedTimings } from './timings/shared-timings';
import { TimingsController } from './timings/timings.controller';
import { UploadsController } from './uploads/uploads.controller';
import { VERSION } from './version';
import { WorkersController } from './workers/workers.controller';

/** Options of a webservice. */
export interface WebserviceOptions {
  /** As `loadConfiguration` reads it for a webservice. */
  readonly configuration: Configuration;
  /**
   * Replacements for adapters that the configuration would choose: a class, a factory or a value for the token of a port, such as
   * `ObjectStore`.
   */
  readonly adapters?: readonly Adapter[];
  /** Your own modules, and descriptors of executors (`ExecutorModule.forFeature`). They are closed before the database is. */
  readonly imports?: NonNullable<DynamicModule['imports']>;
  /** Where submitted packs are planned. Default `threads`; `here` only if every pack is of the person who runs this process. */
  readonly planning?: PlanningPlace;
  /** True: one of your modules is a worker in this process. Its metrics are on the health port, too. Default false. */
  readonly hasWorker?: boolean;
  /** False: neither the OpenAPI document nor its page is served. Default true. */
  readonly hasDocumentation?: boolean;
}

const CONTROLLERS = [
  // Before those that take `count` for an id.
  RunListController,
  RunsController,
  RerunController,
  StepsController,
  StepCountsController,
  LogsController,
  EventsController,
  TimingsController,
  ArtifactsController,
  EvidenceController,
  GatesController,
  AttentionController,
  AuditController,
  PlansController,
  ComparisonController,
  SchedulesController,
  PacksController,
  ExecutorsController,
  WorkersController,
  UploadsController,
  MeController,
  ErrorsController,
  SchemasController,
];

const configuration = CONFIGURATION;

const SETTINGS: readonly Provider[] = [
  provide(HttpSettings, { configuration }, (supplied) => supplied.configuration.http),
  provide(SchedulerSetting, { configuration }, (supplied) => supplied.configuration.scheduler),
  provide(PackLimits, { configuration }, (supplied) => supplied.configuration.artifacts.uploads),
  provide(UploadSetting, { configuration }, (supplied) => supplied.configuration.artifacts.uploads),
  provide(Limits, { configuration }, (supplied) => ({ of: supplied.configuration.http.limits })),
  provide(KnownApprovers, { configuration }, ({ configuration: { approvals } }) => ({
    people: approvals.people.length > 0 ? approvals.people : null,
  })),
  provide(CheckpointSetting, { configuration }, (supplied) => ({
    every: supplied.configuration.audit.checkpointEvery,
  })),
  provide(RefusalSetting, { configuration }, (supplied) => {
    const { every, most, tenant } = supplied.configuration.audit.refusals;
    return { every, most, tenant: tenant as TenantId | null };
  }),
];

const REQUESTS: readonly Provider[] = [
  provide(TokenVerifier, { configuration }, ({ configuration: { authority, approvals } }) => {
    return new TokenVerifier({ ...authority, programs: approvals.actors, people: approvals.people });
  }),
  provide(RateLimiter, {}, () => new RateLimiter()),
  provide(RefusedBodies, { configuration }, (supplied) => new RefusedBodies(supplied.configuration.http.bodies)),
  provide(
    BodyReader,
    { configuration, threads: BODY_THREADS, refused: RefusedBodies },
    ({ configuration: { http }, threads, refused }) =>
      new BodyReader({ ...http.bodies, largest: http.bodyLimit }, threads, refused),
  ),
  AlteredDocuments,
  provide(
    ProblemFilter,
    {
      url: PublicUrl,
      observability: Observability,
      outageOf: DATABASE_OUTAGE,
      altered: AlteredDocuments,
      refusals: RefusalLoop,
      bodies: RefusedBodies,
    },
    ({ url, observability, outageOf, altered, refusals, bodies }) =>
      new ProblemFilter(url, observability, outageOf, altered, refusals, bodies),
  ),
  BodyRelease,
  { provide: APP_GUARD, useClass: AuthGuard },
  { provide: APP_GUARD, useClass: AcceptableGuard },
  { provide: APP_GUARD, useClass: KnownParametersGuard },
  { provide: APP_FILTER, useExisting: ProblemFilter },
];

const PROVIDERS: readonly Provider[] = [
  ...SETTINGS,
  ...REQUESTS,
  START_WARNINGS_PROVIDER,
  provide(ArchiveReader, {}, () => ({ read: readTarFiles })),
  ApprovedPlans,
  PackSources,
  PackIntake,
  provide(OfferedExecutors, { setting: PLANNING_SETTING }, ({ setting }) => ({ items: executorsIn(setting) })),
  PacksToPlan,
  provide(RunTails, { reader: RunReader }, ({ reader }) => new RunTails(reader)),
  OpenStreams,
  provide(
    SharedLogs,
    { store: ComparedLogStore, http: HttpSettings },
    ({ store, http }) => new SharedLogs(store, http.streams.cache),
  ),
  provide(
    SharedTimings,
    { reader: TimingReader, archives: Archives, objects: ObjectStore, http: HttpSettings },
    ({ reader, http, ...archive }) => new SharedTimings(reader, new ArchivedJournals(archive), http.timings.held),
  ),
  provide(
    FeedHeads,
    { feed: EventFeed, http: HttpSettings },
    ({ feed, http }) => new FeedHeads(feed, http.events.interval),
  ),
  provide(
    LogPages,
    { store: ComparedLogStore, http: HttpSettings },
    ({ store, http: { logs } }) =>
      new LogPages(store, { lines: logs.scanLines, bytes: logs.scanBytes, reads: logs.reads }),
  ),
  TickLoop,
  CheckpointLoop,
  RefusalLoop,
  Drain,
];

/** The webservice. */
@Module({})
export class WebserviceModule {
  /** Throws `ADAPTER_UNKNOWN` if an adapter replaces nothing. */
  static forRoot({
    configuration: supplied,
    adapters = [],
    imports = [],
    planning: place = 'threads',
    hasWorker = false,
  }: WebserviceOptions): DynamicModule {
    const keys = ['admission', 'schedules', 'ownRecords', 'ledger', 'checkpoint', 'sensitiveInputs'] as const;
    const signing = SigningModule.forRoot(keys);
    const postgres = PostgresModule.forRoot({ role: 'web', imports: [signing] });
    const objectStore = ObjectStoreModule.forRoot();
    const comparison = KeyComparisonModule.forRoot({ role: 'web', imports: [postgres, signing] });
    const storeComparison = StoreComparisonModule.forRoot({ imports: [postgres, objectStore] });
    const registry = PackRegistryModule.forRoot();
    const builtins = ExecutorModule.forFeature(BUILTIN_EXECUTORS.map((descriptor) => ({ descriptor })));
    const executors = ExecutorModule.forRoot({ imports: [builtins, ...imports], performs: false });
    const planning = PlanningModule.forRoot({ imports: [signing, registry, executors], place });
    const observability = ObservabilityModule.forRoot();
    const operations = OperationsModule.forRoot({
      imports: [postgres, objectStore, signing, comparison, storeComparison, registry, planning, observability],
    });
    const module: DynamicModule = {
      module: WebserviceModule,
      // Modules close in reverse order: first the HTTP API, then your modules, health, the threads, the planner, the object store, the
      // database, telemetry.
      imports: [
        ConfigurationModule.forRoot(supplied),
        TelemetryModule.forRoot({ name: 'webservice', version: VERSION, hasWorker }),
        operations,
        observability,
        BodyThreadsModule.forRoot(),
        ConsoleModule.forRoot(),
        HealthModule.forRoot({ imports: [postgres, objectStore, observability] }),
        ...imports,
      ],
      controllers: CONTROLLERS,
      providers: [...PROVIDERS],
    };
    return withAdapters(module, adapters);
  }
}
