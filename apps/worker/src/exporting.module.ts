import type { DeliverHands, ExportHands } from '@taskrunner/core';
import { openDestinations, type Configuration } from '@taskrunner/infrastructure';
import type { WorkerParts } from './worker-parts.module';

/** Where evidence may be handed over to from here, and where it is read. */
export async function exportHands(
  { artifacts }: Configuration,
  { database, objects }: Pick<WorkerParts, 'database' | 'objects'>,
): Promise<ExportHands> {
  return {
    runReader: database.runReader,
    objects,
    destinations: await openDestinations(artifacts.destinations, artifacts.s3),
  };
}

/** What delivers sealed evidence. */
export function deliverHands(
  { artifacts }: Configuration,
  { database }: Pick<WorkerParts, 'database'>,
  hands: ExportHands,
): DeliverHands {
  const { retry, longestRetry, giveUpAfter, timeout } = artifacts.exports;
  return {
    ...hands,
    exports: database.exports,
    retryMs: retry,
    longestRetryMs: longestRetry,
    giveUpAfterMs: giveUpAfter,
    timeoutMs: timeout,
  };
}
