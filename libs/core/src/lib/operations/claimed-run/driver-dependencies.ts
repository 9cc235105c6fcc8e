import type { AdmissionRecord, DecisionRecord, ResolutionRecord } from '../../evidence/records/documents';
import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, StepId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Archives } from '../../ports/evidence/archives';
import type { Claims, ClaimedRun, StoredPage } from '../../ports/runs/claims';
import type { WorkerDescription } from '../../ports/workers/worker-description';
import type { Clock } from '../../ports/clock';
import type { Committer } from '../../ports/runs/committer';
import type { Executor } from '../../ports/step/executor';
import type { LogStore } from '../../ports/runs/log-store';
import type { ObjectReferences } from '../../ports/objects/object-references';
import type { ObjectStore } from '../../ports/objects/object-store';
import type { PolicyJudges } from '../../ports/packs/policy-judge';
import type { SecretDependencies } from './run-secrets';
import type { Announcing } from '../delivery/announce';
import type { Honouring } from './honouring';
import type { FanOut } from './fan-out';
import type { ObjectStoreHealth } from '../objects/object-store-health';
import type { PackContents } from '../packs/stored-contents';

/** Why an execution failed or has no outcome. `causes`: redacted texts, the outermost error first. */
export interface ExecutorFailure {
  readonly step: StepId;
  readonly execution: number;
  readonly code: string;
  readonly causes: readonly string[];
  /** Of what an executor threw, redacted; null: it returned the outcome, or a coded error says enough. */
  readonly stack: string | null;
}

/** Dependencies of a driver. The worker and the tests provide them. */
export interface DriverDependencies {
  readonly claims: Claims;
  readonly committer: Committer;
  readonly logs: LogStore;
  /** Source of the journal of the original run of a rerun. */
  readonly archives: Archives;
  readonly objects: ObjectStore;
  readonly storeHealth: ObjectStoreHealth;
  readonly references: Pick<ObjectReferences, 'need'>;
  readonly clock: Clock;
  readonly executors: ReadonlyMap<string, Executor>;
  /** Policy engines besides CEL. */
  readonly judges: PolicyJudges;
  readonly announcing: Announcing;
  readonly worker: WorkerDescription;
  /** Absent: the driver drives every claimed run (tests of the driver alone). */
  readonly honouring?: Honouring;
  readonly secrets: SecretDependencies;
  /** Absent: the worker executes only steps of runs that it drives. */
  readonly fanOut?: FanOut;
  /** Number of entries after which a snapshot is written; absent: `SNAPSHOT_ENTRIES`. */
  readonly snapshotEntries?: number;
  /** Number of entries of its journal after which a run gets rows of steps; absent or 0: each run has them. */
  readonly stepRowsAfter?: number;
  /** The record in an envelope that verifies under a configured admission key; null if it does not. */
  openAdmission(envelope: Envelope): AdmissionRecord | null;
  /** The record in an envelope that verifies under a configured ledger key, and the digest of its payload; null if it does not. */
  openDecision(envelope: Envelope): { readonly record: DecisionRecord; readonly digest: Digest } | null;
  /** The same of a resolution. */
  openResolution(envelope: Envelope): { readonly record: ResolutionRecord; readonly digest: Digest } | null;
  /**
   * Resolves when this worker may act for what it owns: its object store accepts writes, and its lease was renewed in time. After an outage
   * of either it waits until both hold again. Also resolves when aborted. The signal is read only if there is something to wait for.
   */
  mayAct(waiter: Pick<AbortController, 'signal'>): Promise<void>;
  /** Computes the HMAC under the workers' journal key, hexadecimal. */
  mac(text: string): string;
  /** 128 random bits or more, hexadecimal. */
  nonce(): string;
  /** Plans the admitted pack again, with the values of sensitive inputs: the plan hash, or null if it cannot be planned. */
  replan(run: ClaimedRun): Promise<Digest | null>;
  /** Content digests of the claimed pack and of the published packs in it, by its manifest and its files. */
  contents(run: ClaimedRun): Promise<PackContents>;
  /** Reports to the log, with the error and its causes, an execution failure that its outcome alone does not explain. */
  executorFailed(run: ClaimedRun, failure: ExecutorFailure): void;
  /** Reports something that an operator must see. */
  alarm(run: ClaimedRun, code: string, detail: Json): void;
}

/** The text that a page's MAC covers (ADR 1). */
export function macText(runId: string, lastSeq: number, head: Digest, fence: number): string {
  return `${runId}\n${lastSeq}\n${head}\n${fence}`;
}

/**
 * Message about the first page whose MAC does not verify; null if all of them do. The fence of a MAC is the one of the last `run.claimed`
 * before it, or `fence` if that entry precedes these pages.
 */
export function macsDiffer(
  dependencies: Pick<DriverDependencies, 'mac'>,
  runId: RunId,
  pages: readonly StoredPage[],
  fence = 0,
): string | null {
  for (const page of pages) {
    for (const { event } of page.entries) if (event.type === 'run.claimed') fence = event.fence;
    const last = page.first + page.entries.length - 1;
    if (page.mac !== null && dependencies.mac(macText(runId, last, page.hash, fence)) !== page.mac)
      return `the mac of the page at entry ${page.first} does not verify`;
  }
  return null;
}
