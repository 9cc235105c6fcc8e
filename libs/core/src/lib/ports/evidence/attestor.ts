import type { BundleFile, RunAttestations, SignedStatement } from '../../evidence/bundle/bundle-files';
import type { BundleManifest } from '../../evidence/records/documents';
import type { EvidenceDocuments } from '../../evidence/records/evidence-documents';

/**
 * Makes the signed statements of an ended run, and signs the manifest of its bundle. If it is unavailable, the seal is delayed. If it
 * refuses, it throws `ATTESTOR_REFUSED`, and the run's evidence stays `pending` until a person acts.
 */
export abstract class Attestor {
  /** True if it signs with a key file of the worker's host, which the builder id then says. */
  abstract readonly isKeyFile: boolean;
  /** Makes the statements. A repeated call returns the same statements. */
  abstract attest(documents: EvidenceDocuments): Promise<RunAttestations>;
  abstract sealManifest(manifest: BundleManifest, files: readonly BundleFile[]): Promise<SignedStatement>;
}
