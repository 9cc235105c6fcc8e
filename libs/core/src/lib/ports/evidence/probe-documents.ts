import type { Digest } from '../../foundation/ids';

/**
 * Documents of sandbox probes (`taskrunner.probe.v1`, RFC 8785 text) by their sha256. A run names the probe of each worker that drove it;
 * whichever worker seals the run finds the documents here. They belong to no tenant.
 */
export abstract class ProbeDocuments {
  /** Keeps documents. Does nothing for those that are kept already. */
  abstract keep(documents: ReadonlyMap<Digest, string>): Promise<void>;
  /** Those of these digests that are kept. Texts are not hashed: who reads one compares it with its digest. */
  abstract find(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, string>>;
}
