import { canonical, type AttestHands, type Digest } from '@taskrunner/core';
import { writeTar, type Configuration } from '@taskrunner/infrastructure';
import { openAttestor } from './attestor.module';
import type { WorkerParts } from './worker-parts.module';

/** What seals runs that have ended. */
export async function attestHands(
  configuration: Configuration,
  parts: Pick<WorkerParts, 'database' | 'objects' | 'keys' | 'probe' | 'log'>,
): Promise<AttestHands> {
  const { database, objects, keys, probe, log } = parts;
  return {
    claims: database.claims,
    runReader: database.runReader,
    logs: database.logStore,
    objects,
    outbox: database.outbox,
    retryMs: configuration.attestor.retry,
    attestor: await openAttestor(configuration, keys, log),
    developmentAuthority: configuration.authority.development,
    probes: new Map<Digest, string>(
      probe.sandbox ? [[probe.digest, canonical({ sandbox: probe.sandbox.describe(), reason: probe.reason })]] : [],
    ),
    artifactBytes: configuration.artifacts.bundle.carriedBytes,
    maxBundleBytes: configuration.artifacts.bundle.maxBytes,
    archive: (files) => writeTar(files),
  };
}
