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
  /** The first entry of the page that begins with its last snapshot; null or absent: none is known. */
  readonly snapshotSeq?: number | null;
  /** Letters of the inbox that the journal has taken. */
  readonly seen: number;
  /** Letters that had come when it was claimed; absent: not known. */
  readonly inbox?: number;
  /** Database time when its journal grew last, milliseconds; null or absent: not known. */
  readonly committedAt?: number | null;
  /** Of a run that is claimed to be ended: the parts of its environment that no living worker has, parted by commas. Absent: labels. */
  readonly unhonoured?: string;
  /** The claim saw that nothing of it has been written yet, no page and no row of a step or gate: there is nothing to read or compare. */
  readonly untouched?: boolean;
}

/** The right to drive runs, and what a driver reads. */
export abstract class Claims {
  abstract register(worker: WorkerDescription): Promise<WorkerSession>;
  /** A probe has come out otherwise: what this worker session proves and honours from now on. */
  abstract describe(workerSession: WorkerSession, worker: WorkerDescription): Promise<void>;
  /** Renews the lease of a worker session; false if it was swept. Returns database time for the clock. */
  abstract renew(workerSession: WorkerSession): Promise<{ readonly held: boolean; readonly at: number }>;
  /**
   * Marks the dead and frees their runs, and says of due runs whose labels no living worker has that they wait for workers; at most
   * once a second, and only by a worker that has renewed for one full lease.
   */
  abstract sweep(workerSession: WorkerSession): Promise<number>;
  /** Claims up to `free` due runs, fairly over tenants; each with `fence + 1`. */
  abstract claim(workerSession: WorkerSession, free: number): Promise<readonly ClaimedRun[]>;
  /**
   * Claims up to `free` runs that no living worker serves, to end them, never to start one of their steps. Those that nobody can honour
   * (`unhonoured` names the parts): at once if they are asked to cancel, else when they have been due for `waitMs`, or for `sealed.waitMs`
   * where one of the profiles `sealed.isolations` is to keep them apart. Those that ask for labels that nobody has: when they have been due
   * for `waitMs`.
   */
  abstract claimUnserved(
    workerSession: WorkerSession,
    waitMs: number,
    sealed: { readonly isolations: readonly string[]; readonly waitMs: number },
    free: number,
  ): Promise<readonly ClaimedRun[]>;
  /**
   * Gives a run back that its owner cannot honour: this life of a worker is not offered it again. Where no living worker is left that may,
   * it says that it waits for `parts`; with `keep` it then stays with its owner. False: it stays. True too if it was not ours any more.
   */
  abstract pass(run: ClaimedRun, parts: string, keep: boolean): Promise<boolean>;
  /** The admission record of a run in its envelope; null if the run is not kept. */
  abstract admission(tenant: TenantId, run: RunId): Promise<Envelope | null>;
  /** Pages after `afterSeq` in order; at most `limit` of them, where there is one. */
  abstract pages(
    tenant: TenantId,
    run: RunId,
    afterSeq: number,
    limit?: number,
  ): Promise<readonly (Page & { readonly mac: string })[]>;
  /** Letters after `seen`, in order. */
  abstract inboxMessages(tenant: TenantId, run: RunId, seen: number): Promise<readonly InboxMessage[]>;
  /** The runs that this worker session owns and whose inbox holds messages it has not seen, by one query. */
  abstract inboxPositions(
    workerSession: WorkerSession,
  ): Promise<readonly { readonly tenant: TenantId; readonly runId: RunId; readonly inbox: number }[]>;
  /** Where a run stands now: to settle an ambiguous commit. */
  abstract journalPosition(
    tenant: TenantId,
    run: RunId,
  ): Promise<{ readonly fence: number; readonly lastSeq: number; readonly head: Digest | null } | null>;
  /** Stored rows of steps and gates, to compare with the replayed state. */
  abstract rows(
    tenant: TenantId,
    run: RunId,
  ): Promise<{
    readonly steps: readonly { readonly step: string; readonly status: string }[];
    readonly gates: readonly { readonly gate: string; readonly state: string; readonly gateDigest: Digest }[];
  }>;
  /** Ciphertexts of the run's sensitive inputs. */
  abstract sensitiveInputs(tenant: TenantId, run: RunId): Promise<readonly SealedInput[]>;
  /** Takes the run out of circulation: no owner, status `halted`, audited. Fenced: false if the run is another's, who may have written to it. */
  abstract halt(run: ClaimedRun, code: string, detail: string): Promise<boolean>;
  /**
   * The run as it stands now, if this worker session still owns it under that fence: to go on with it here, as a claim would, when its children
   * were lost and it was not. Null if it is not ours any more. Waits as long as the database is away.
   */
  abstract resume(workerSession: WorkerSession, run: ClaimedRun): Promise<ClaimedRun | null>;
  /** Gives a run back undriven (drain, profile mismatch); counts for nothing. Fenced. */
  abstract release(run: ClaimedRun, waits: Json | null): Promise<void>;
  /**
   * A process that drives this run alone, in quarantine, is about to: if it goes down with its worker from here on, that is counted. False:
   * the run is not ours any more. Waits as long as the database is away.
   */
  abstract beginIsolated(run: ClaimedRun): Promise<boolean>;
  /** The process that drove this run alone, in quarantine, died of it: the next claim ends it (`POISON`). Fenced. */
  abstract markPoisoned(run: ClaimedRun): Promise<void>;
  /** Drains: frees what this worker session still owns and removes it. */
  abstract retire(workerSession: WorkerSession): Promise<void>;
}
