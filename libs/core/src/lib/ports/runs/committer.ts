import type { RunStatus } from '../../foundation/statuses';
import type { Digest, RunId, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { GateOutcome } from '../../gate/gate-state';
import type { Page } from '../../journal/page';
import type { RunMessage } from '../../run/run-end';
import type { Announcement } from './announcements';
import type { AssignmentChanges } from './assignments';

/** The row of one step instance for readers: its last state in the commit, one row per step. */
export interface StepRow {
  readonly step: string;
  /** Instance id of the container, `''` for the root's children; null for the root itself. */
  readonly parent: string | null;
  /** Position among its siblings, for listing in plan order. */
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
  /** By value up to 64 KiB, otherwise null. */
  readonly outputs: Json;
  readonly outputsRef: Json;
  /** `{run, step, digest}` of a reused result; null if the step was executed. */
  readonly reusedFrom: Json;
  readonly error: Json;
}

/** A step that a commit changes. */
export type StepChange = Pick<StepRow, 'step' | 'kind' | 'status'>;

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
  /** The driver ends it (expiry, cancellation): only `WHERE state = 'open'`. A decision itself changes the row to approved or rejected. */
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
  /** Null until the run has ended, and if it has no message. */
  readonly message: RunMessage | null;
  readonly error: Json;
  readonly lastLine: number;
  /** A step's result was committed, which resets the crash count. */
  readonly progressed: boolean;
}

/** Work that follows a commit. */
export type OutboxEntry =
  | {
      /** The run has ended: seal its evidence. */
      readonly kind: 'attest';
      /** W3C `traceparent` of the run's submission. */
      readonly traceContext?: string;
    }
  | {
      readonly kind: 'announce';
      readonly body: Announcement;
      /** Announcements of one stream of a run are sent in the order of their positions. */
      readonly stream: string;
      readonly place: number;
      /** Earliest time, milliseconds since the epoch; null: immediately. */
      readonly dueAt: number | null;
    };

/** The part of a flush that belongs to one run. */
export interface Commit {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly fence: number;
  readonly prevSeq: number;
  readonly page: Page;
  /** True if the page begins with a snapshot, from which claims resume. */
  readonly isSnapshot: boolean;
  /** The RFC 8785 text of its entries, if it is available from hashing. */
  readonly entriesText?: string;
  /** HMAC over (run, last seq, head, fence) under the workers' journal key, hexadecimal. */
  readonly mac: string;
  /** The steps that it changes. */
  readonly changes: readonly StepChange[];
  /** Rows of steps: of those that it changes, of all, or none. */
  readonly steps: readonly StepRow[];
  /** True if the run has no rows of steps after this commit: readers take its steps from its journal (ADR 108). */
  readonly areStepsJournaled: boolean;
  readonly gates: readonly GateChange[];
  readonly artifacts: readonly ArtifactRow[];
  /** Chunks that are numbered: the first line number of each. */
  readonly chunks: readonly {
    readonly step: string;
    readonly execution: number;
    readonly chunk: number;
    readonly firstLine: number;
  }[];
  /** Inbox position up to which the journal has taken messages. */
  readonly seen: number;
  /**
   * True if it parks the run or ends a gate, the attention of a step, or the run. It then commits only if there are no further inbox
   * messages.
   */
  readonly closes: boolean;
  /**
   * True if the driver releases the run, parked or ended. `dueAt` is the next time at which it needs a worker; null: only an inbox message
   * wakes it.
   */
  readonly releases: boolean;
  readonly dueAt: number | null;
  readonly outbox: readonly OutboxEntry[];
  readonly run: RunChange;
  /** Absent if it changes no assignments. */
  readonly assignments?: AssignmentChanges;
}

export type Committed =
  | { readonly kind: 'committed' }
  /** The run has another owner, or none. The driver must stop; nothing was written. */
  | { readonly kind: 'claim-lost' }
  /** An inbox message came first (`closes`). The driver must read it and decide again; nothing was written. */
  | { readonly kind: 'letters' }
  /** The database refuses this run's data. The run ends with `ENGINE_COMMIT_REFUSED`, or is halted if its outcomes cannot be stored. */
  | { readonly kind: 'refused'; readonly message: string };

/** Commits turns. An implementation may group them: one statement per flush, several runs per statement (ADR 29). */
export abstract class Committer {
  abstract commit(commit: Commit): Promise<Committed>;
}
