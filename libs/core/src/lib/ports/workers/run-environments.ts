import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { WorkerSession } from './worker-description';

/** An environment of runs that have no worker, due now or later. */
export interface WaitingEnvironment {
  readonly digest: Digest;
  readonly tenants: readonly TenantId[];
  /** The document as one of the runs has it; null where the caller knows it. Not compared with the digest. */
  readonly text: string | null;
}

/** What a worker lacks for all runs of an environment. */
export interface UnhonouredEnvironment {
  readonly digest: Digest;
  readonly tenants: readonly TenantId[];
  /** Names of parts, parted by commas. */
  readonly parts: string;
}

/** A run that waits for a worker that can honour it. Milliseconds since the epoch. */
export interface UnhonouredRun {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly parts: string;
  readonly since: number;
}

/** Sleeping runs of one pack, profile and set of signatures of a tenant, by one of them. */
export interface ParkedKind {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly contentDigest: Digest;
  readonly profileDigest: Digest;
  /** Names the set of signatures; opaque. */
  readonly signatures: string;
  readonly planHash: Digest;
  readonly plan: string;
  readonly profile: string;
  readonly environment: string;
  readonly admission: Envelope;
}

/** Runs by what they were admitted with, for workers whose configuration may be another one by now. */
export abstract class RunEnvironments {
  /** Environments of runs without a worker; `known`: those whose text the caller has. */
  abstract waiting(known: readonly Digest[]): Promise<readonly WaitingEnvironment[]>;
  /** Has due runs that no living worker can honour say so; those that this call marked. */
  abstract mark(
    workerSession: WorkerSession,
    unhonoured: readonly UnhonouredEnvironment[],
  ): Promise<readonly UnhonouredRun[]>;
  /** Makes due what nobody could honour and this worker session, as it stands on its row, perhaps can; how many. */
  abstract unmark(workerSession: WorkerSession): Promise<number>;
  /** Runs that wait so, by the parts that are missing; how long the oldest has waited, milliseconds. */
  abstract unhonoured(): Promise<
    readonly { readonly parts: string; readonly runs: number; readonly oldestMs: number }[]
  >;
  /** Kinds of sleeping runs that were admitted under other environments than these, after one that was seen. */
  abstract parked(own: readonly Digest[], after: ParkedKind | null): Promise<readonly ParkedKind[]>;
  /** Makes all sleeping runs of a kind due; how many. */
  abstract wake(kind: ParkedKind): Promise<number>;
  /** This worker session gets no more assignments of a run, nor the run itself. */
  abstract decline(workerSession: WorkerSession, tenant: TenantId, run: RunId): Promise<void>;
}
