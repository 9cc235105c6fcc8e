import type { RerunLink } from '@taskrunner/core/operations';
import type { Configuration } from '@taskrunner/infrastructure/configuration';

/** A running webservice with a worker in the same process. */
export interface OneProcess {
  /** Address of the API. */
  readonly url: string;
  /** Address of the health routes. */
  readonly health: string;
  /** Resolves if the database was in a folder of this process and its server has ended for good: stop then. */
  readonly databaseLost: Promise<void>;
  /** Drains and closes both, as the two services do. Idempotent. */
  stop(): Promise<void>;
}

/** What one process differs in. */
interface OneProcessOptions {
  /** False: the webservice alone, so that no step can start. Default true. */
  readonly hasWorker?: boolean;
  /** The original of the run that will be submitted; null: it has none. */
  readonly original?: RerunLink | null;
}

/** Starts webservice and worker as one application. */
type StartOneProcess = (configuration: Configuration, options?: OneProcessOptions) => Promise<OneProcess>;

/**
 * Loads webservice and worker, and returns what starts them. This is the only place that loads them, because they take most of a second and
 * other commands do without.
 */
export async function loadOneProcess(): Promise<StartOneProcess> {
  const [{ createWebservice, ORIGINAL_RUN }, { WorkerModule }] = await Promise.all([
    import('@taskrunner/webservice'),
    import('@taskrunner/worker'),
  ]);
  return (configuration, { hasWorker = true, original = null } = {}) =>
    createWebservice(configuration, {
      imports: hasWorker ? [WorkerModule.forRoot({ configuration, embedded: true })] : [],
      adapters: original === null ? [] : [{ provide: ORIGINAL_RUN, useValue: original }],
    });
}
