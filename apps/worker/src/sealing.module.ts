import type { AttestHands } from '@taskrunner/core';
import { writeTar, type Configuration } from '@taskrunner/infrastructure';
import { openAttestor } from './attestor.module';
import type { WorkerParts } from './worker-parts.module';

/** Enough for the logs of nearly all runs; little beside what the worker takes anyway. */
const HELD_LOG_BYTES = 8 * 1024 * 1024;

/** What seals runs that have ended. */
export async function attestHands(
  configuration: Configuration,
  parts: Pick<WorkerParts, 'database' | 'objects' | 'keys' | 'sandboxes' | 'secrets' | 'log'>,
): Promise<AttestHands> {
  const { database, objects, keys, sandboxes, secrets, log } = parts;
  return {
    claims: database.claims,
    runReader: database.runReader,
    logs: database.logStore,
    objects,
    outbox: database.outbox,
    secrets,
    retryMs: configuration.attestor.retry,
    attestor: await openAttestor(configuration, keys, log),
    developmentAuthority: configuration.authority.development,
    probes: sandboxes.documents,
    artifactBytes: configuration.artifacts.bundle.carriedBytes,
    heldLogBytes: HELD_LOG_BYTES,
    maxBundleBytes: configuration.artifacts.bundle.maxBytes,
    archive: (files, placed) => writeTar(files, placed),
  };
}
