// A separate entry point: applications are composed of these modules, and only a process that composes one loads NestJS. The imported
// modules determine what a process loads. None of these runs steps, so sandboxes, containers and the egress proxy are not loaded.
export { withAdapters, type Adapter, type CompositionErrorCode } from './lib/composition/adapters';
export { OpenedParts } from './lib/composition/opened-parts';
export { from, operation, provide, type Derived, type Source, type Sources } from './lib/composition/provide';
export { adapterToken, token, type SymbolToken, type Token } from './lib/composition/token';
export {
  EXECUTOR_DESCRIPTORS,
  ExecutorModule,
  EXECUTORS,
  executorsIn,
  type ExecutorFactory,
  type ExecutorsOf,
  type RegisteredExecutor,
} from './lib/executors/executor.module';
export type { Configuration } from './lib/configuration/configuration';
export { CONFIGURATION, ConfigurationModule } from './lib/configuration/configuration.module';
export { loadConfiguration } from './lib/configuration/load-configuration';
export { DATABASE_PLACE, type DatabasePlace } from './lib/file-storage/file-storage.module';
export { OBJECT_STORE_ADAPTER, ObjectStoreModule } from './lib/object-store/object-store.module';
export { StoreComparisonModule } from './lib/object-store/store-comparison.module';
export type { PlanningPlace } from './lib/planning/closable-planner';
export { PLANNING_SETTING, PlanningModule } from './lib/planning/planning.module';
export { DATABASE_OUTAGE, DATABASE_READINESS, PostgresModule, type PostgresRole } from './lib/postgres/postgres.module';
export { PACK_TRUST, PackRegistryModule, REGISTRY_MOUNTS } from './lib/registry/pack-registry.module';
export { HEALTH_ROUTES, MetricsExporter, Readiness } from './lib/service/health.module';
export { FurtherReadiness } from './lib/service/further-readiness';
export { FurtherReadinessModule } from './lib/service/further-readiness.module';
export { listenOn, type ListeningPlace, type SocketPlace } from './lib/service/listen-on';
export { runService, type StartedService } from './lib/service/run-service';
export { START_WARNINGS_PROVIDER } from './lib/service/start-warnings.module';
export { COMPARED_KEYS, KeyComparisonModule } from './lib/signing/key-comparison.module';
export {
  ADMISSION_SIGNER,
  CHECKPOINT_SIGNER,
  LEDGER_SIGNER,
  ADMISSION_KEYS,
  SENSITIVE_INPUTS_KEY,
  SigningModule,
  type KeyName,
} from './lib/signing/signing.module';
export { Telemetry } from './lib/telemetry/telemetry';
export { TelemetryModule } from './lib/telemetry/telemetry.module';
// Parts for composing an application.
export { readTarFiles } from './lib/archive/read-tar';
export { CronerCalendar } from './lib/calendar/croner-calendar';
export { objectsReadiness } from './lib/object-store/watched-object-store';
export { WorkThreads } from './lib/planning/work-threads';
