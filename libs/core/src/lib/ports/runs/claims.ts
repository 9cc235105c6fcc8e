import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Page } from '../../journal/page';
import type { InboxMessage } from './run-store';
import type { SealedInput } from './sensitive-inputs';
import type { WorkerSession, WorkerDescription } from '../workers/worker-description';

export interface ClaimedRun {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly fence: number;
  readonly crashes: number;
  readonly quarantine: boolean;
  readonly plan: string;
  readonly planHash: Digest;
  readonly profile: string;
  readonly profileDigest: Digest;
  readonly environment: string;
  readonly pack: {
    readonly name: string;
    readonly version: string;
    readonly contentDigest: Digest;
    readonly sourceDigest: Digest;
  };
  readonly manifest: string;
  readonly files: readonly {
    readonly path: string;
    readonly digest: Digest;
    readonly size: number;
    readonly executable: boolean;
  }[];
  readonly inputs: Json;
  readonly admission: Envelope;
  readonly admissionDigest: Digest;
  /** W3C `traceparent` of its submission. */
  readonly traceContext?: string;
  readonly lastSeq: number;
  readonly lastLine: number;
  readonly head: Digest | null;
  readonly mac: string | null;
  /** First entry of the page that begins with its last snapshot; null or absent: no snapshot is known. */
  readonly snapshotSeq?: number | null;
  /** Number of inbox messages that the journal has taken. */
  readonly seen: number;
  /** Number of inbox messages when it was claimed; absent: unknown. */
  readonly inbox?: number;
  /** Database time of the last journal entry, milliseconds; null or absent: unknown. */
  readonly committedAt?: number | null;
  /** For a run that is claimed to be ended: the parts of its environment that no living worker has, separated by commas. Absent: labels. */
  readonly unhonoured?: string;
  /** False if it belongs to no concurrency group, so that its end makes no other run due. Absent: unknown. */
  readonly isInGroup?: boolean;
  /** True if nothing of it has been written yet, neither a page nor a row of a step or gate, so there is nothing to read or compare. */
  readonly untouched?: boolean;
}

/** The name of a run of a tenant. */
export interface RunName {
  readonly tenant: TenantId;
  readonly runId: RunId;
}

/** A page as it is stored. */
export type StoredPage = Page & {
  /**
   * HMAC under the workers' journal key, hexadecimal. Null: this process has committed the page, and what is stored is the same, so that neither
   * hash nor HMAC is computed again.
   */
  readonly mac: string | null;
};

/** Rows that repeat what is in the journal of a run. */
export interface StoredRows {
  /** True if the run has no rows of steps (ADR 108). Those that a worker of an earlier release has written count for nothing. */
  readonly areStepsJournaled: boolean;
  readonly steps: readonly { readonly step: string; readonly status: string }[];
  readonly gates: readonly { readonly gate: string; readonly state: string; readonly gateDigest: Digest }[];
}

/** Claims and leases of runs, and what a driver reads. */
export abstract class Claims {
  abstract register(worker: WorkerDescription): Promise<WorkerSession>;
  /** Updates what this worker session proves and honours after a probe with another result. */
  abstract describe(workerSession: WorkerSession, worker: WorkerDescription): Promise<void>;
  /** Renews the lease of a worker session; false if it was swept. Returns the database time for the clock. */
  abstract renew(workerSession: WorkerSession): Promise<{ readonly held: boolean; readonly at: number }>;
  /**
   * Marks dead workers and frees their runs. Marks due runs whose labels no living worker has as waiting for workers. Does so at most once
   * a second, and only for a worker that has renewed for one full lease.
   */
  abstract sweep(workerSession: WorkerSession): Promise<number>;
  /** Claims up to `free` due runs, fairly across tenants, each with `fence + 1`. */
  abstract claim(workerSession: WorkerSession, free: number): Promise<readonly ClaimedRun[]>;
  /**
   * Claims this run with `fence + 1`, if it is due and this worker may serve it. It takes less than `claim`, and is fair only if nothing else
   * was due before. Null: not claimed.
   */
  abstract claimNamed(workerSession: WorkerSession, run: RunName): Promise<ClaimedRun | null>;
  /**
   * Claims up to `free` runs that no living worker can serve, only to end them and never to start one of their steps. Runs that no worker
   * can honour (`unhonoured` names the parts) are claimed at once if their cancellation was requested. Otherwise they are claimed when they
   * have been due for `waitMs`, or for `sealed.waitMs` if they need one of the profiles `sealed.isolations`. Runs with labels that no
   * worker has are claimed when they have been due for `waitMs`.
   */
  abstract claimUnserved(
    workerSession: WorkerSession,
    waitMs: number,
    sealed: { readonly isolations: readonly string[]; readonly waitMs: number },
    free: number,
  ): Promise<readonly ClaimedRun[]>;
  /**
   * Releases a run that its owner cannot honour. This worker session does not get it again. If no other living worker may serve it, it is
   * marked as waiting for `parts`; with `keep` it then stays with its owner. False: it stays. True also if it was no longer ours.
   */
  abstract pass(run: ClaimedRun, parts: string, keep: boolean): Promise<boolean>;
  /** The admission record of a run in its envelope; null if the run was deleted. */
  abstract admission(tenant: TenantId, run: RunId): Promise<Envelope | null>;
  /**
   * Pages whose first entry is after `afterSeq`, in order, at most `limit` of them if it is given. Who goes on names the first entry of the
   * last page: a row that somebody has put within that page is then read, too.
   */
  abstract pages(tenant: TenantId, run: RunId, afterSeq: number, limit?: number): Promise<readonly StoredPage[]>;
  /** Inbox messages after `seen`, in order. */
  abstract inboxMessages(tenant: TenantId, run: RunId, seen: number): Promise<readonly InboxMessage[]>;
  /** The runs of this worker session whose inbox holds unseen messages, in one query. */
  abstract inboxPositions(
    workerSession: WorkerSession,
  ): Promise<readonly { readonly tenant: TenantId; readonly runId: RunId; readonly inbox: number }[]>;
  /** The current state of a run, to resolve an ambiguous commit. */
  abstract journalPosition(
    tenant: TenantId,
    run: RunId,
  ): Promise<{ readonly fence: number; readonly lastSeq: number; readonly head: Digest | null } | null>;
  /** Stored rows of steps and gates, to compare with the replayed state. */
  abstract rows(tenant: TenantId, run: RunId): Promise<StoredRows>;
  /** Ciphertexts of the run's sensitive inputs. */
  abstract sensitiveInputs(tenant: TenantId, run: RunId): Promise<readonly SealedInput[]>;
  /** Halts the run: no owner, status `halted`, audited. Fenced: false if another worker owns it, which may have written to it. */
  abstract halt(run: ClaimedRun, code: string, detail: string): Promise<boolean>;
  /**
   * The run in its current state, if this worker session still owns it under that fence. It is used to continue a run as after a claim if
   * its children were lost but the run was not. Null if it is no longer ours. Waits as long as the database is unavailable.
   */
  abstract resume(workerSession: WorkerSession, run: ClaimedRun): Promise<ClaimedRun | null>;
  /** Releases a run that was not driven (drain, profile mismatch). The claim does not count. Fenced. */
  abstract release(run: ClaimedRun, waits: Json | null): Promise<void>;
  /**
   * An isolated process is about to drive this run in quarantine. If it dies together with its worker from here on, that is counted. False:
   * the run is no longer ours. Waits as long as the database is unavailable.
   */
  abstract beginIsolated(run: ClaimedRun): Promise<boolean>;
  /** The isolated process of this run died of it. The next claim ends the run (`POISON`). Fenced. */
  abstract markPoisoned(run: ClaimedRun): Promise<void>;
  /** Drains: releases what this worker session still owns, and removes the session. */
  abstract retire(workerSession: WorkerSession): Promise<void>;
}
