import type { Digest, RunId, TenantId } from '../../foundation/ids';

/** A worker that lives, and what it drives of one tenant. Times in milliseconds since the epoch, on the database's clock. */
export interface LivingWorker {
  /** Of its session: a worker that restarts has another one. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly build: Digest;
  readonly labels: readonly string[];
  /** Execution slots; null: the worker is of a release that does not state them. */
  readonly slots: number | null;
  /** Sandbox profiles that its probe has shown to hold. */
  readonly isolations: readonly string[];
  /** Digests of the environments that it honours. */
  readonly environments: readonly Digest[];
  /** Digest and RFC 8785 text of the document of its last probe; the text is null if it is not stored. It was not compared with the digest. */
  readonly probe: { readonly digest: Digest; readonly text: string | null };
  /** Start of its session. */
  readonly since: number;
  /** Last renewal of its lease. */
  readonly renewedAt: number;
  readonly leaseUntil: number;
  /** Runs of the tenant that it drives: their number, and the latest ones. */
  readonly runs: { readonly total: number; readonly latest: readonly RunId[] };
  /** Number of assignments of the tenant's runs that it executes. */
  readonly assignments: number;
}

/** The workers as visible to the webservice. Of what they drive it sees only what belongs to a tenant. */
export abstract class WorkerDirectory {
  /** The number of living workers, and how many of them have proven a sandbox profile. */
  abstract enforcing(isolation: string): Promise<{ readonly live: number; readonly honouring: number }>;
  /** Up to `limit` living workers by the start of their sessions, after a session, with the latest `runs` of the tenant that each drives. */
  abstract living(
    tenant: TenantId,
    limit: number,
    after: string | null,
    runs: number,
  ): Promise<readonly LivingWorker[]>;
}
