import type { DeliverDependencies, ExportDependencies } from '@taskrunner/core';
import { openDestinations, type Configuration } from '@taskrunner/infrastructure';
import type { WorkerParts } from './worker-parts.module';

/** Where evidence may be handed over to from here, and where it is read. */
export async function exportDependencies(
  { artifacts }: Configuration,
  { database, objects }: Pick<WorkerParts, 'database' | 'objects'>,
): Promise<ExportDependencies> {
  return {
    runReader: database.runReader,
    objects,
    destinations: await openDestinations(artifacts.destinations, artifacts.s3),
  };
}

/** What delivers sealed evidence. */
export function deliverDependencies(
  { artifacts }: Configuration,
  { database }: Pick<WorkerParts, 'database'>,
  dependencies: ExportDependencies,
): DeliverDependencies {
  const { retry, longestRetry, giveUpAfter, timeout } = artifacts.exports;
  return {
    ...dependencies,
    exports: database.exports,
    retryMs: retry,
    longestRetryMs: longestRetry,
    giveUpAfterMs: giveUpAfter,
    timeoutMs: timeout,
  };
}
