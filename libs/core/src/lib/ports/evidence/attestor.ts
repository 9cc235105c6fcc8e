import type { BundleFile, RunAttestations, SignedStatement } from '../../evidence/bundle/bundle-files';
import type { BundleManifest } from '../../evidence/records/documents';
import type { EvidenceDocuments } from '../../evidence/records/evidence-documents';

/**
 * Makes the signed statements of an ended run, and signs the manifest of its bundle. One that is down delays the seal; one that refuses
 * throws `ATTESTOR_REFUSED`, and the run's evidence stays `pending` for people to look at.
 */
export abstract class Attestor {
  /** True if a key file of the worker's own host signs: the builder id says so. */
  abstract readonly isKeyFile: boolean;
  /** The statements; asked again, those of the first time. */
  abstract attest(documents: EvidenceDocuments): Promise<RunAttestations>;
  abstract sealManifest(manifest: BundleManifest, files: readonly BundleFile[]): Promise<SignedStatement>;
}
