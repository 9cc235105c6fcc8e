import type { AttestHands } from '@taskrunner/core';
import { writeTar, type Configuration } from '@taskrunner/infrastructure';
import { openAttestor } from './attestor.module';
import type { WorkerParts } from './worker-parts.module';

/** What seals runs that have ended. */
export async function attestHands(
  configuration: Configuration,
  parts: Pick<WorkerParts, 'database' | 'objects' | 'keys' | 'secrets' | 'log'>,
): Promise<AttestHands> {
  const { database, objects, keys, secrets, log } = parts;
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
    probes: database.probeDocuments,
    artifactBytes: configuration.artifacts.bundle.carriedBytes,
    heldLogBytes: configuration.artifacts.bundle.heldLogBytes,
    maxBundleBytes: configuration.artifacts.bundle.maxBytes,
    archive: (files, placed) => writeTar(files, placed),
  };
}
