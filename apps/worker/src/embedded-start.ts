import type { OnApplicationBootstrap, Provider } from '@nestjs/common';
import { FurtherReadiness, provide } from '@taskrunner/infrastructure/modules';
import { Worker } from './worker';
import { OF_READINESS, workerReadiness } from './worker-readiness';

/** Starts a worker that is part of another application. */
class EmbeddedStart implements OnApplicationBootstrap {
  constructor(private readonly worker: Worker) {}

  onApplicationBootstrap(): Promise<void> {
    return this.worker.start();
  }
}

/** Providers of a worker in another application. The application is ready only if the worker is. */
export const EMBEDDED: readonly Provider[] = [
  provide(
    EmbeddedStart,
    { worker: Worker, further: FurtherReadiness, ...OF_READINESS },
    ({ worker, further, ...parts }) => {
      further.add(workerReadiness(parts));
      return new EmbeddedStart(worker);
    },
  ),
];
