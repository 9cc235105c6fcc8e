export { createWorker, startWorker, type RunningWorker } from './create-worker';
export { driveIsolated } from './quarantine/serve-quarantine';
export { WorkerModule, type WorkerCompositionErrorCode, type WorkerOptions } from './worker.module';
