import { setImmediate } from 'node:timers/promises';
import type { RerunLink } from '@taskrunner/core/operations';
import type { Configuration } from '@taskrunner/infrastructure/configuration';
import type { OpenedSandboxes } from '@taskrunner/infrastructure/service';

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
  /** Sandboxes that are open already, which the worker closes; null: it opens them. */
  readonly sandboxes?: OpenedSandboxes | null;
  /** True: every pack is of the person who runs this process, and nobody else calls the API: packs are planned in its thread. Default false. */
  readonly isForOneRun?: boolean;
}

/** Starts webservice and worker as one application. */
type StartOneProcess = (configuration: Configuration, options?: OneProcessOptions) => Promise<OneProcess>;

/** Loading blocks the process. Between these pieces it goes on with what it has started, such as a database server. */
const PIECES: readonly (() => Promise<unknown>)[] = [
  () => import('@taskrunner/infrastructure/modules'),
  () => import('@taskrunner/infrastructure/worker-modules'),
  () => import('@taskrunner/worker'),
];

/**
 * Loads webservice and worker, and returns what starts them. This is the only place that loads them, because they take most of a second and
 * other commands do without.
 */
export async function loadOneProcess(): Promise<StartOneProcess> {
  for (const load of PIECES) {
    await load();
    await setImmediate();
  }
  const [{ createWebservice, ORIGINAL_RUN }, { WorkerModule }, { keepCompiledCode }] = await Promise.all([
    import('@taskrunner/webservice'),
    import('@taskrunner/worker'),
    import('@taskrunner/infrastructure/service'),
  ]);
  return (configuration, { hasWorker = true, original = null, sandboxes = null, isForOneRun = false } = {}) => {
    const planning = isForOneRun ? 'here' : 'threads';
    if (!isForOneRun) keepCompiledCode();
    return createWebservice(configuration, {
      imports: hasWorker ? [WorkerModule.forRoot({ configuration, embedded: true, sandboxes, planning })] : [],
      hasWorker,
      planning,
      hasDocumentation: !isForOneRun,
      adapters: original === null ? [] : [{ provide: ORIGINAL_RUN, useValue: original }],
    });
  };
}
