import type { Digest } from '../../foundation/ids';

/**
 * Documents of sandbox probes (`taskrunner.probe.v1`, RFC 8785 text) by sha256. A run names the probe of each worker that drove it, and any
 * worker that seals the run finds the documents here. They belong to no tenant.
 */
export abstract class ProbeDocuments {
  /** Stores documents. Existing ones are left unchanged. */
  abstract keep(documents: ReadonlyMap<Digest, string>): Promise<void>;
  /** Those of these digests that are stored. The texts are not hashed: a reader compares each with its digest. */
  abstract find(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, string>>;
}
