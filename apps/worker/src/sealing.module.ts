import { canonical, type AttestHands, type Digest } from '@taskrunner/core';
import { writeTar, type Configuration } from '@taskrunner/infrastructure';
import { openAttestor } from './attestor.module';
import type { WorkerParts } from './worker-parts.module';

const BUNDLE_BYTES = 4 * 1024 ** 3;
const BUNDLED_ARTIFACT_BYTES = 64 * 1024 ** 2;

/** What seals runs that have ended. */
export async function attestHands(
  configuration: Configuration,
  parts: Pick<WorkerParts, 'database' | 'objects' | 'keys' | 'probe' | 'secrets' | 'log'>,
): Promise<AttestHands> {
  const { database, objects, keys, probe, secrets, log } = parts;
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
    probes: new Map<Digest, string>(
      probe.sandbox ? [[probe.digest, canonical({ sandbox: probe.sandbox.describe(), reason: probe.reason })]] : [],
    ),
    artifactBytes: BUNDLED_ARTIFACT_BYTES,
    maxBundleBytes: BUNDLE_BYTES,
    archive: (files) => writeTar(files),
  };
}
