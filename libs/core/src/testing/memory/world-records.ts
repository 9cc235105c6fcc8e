import type { Digest, RunId } from '../../lib/foundation/ids';
import type { Json } from '../../lib/foundation/json';
import type { Page } from '../../lib/journal/page';
import type { ClaimedRun } from '../../lib/ports/runs/claims';
import type { Commit, StepRow } from '../../lib/ports/runs/committer';
import type { LogChunk } from '../../lib/ports/runs/log-store';
import type { InboxMessage } from '../../lib/ports/runs/run-store';
import type { SealedInput } from '../../lib/ports/runs/sensitive-inputs';
import type { MemoryAssignments } from './memory-assignments';

/** The row of a run. */
export interface StoredRun {
  claimed: ClaimedRun;
  fence: number;
  owner: string | null;
  lastSeq: number;
  lastLine: number;
  head: Digest | null;
  snapshotSeq: number | null;
  seen: number;
  inbox: number;
  crashes: number;
  dueAt: number | null;
  committedAt: number | null;
  status: string;
  halted: string | null;
  run: Commit['run'] | null;
  areStepsJournaled: boolean;
}

/** The row of a gate. */
export interface StoredGate {
  readonly gate: string;
  readonly state: string;
  readonly gateDigest: Digest;
  readonly request: Json;
  readonly show: Json;
}

/** What the stores of a world in memory read and write. */
export interface WorldRecords {
  readonly at: number;
  readonly runs: ReadonlyMap<RunId, StoredRun>;
  readonly pages: ReadonlyMap<RunId, (Page & { mac: string })[]>;
  readonly rows: ReadonlyMap<RunId, Map<string, StepRow>>;
  readonly gates: ReadonlyMap<RunId, Map<string, StoredGate>>;
  readonly inbox: ReadonlyMap<RunId, InboxMessage[]>;
  readonly chunks: ReadonlyMap<RunId, (LogChunk & { firstLine: number | null })[]>;
  readonly sensitive: ReadonlyMap<RunId, readonly SealedInput[]>;
  readonly outbox: Json[];
  readonly assignments: MemoryAssignments;
  readonly passed: { readonly runId: RunId; readonly parts: string; readonly keep: boolean }[];
  beforeCommit(commit: Commit): void;
  run(runId: RunId): StoredRun;
}
