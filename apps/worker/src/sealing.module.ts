import { existsSync } from 'node:fs';
import type { AttestHands } from '@taskrunner/core';
import { FileSigner, writeTar, type Configuration } from '@taskrunner/infrastructure';
import type { WorkerParts } from './worker-parts.module';

const BUNDLE_BYTES = 4 * 1024 ** 3;
const BUNDLED_ARTIFACT_BYTES = 64 * 1024 ** 2;

/** What seals runs that have ended. */
export async function attestHands(
  configuration: Configuration,
  parts: Pick<WorkerParts, 'database' | 'objects' | 'keys' | 'sandboxes'>,
): Promise<AttestHands> {
  const { database, objects, keys, sandboxes } = parts;
  // A worker that does not seal may still have the key, and close the evidence of sealed runs that have ended.
  const hasSealedKey = configuration.sealedMode.enabled || existsSync(keys.runSealed);
  return {
    claims: database.claims,
    runReader: database.runReader,
    logs: database.logStore,
    objects,
    outbox: database.outbox,
    runSigner: await FileSigner.open('run-open', keys.runOpen),
    sealedSigner: hasSealedKey ? await FileSigner.open('run-sealed', keys.runSealed) : null,
    bundleSigner: await FileSigner.open('bundle', keys.bundle),
    developmentAuthority: configuration.authority.development,
    probes: sandboxes.documents,
    artifactBytes: BUNDLED_ARTIFACT_BYTES,
    maxBundleBytes: BUNDLE_BYTES,
    archive: (files) => writeTar(files),
  };
}
