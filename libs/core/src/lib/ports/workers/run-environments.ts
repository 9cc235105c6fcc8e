import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { WorkerSession } from './worker-description';

/** An environment of due or sleeping runs without a worker. */
export interface WaitingEnvironment {
  readonly digest: Digest;
  readonly tenants: readonly TenantId[];
  /** The document according to one of the runs; null if the caller knows it. It has not been compared with the digest. */
  readonly text: string | null;
}

/** What a worker lacks for all runs of an environment. */
export interface UnhonouredEnvironment {
  readonly digest: Digest;
  readonly tenants: readonly TenantId[];
  /** Names of parts, separated by commas. */
  readonly parts: string;
}

/** A run that waits for a worker that can honour it. Milliseconds since the epoch. */
export interface UnhonouredRun {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly parts: string;
  readonly since: number;
}

/** Sleeping runs of a tenant with the same pack, profile and set of signatures, represented by one of them. */
export interface ParkedKind {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly contentDigest: Digest;
  readonly profileDigest: Digest;
  /** Identifies the set of signatures; opaque. */
  readonly signatures: string;
  readonly planHash: Digest;
  readonly plan: string;
  readonly profile: string;
  readonly environment: string;
  readonly admission: Envelope;
}

/** Queries runs by their admission documents, for workers whose configuration may have changed since. */
export abstract class RunEnvironments {
  /** Environments of runs without a worker; `known`: those whose text the caller has. */
  abstract waiting(known: readonly Digest[]): Promise<readonly WaitingEnvironment[]>;
  /** Marks due runs that no living worker can honour as waiting. Returns the runs that this call marked. */
  abstract mark(
    workerSession: WorkerSession,
    unhonoured: readonly UnhonouredEnvironment[],
  ): Promise<readonly UnhonouredRun[]>;
  /** Makes runs due that nobody could honour and that this worker session, according to its row, may honour. Returns their number. */
  abstract unmark(workerSession: WorkerSession): Promise<number>;
  /** Waiting runs by missing parts, and how long the oldest has waited, milliseconds. */
  abstract unhonoured(): Promise<
    readonly { readonly parts: string; readonly runs: number; readonly oldestMs: number }[]
  >;
  /** Kinds of sleeping runs that were admitted in other environments than these, after a given one. */
  abstract parked(own: readonly Digest[], after: ParkedKind | null): Promise<readonly ParkedKind[]>;
  /** Makes all sleeping runs of a kind due. Returns their number. */
  abstract wake(kind: ParkedKind): Promise<number>;
  /** This worker session gets neither the run nor any more of its assignments. */
  abstract decline(workerSession: WorkerSession, tenant: TenantId, run: RunId): Promise<void>;
}
