import type { Digest } from '../../foundation/ids';

/** What a worker proves and honours; on its row, compared by the claim. */
export interface WorkerDescription {
  readonly name: string;
  readonly version: string;
  readonly build: Digest;
  /** Sandbox profiles that its probe has shown to hold. */
  readonly isolations: readonly string[];
  /** Of the document that says how it was shown. */
  readonly probe: Digest;
  /** Environment digests that it honours. */
  readonly environments: readonly Digest[];
  readonly labels: readonly string[];
}

/** One life of a worker process: the holder of leases. */
export interface WorkerSession {
  readonly id: string;
  /** Lease and renewal, milliseconds. */
  readonly leaseMs: number;
}
