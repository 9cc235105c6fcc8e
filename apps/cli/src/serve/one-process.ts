import type { Configuration } from '@taskrunner/infrastructure/configuration';

/** A running webservice with a worker in the same process. */
export interface OneProcess {
  /** Address of the API. */
  readonly url: string;
  /** Address of the health routes. */
  readonly health: string;
  /** Resolves if the database was in a folder of this process and its server has ended: stop then. */
  readonly databaseLost: Promise<void>;
  /** Drains and closes both, as the two services do. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Loads webservice and worker, and returns what starts them as one application. This is the only place that loads them, because they take
 * most of a second and other commands do without.
 */
export async function loadOneProcess(): Promise<(configuration: Configuration) => Promise<OneProcess>> {
  const [{ createWebservice }, { WorkerModule }] = await Promise.all([
    import('@taskrunner/webservice'),
    import('@taskrunner/worker'),
  ]);
  return (configuration) =>
    createWebservice(configuration, { imports: [WorkerModule.forRoot({ configuration, embedded: true })] });
}
