import { trustedRecords, trustedRelease, type AttestDependencies } from '@taskrunner/core';
import { loadMacKey, writeTar, type Configuration } from '@taskrunner/infrastructure';
import { openAttestor } from './attestor.module';
import { recordKeys } from './driving.module';
import type { WorkerParts } from './worker-parts.module';

/** What seals runs that have ended. */
export async function attestDependencies(
  configuration: Configuration,
  parts: Pick<WorkerParts, 'database' | 'objects' | 'keys' | 'secrets' | 'planning' | 'log'>,
): Promise<AttestDependencies> {
  const { database, objects, keys, secrets, planning, log } = parts;
  const ring = await recordKeys(keys);
  const mac = await loadMacKey(keys.journalMac);
  return {
    claims: database.claims,
    runReader: database.runReader,
    logs: database.logStore,
    objects,
    outbox: database.outbox,
    secrets,
    ...trustedRecords(ring),
    openRelease: trustedRelease(ring),
    mac: (text) => mac.mac(text),
    contents: (tenant, pack) => planning.ask(tenant, 'contents', pack),
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
