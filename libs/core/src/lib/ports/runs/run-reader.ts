import type { StatementParts } from '../../evidence/bundle/archive';
import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import type { Actor } from '../../foundation/principal';
import type { RunStatus } from '../../foundation/statuses';
import type { StoredPage } from '../../journal/journaled-run';
import type { RunDocuments } from '../../stored/run-documents';
import type { ArtifactRow, StepRow } from './committer';

/** A delivery of sealed evidence that the run itself requested. Times in milliseconds since the epoch. */
export interface EvidenceExport {
  readonly destination: string;
  readonly artifacts: boolean;
  readonly status: 'pending' | 'delivered' | 'failed';
  readonly tries: number;
  /** Why the last try failed; null if it did not. */
  readonly reason: string | null;
  readonly requestedAt: number;
  /** Earliest time of the next try; null if there is none. */
  readonly nextAttemptAt: number | null;
  readonly endedAt: number | null;
}

/**
 * Why a run does not continue until a person acts: a step needs attention, it is halted because its records were altered, the seal of its
 * evidence is blocked, or a restore of the database stopped it.
 */
export const STUCK_REASONS = ['attention', 'halted', 'blocked', 'restore'] as const;
export type StuckReason = (typeof STUCK_REASONS)[number];

/**
 * The first request to cancel a run. It counts even if the run did not end as cancelled, because a step had failed before. A later request
 * can only add force.
 */
export interface RunCancellation {
  /** `name`: null if it is not known. It is known of the run's requester only. */
  readonly by: { readonly iss: string; readonly sub: string; readonly name: string | null };
  /** As it was given. Only workers know secrets, so it is redacted in the journal and not here. */
  readonly reason: string;
  readonly force: boolean;
  /** Milliseconds since the epoch. */
  readonly requestedAt: number;
}

/** A run for readers: O(1), from its row. */
export interface RunSummary {
  readonly runId: RunId;
  readonly status: string;
  readonly pack: { readonly name: string; readonly version: string; readonly contentDigest: Digest };
  readonly planHash: Digest;
  readonly profileDigest: Digest;
  readonly requester: { readonly iss: string; readonly sub: string; readonly name: string };
  readonly initiators: readonly Actor[];
  readonly labels: { readonly [key: string]: string };
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly waits: Json;
  /** Why it stands until a person acts; null: it does not. Never changes without `version`. */
  readonly stuck: StuckReason | null;
  readonly counts: Json;
  readonly outputs: Json;
  /** True: the run has outputs of more than 64 KiB, and this is a list, which leaves them out. */
  readonly outputsOmitted: boolean;
  /** `RunMessage`, as the row holds it; null if there is none. */
  readonly message: Json;
  readonly error: Json;
  /** Null: nobody requested it. */
  readonly cancellation: RunCancellation | null;
  readonly evidence: {
    readonly status: 'none' | 'pending' | 'blocked' | 'sealed' | 'refused';
    readonly digest: Digest | null;
    /** Why its seal is blocked: `<CODE>: <detail>`, without a secret; null if it is not. */
    readonly reason: string | null;
    readonly exports: readonly EvidenceExport[];
  };
  readonly lastLine: number;
  /** The original run of a rerun. */
  readonly rerunOf: RunId | null;
  /** Increases with every change: for ETag and long polls. */
  readonly version: number;
}

export interface ArtifactView extends ArtifactRow {
  readonly artifactId: string;
  readonly createdAt: number;
}

/** Everything that the attestation and the bundle are made of, read when the run has ended. */
export interface RunRecords {
  readonly summary: RunSummary;
  /** Compared with their digests. */
  readonly documents: RunDocuments;
  readonly manifest: string;
  readonly files: readonly {
    readonly path: string;
    readonly digest: Digest;
    readonly size: number;
    readonly executable: boolean;
  }[];
  /** Publishers' signatures of the pack, one per key. */
  readonly packSignatures: readonly { readonly envelope: Envelope; readonly hint: string }[];
  readonly inputs: Json;
  readonly admission: Envelope;
  readonly gates: readonly {
    readonly gate: string;
    readonly gateDigest: Digest;
    /** This member and the following ones have not been compared with digests. The seal does that. */
    readonly request: Json;
    readonly show: Json;
    readonly state: string;
  }[];
  readonly decisions: readonly { readonly gate: string; readonly decisionId: string; readonly envelope: Envelope }[];
  readonly resolutions: readonly Envelope[];
  /** Releases by which operators had the evidence sealed, in order. */
  readonly releases: readonly Envelope[];
  readonly artifacts: readonly ArtifactView[];
  readonly audit: { readonly seq: number; readonly head: Digest | null };
  /** Bytes of its journal as stored. */
  readonly journalBytes: number;
}

/** The source of a rerun: a run as admitted, and its progress. */
export interface RunOriginal extends Pick<RunRecords, 'manifest' | 'files' | 'packSignatures'> {
  /** Forms of gates in the order of their authors. Not compared with anything: a form counts if it equals that of the plan. */
  readonly forms: readonly Json[];
  readonly status: string;
  /** Compared with their digests, like the rest of the admission except the pack. */
  readonly documents: RunDocuments;
  readonly sourceDigest: Digest;
  /** Sensitive ones are `{sensitive: true}`. */
  readonly inputs: JsonObject;
  readonly initiators: readonly Actor[];
  readonly labels: { readonly [key: string]: string };
  /** Hash of the last page of its journal; null if it has none. */
  readonly head: Digest | null;
}

/** Times at which runs were created, milliseconds since the epoch. Absent members bound nothing. */
export interface CreatedRange {
  /** The first millisecond. */
  readonly createdAfter?: number;
  /** The first millisecond that is too late. */
  readonly createdBefore?: number;
}

/** Filter for the list of a tenant's runs: a run matches all members. Absent members match everything. */
export interface RunFilter extends CreatedRange {
  /** The run has one of these statuses. */
  readonly statuses?: readonly RunStatus[];
  /** Name of the pack. */
  readonly pack?: string;
  /** Version of the pack. */
  readonly version?: string;
  /** The run has all of these labels. */
  readonly labels?: readonly { readonly key: string; readonly value: string }[];
  /** `iss` null: a subject of any issuer. */
  readonly requester?: { readonly iss: string | null; readonly sub: string };
  readonly stuck?: StuckReason | 'any';
  /**
   * The beginning of a run id with `run_`, or its end, of at least 8 characters; otherwise a part of the pack name, of the value of a label or of the requester's name, where ASCII letters
   * match in either case.
   */
  readonly text?: string;
}

/** A page of runs, newest first. */
export interface RunPage {
  readonly runs: readonly RunSummary[];
  /**
   * The list continues with runs before this one; null: it ends here. It can continue although the page has fewer runs than were asked for,
   * or none, because one page searches a bounded number of runs.
   */
  readonly next: RunId | null;
}

/** How many runs have a status. */
export interface StatusCount {
  readonly status: RunStatus;
  readonly count: number;
  /** True: not all runs were counted, and there can be more. */
  readonly atLeast: boolean;
}

/** A gate that people approved. */
export interface EarlierApproval {
  readonly runId: RunId;
  readonly gate: string;
  /** When the last approval that it needed was given; milliseconds since the epoch. */
  readonly approvedAt: number;
  readonly documents: RunDocuments;
}

/**
 * Queries of the API. Each is answered within the tenant: a run of another tenant is `null`, like a run that does not exist. Documents are
 * compared with their digests first; all methods reject with `DocumentAltered`. The summary of a run that is known to be altered says so
 * and is made without a comparison.
 */
export abstract class RunReader {
  abstract summary(tenant: TenantId, run: RunId): Promise<RunSummary | null>;
  abstract list(tenant: TenantId, filter: RunFilter, limit: number, before: RunId | null): Promise<RunPage>;
  /** One for each status, in the order of `runStatuses`. Of each, a bounded number of the newest runs is counted. */
  abstract countByStatus(tenant: TenantId, range: CreatedRange): Promise<readonly StatusCount[]>;
  /** Envelope of the admission of a run as it is stored. Nothing was compared. */
  abstract admission(tenant: TenantId, run: RunId): Promise<Json>;
  abstract original(tenant: TenantId, run: RunId): Promise<RunOriginal | null>;
  /** Plan, profile and environment of a run. */
  abstract documents(tenant: TenantId, run: RunId): Promise<RunDocuments | null>;
  /**
   * The approval that people gave last until an instant (milliseconds) in another run of the same pack, with the plan of that run. Only
   * recent runs are searched.
   */
  abstract approvedBefore(tenant: TenantId, run: RunId, until: number): Promise<EarlierApproval | null>;
  /**
   * Where the steps of a run are: in rows, or in its journal, whose last entry has this number (ADR 108). Ask `RunSteps`, which reads both.
   * `isSealed`: there is evidence of the run.
   */
  abstract stepSource(
    tenant: TenantId,
    run: RunId,
  ): Promise<{ readonly hasRows: boolean; readonly lastSeq: number; readonly isSealed: boolean }>;
  abstract stepRows(
    tenant: TenantId,
    run: RunId,
    filter: { readonly parent?: string; readonly status?: string },
    limit: number,
    after: string | null,
  ): Promise<readonly StepRow[]>;
  /** How many child steps of a step, empty for the run itself, have each status. Statuses of none are absent. */
  abstract countStepRows(tenant: TenantId, run: RunId, parent: string): Promise<ReadonlyMap<string, number>>;
  /** Gates that the run has reached, ordered by instance id, after a given one. */
  abstract gateStepRows(tenant: TenantId, run: RunId, limit: number, after: string | null): Promise<readonly StepRow[]>;
  abstract stepRow(tenant: TenantId, run: RunId, step: string): Promise<StepRow | null>;
  abstract artifacts(tenant: TenantId, run: RunId): Promise<readonly ArtifactView[]>;
  /**
   * Up to `pages` pages of the journal whose first entry is after an entry, as in `Claims.pages`. Nothing was compared: the chain shows
   * whether they belong together.
   */
  abstract journal(tenant: TenantId, run: RunId, after: number, pages: number): Promise<readonly StoredPage[]>;
  /** The last page of the journal; null: there is none. */
  abstract lastPage(tenant: TenantId, run: RunId): Promise<StoredPage | null>;
  abstract records(tenant: TenantId, run: RunId): Promise<RunRecords | null>;
  abstract evidence(
    tenant: TenantId,
    run: RunId,
  ): Promise<{ readonly bundle: Digest; readonly size: number; readonly statements: StatementParts } | null>;
  /** Last seq and last line of watched runs, in one query for all (tail). */
  abstract tail(runs: readonly { readonly tenant: TenantId; readonly runId: RunId }[]): Promise<
    readonly {
      readonly tenant: TenantId;
      readonly runId: RunId;
      readonly lastSeq: number;
      readonly lastLine: number;
      readonly status: string;
      readonly version: number;
    }[]
  >;
}
