import type { RunStatus } from '../../foundation/statuses';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { GateOutcome } from '../../gate/gate-state';
import type { Page } from '../../journal/page';
import type { Announcement } from './announcements';
import type { AssignmentChanges } from './assignments';

/** One step instance as readers see it; the last state of the commit, one row per step. */
export interface StepRow {
  readonly step: string;
  /** Instance id of the container, `''` for the root's children; null for the root itself. */
  readonly parent: string | null;
  /** Place among its siblings, for listing in plan order. */
  readonly place: number;
  readonly kind: string;
  readonly label: string | null;
  readonly status:
    | 'pending'
    | 'running'
    | 'waiting'
    | 'retrying'
    | 'needs_attention'
    | 'succeeded'
    | 'failed'
    | 'skipped'
    | 'cancelled';
  /** Code of the outcome or of the wait. */
  readonly reason: string | null;
  readonly attempts: number;
  readonly nextAttemptAt: number | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly children: number | null;
  /** By value up to 64 KiB, else null. */
  readonly outputs: Json;
  readonly outputsRef: Json;
  /** `{run, step, digest}` of what a rerun took over; null: it was executed. */
  readonly reusedFrom: Json;
  readonly error: Json;
}

export type GateChange =
  | {
      readonly kind: 'opened';
      readonly gate: string;
      readonly approval: string;
      readonly gateDigest: Digest;
      readonly request: Json;
      /** What is shown, by value. */
      readonly show: Json;
      readonly required: number;
      readonly expiresAt: number;
    }
  /** The driver ends it (expiry, cancel): only `WHERE state = 'open'`. An approved or rejected row was changed by the decision itself. */
  | { readonly kind: 'ended'; readonly gate: string; readonly outcome: GateOutcome };

export interface ArtifactRow {
  readonly step: string;
  readonly execution: number;
  readonly name: string;
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
}

export interface RunChange {
  readonly status: Exclude<RunStatus, 'queued' | 'halted'>;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** `[{kind, id, since, until}]` */
  readonly waits: Json;
  /** Steps by status, and `total`. */
  readonly counts: Json;
  readonly outputs: Json;
  readonly error: Json;
  readonly lastLine: number;
  /** A step's result was committed: the crash count starts again. */
  readonly progressed: boolean;
}

/** Work that follows a commit. */
export type OutboxEntry =
  | { readonly kind: 'attest'; readonly body: Json }
  | {
      readonly kind: 'announce';
      readonly body: Announcement;
      /** Those of one stream of a run are told in the order of their places. */
      readonly stream: string;
      readonly place: number;
      /** Not before this time, milliseconds since the epoch; null: at once. */
      readonly dueAt: number | null;
    };

/** What one run adds in one flush. */
export interface Commit {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly fence: number;
  readonly prevSeq: number;
  readonly page: Page;
  /** True if the page begins with a snapshot: claims go on from there. */
  readonly isSnapshot: boolean;
  /** The RFC 8785 text of its entries, where it is at hand: it was hashed. */
  readonly entriesText?: string;
  /** HMAC over (run, last seq, head, fence) under the workers' journal key, hexadecimal. */
  readonly mac: string;
  readonly steps: readonly StepRow[];
  readonly gates: readonly GateChange[];
  readonly artifacts: readonly ArtifactRow[];
  /** Chunks that get their place: first line number each. */
  readonly chunks: readonly {
    readonly step: string;
    readonly execution: number;
    readonly chunk: number;
    readonly firstLine: number;
  }[];
  /** Inbox position up to which messages are now in the journal. */
  readonly seen: number;
  /** True if it parks the run, ends a gate, the attention of a step or the run: then it commits only if no further inbox message has come. */
  readonly closes: boolean;
  /** True if the driver lets go: parked or ended. `dueAt` is the next moment it needs a worker; null: only an inbox message wakes it. */
  readonly releases: boolean;
  readonly dueAt: number | null;
  readonly outbox: readonly OutboxEntry[];
  readonly run: RunChange;
  /** Absent where it dispatches nothing and takes nothing back. */
  readonly assignments?: AssignmentChanges;
}

export type Committed =
  | { readonly kind: 'committed' }
  /** Another owner, or none: stop, nothing was written. */
  | { readonly kind: 'claim-lost' }
  /** An inbox message came first (`closes`): read it and decide again; nothing was written. */
  | { readonly kind: 'letters' }
  /** The database refuses this run's data: the run ends `ENGINE_COMMIT_REFUSED`. */
  | { readonly kind: 'refused'; readonly message: string };

/** Group commit hides here: one statement a flush, several runs a statement (ADR 29). */
export abstract class Committer {
  abstract commit(commit: Commit): Promise<Committed>;
}
