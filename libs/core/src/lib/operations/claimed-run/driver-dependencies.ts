import type { AdmissionRecord, DecisionRecord, ResolutionRecord } from '../../evidence/records/documents';
import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, StepId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { Page } from '../../journal/page';
import type { Archives } from '../../ports/evidence/archives';
import type { Claims, ClaimedRun } from '../../ports/claims';
import type { WorkerDescription } from '../../ports/worker-description';
import type { Clock } from '../../ports/clock';
import type { Committer } from '../../ports/committer';
import type { Executor } from '../../ports/executor';
import type { LogStore } from '../../ports/log-store';
import type { ObjectReferences } from '../../ports/object-references';
import type { ObjectStore } from '../../ports/object-store';
import type { PolicyJudges } from '../../ports/policy-judge';
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

/** What a driver acts with. The worker composes it; the tests do too. */
export interface DriverDependencies {
  readonly claims: Claims;
  readonly committer: Committer;
  readonly logs: LogStore;
  /** Where the journal of another run may stand: that of a rerun's original. */
  readonly archives: Archives;
  readonly objects: ObjectStore;
  readonly storeHealth: ObjectStoreHealth;
  readonly references: Pick<ObjectReferences, 'need'>;
  readonly clock: Clock;
  readonly executors: ReadonlyMap<string, Executor>;
  /** Policy engines beside CEL. */
  readonly judges: PolicyJudges;
  readonly announcing: Announcing;
  readonly worker: WorkerDescription;
  /** Absent: it drives whatever it has claimed (tests of the driver alone). */
  readonly honouring?: Honouring;
  readonly secrets: SecretDependencies;
  /** Absent: it executes what it drives, and nothing else. */
  readonly fanOut?: FanOut;
  /** Entries after which a snapshot is written; absent: `SNAPSHOT_ENTRIES`. */
  readonly snapshotEntries?: number;
  /** The record in an envelope that verifies under a configured admission key; null if it does not. */
  openAdmission(envelope: Envelope): AdmissionRecord | null;
  /** The record in an envelope that verifies under a configured ledger key, and the digest of its payload; null if it does not. */
  openDecision(envelope: Envelope): { readonly record: DecisionRecord; readonly digest: Digest } | null;
  /** The same of a resolution. */
  openResolution(envelope: Envelope): { readonly record: ResolutionRecord; readonly digest: Digest } | null;
  /**
   * Resolves once this worker may act for what it owns: its object store keeps what is written, and its lease was renewed in time; after an
   * outage of either, once they are again. Or when aborted.
   */
  mayAct(signal: AbortSignal): Promise<void>;
  /** HMAC under the workers' journal key, hexadecimal. */
  mac(text: string): string;
  /** 128 random bits or more, hexadecimal. */
  nonce(): string;
  /** Plans the admitted pack again, with the values of sensitive inputs: the plan hash, or null if it cannot be planned. */
  replan(run: ClaimedRun): Promise<Digest | null>;
  /** Content digests of the claimed pack and of the published packs in it, by its manifest and its files. */
  contents(run: ClaimedRun): Promise<PackContents>;
  /** An execution went wrong in a way that its outcome alone does not explain: with the error and what caused it, for the log. */
  executorFailed(run: ClaimedRun, failure: ExecutorFailure): void;
  /** Something that an operator must see. */
  alarm(run: ClaimedRun, code: string, detail: Json): void;
}

/** The text that a page's mac is over (evidence.md §5). */
export function macText(runId: string, lastSeq: number, head: Digest, fence: number): string {
  return `${runId}\n${lastSeq}\n${head}\n${fence}`;
}

/**
 * What of a journal's macs does not verify: each is under the fence that the last `run.claimed` before it names, `fence` where that stands
 * before these pages. Null: they all do.
 */
export function macsDiffer(
  dependencies: Pick<DriverDependencies, 'mac'>,
  runId: RunId,
  pages: readonly (Page & { readonly mac: string })[],
  fence = 0,
): string | null {
  for (const page of pages) {
    for (const { event } of page.entries) if (event.type === 'run.claimed') fence = event.fence;
    const last = page.first + page.entries.length - 1;
    if (dependencies.mac(macText(runId, last, page.hash, fence)) !== page.mac)
      return `the mac of the page at entry ${page.first} does not verify`;
  }
  return null;
}
