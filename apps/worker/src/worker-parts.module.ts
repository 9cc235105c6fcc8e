import type { ExportDependencies, Honouring, SecretDependencies, WorkerDescription } from '@taskrunner/core';
import type {
  KeyPaths,
  PlanningThreads,
  Sandboxes,
  Supervisor,
  WatchedObjectStore,
  WorkerDatabase,
} from '@taskrunner/infrastructure';
import type { Telemetry } from '@taskrunner/infrastructure/telemetry';
import type { WorkerContainers } from './container.module';
import type { WorkerEgress } from './egress.module';
import type { WorkerLog } from './worker-log';

/** What a worker has opened before it drives or seals. */
export interface WorkerParts {
  readonly database: WorkerDatabase;
  readonly supervisor: Supervisor;
  readonly objects: WatchedObjectStore;
  readonly exports: ExportDependencies;
  readonly keys: KeyPaths;
  readonly sandboxes: Sandboxes;
  /** As the last probe left it. */
  readonly description: () => WorkerDescription;
  readonly honouring: Honouring;
  /** A sandbox could not be set up: what the probe has shown may be true no more. */
  readonly onStartFailed: () => void;
  /** Workers that live beside this one, as last asked. */
  readonly otherWorkers: () => number;
  readonly egress: WorkerEgress;
  readonly secrets: SecretDependencies;
  readonly containers: WorkerContainers;
  /** Plans again what was admitted. */
  readonly planning: PlanningThreads;
  readonly log: WorkerLog;
  readonly telemetry: Telemetry;
}
