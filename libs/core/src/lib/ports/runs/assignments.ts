import type { RunId, StepId, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { AssignmentReport } from '../workers/assignment-report';
import type { ClaimedRun } from './claims';
import type { Posted } from './run-store';
import type { WorkerSession } from '../workers/worker-description';

/** One execution of an assignment, and what its expressions see that those of its neighbours do not. */
export interface AssignmentItem {
  readonly step: StepId;
  readonly attempt: number;
  readonly execution: number;
  readonly scope: JsonObject;
  /** Execute-by of the approvals it stands behind, milliseconds since the epoch: later it does not begin. */
  readonly executeBy: number | null;
}

/** What a driver dispatches at once: executions of one leaf in items of one map, at most 256, in order (ADR 31). */
export interface Assignment {
  readonly tenant: TenantId;
  readonly runId: RunId;
  /** Unique in its run. */
  readonly name: string;
  /** The map. */
  readonly step: StepId;
  /** What the expressions of all of them see; what every worker knows of the run is left out. */
  readonly scope: JsonObject;
  /** Secrets by the version that the journal holds. */
  readonly secrets: { readonly [name: string]: string };
  readonly attemptTimeoutMs: number;
  readonly items: readonly AssignmentItem[];
}

/** An assignment as its driver's flush inserts it. `mac` is over `body`, hexadecimal: whoever takes it checks who wrote it. */
export interface DispatchedAssignment {
  readonly name: string;
  readonly step: StepId;
  readonly first: number;
  readonly last: number;
  readonly items: number;
  readonly body: string;
  readonly mac: string;
}

/** What a flush does to assignments. One is not offered, revoked or settled twice in a flush. */
export interface AssignmentChanges {
  readonly dispatched: readonly DispatchedAssignment[];
  /** Steps that are to stop, by assignment. */
  readonly revoked: readonly { readonly name: string; readonly steps: readonly StepId[] }[];
  /** Every item of them is over: names. */
  readonly settled: readonly string[];
}

/** Which assignment a worker holds, under which fence. */
export interface HeldAssignment {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly name: string;
  readonly fence: number;
  readonly workerSession: WorkerSession;
}

export interface ClaimedAssignment extends HeldAssignment {
  readonly body: string;
  readonly mac: string;
  /** Steps that are to stop. */
  readonly stops: readonly StepId[];
  /** Executions that a holder before has begun; of those that are not answered nobody knows what they did. */
  readonly begun: readonly { readonly step: StepId; readonly execution: number; readonly answered: boolean }[];
}

/** Where an assignment that a worker holds stands. */
export interface AssignmentStatus {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly name: string;
  readonly fence: number;
  readonly stops: readonly StepId[];
  /** Letters that the run's journal has taken. */
  readonly seen: number;
  /** The run is halted or over: nothing of it may go on. */
  readonly over: boolean;
}

/** Assignments as executors see them. Drivers insert and settle them with their commits. */
export abstract class Assignments {
  /** Claims one assignment that nobody holds, of runs whose environment and labels this worker has. */
  abstract claim(workerSession: WorkerSession): Promise<ClaimedAssignment | null>;
  /** What was accepted of a run of which only assignments are held. */
  abstract run(tenant: TenantId, runId: RunId): Promise<ClaimedRun | null>;
  /** Rows of executions that are about to begin; those that may. Sent again it answers the same. */
  abstract begin(
    held: HeldAssignment,
    executions: readonly { readonly step: StepId; readonly execution: number }[],
  ): Promise<readonly StepId[]>;
  /** Posts a report into the run's inbox; `lost`: the assignment is no longer held. */
  abstract report(held: HeldAssignment, report: AssignmentReport): Promise<Posted | { readonly kind: 'lost' }>;
  /** All assignments that this worker session holds, by one query. */
  abstract assignmentStatuses(workerSession: WorkerSession): Promise<readonly AssignmentStatus[]>;
  /** Workers that live beside this one. */
  abstract others(workerSession: WorkerSession): Promise<number>;
  /** Gives one back; what has begun and is not answered is lost. */
  abstract release(held: HeldAssignment): Promise<void>;
}
