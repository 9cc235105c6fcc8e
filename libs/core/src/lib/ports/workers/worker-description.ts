import type { Digest } from '../../foundation/ids';

/** What a worker proves and honours. It is on the worker's row and compared by the claim. */
export interface WorkerDescription {
  readonly name: string;
  readonly version: string;
  readonly build: Digest;
  /** Sandbox profiles that its probe has shown to hold. */
  readonly isolations: readonly string[];
  /** Digest of the probe document. */
  readonly probe: Digest;
  /** Environment digests that it honours. */
  readonly environments: readonly Digest[];
  readonly labels: readonly string[];
  /** Execution slots, for readers; absent: not stated. */
  readonly slots?: number;
}

/** One session of a worker process, which holds leases. */
export interface WorkerSession {
  readonly id: string;
  /** Lease and renewal, milliseconds. */
  readonly leaseMs: number;
}
