import type { RunId, StepId, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';
import type { AssignmentReport } from '../workers/assignment-report';
import type { ClaimedRun } from './claims';
import type { Posted } from './run-store';
import type { WorkerSession } from '../workers/worker-description';

/** One execution of an assignment, with the part of its expression scope that its neighbours do not share. */
export interface AssignmentItem {
  readonly step: StepId;
  readonly attempt: number;
  readonly execution: number;
  readonly scope: JsonObject;
  /** Execute-by of the approvals that guard it, milliseconds since the epoch. It does not begin after that. */
  readonly executeBy: number | null;
}

/** What a driver dispatches together: executions of one leaf in items of one map, at most 256, in order (ADR 31). */
export interface Assignment {
  readonly tenant: TenantId;
  readonly runId: RunId;
  /** Unique in its run. */
  readonly name: string;
  /** The map. */
  readonly step: StepId;
  /** The expression scope that all of them share, without what every worker knows of the run. */
  readonly scope: JsonObject;
  /** Versions of secrets according to the journal. */
  readonly secrets: { readonly [name: string]: string };
  readonly attemptTimeoutMs: number;
  readonly items: readonly AssignmentItem[];
}

/**
 * An assignment as the driver's flush inserts it. `mac` is over `body`, hexadecimal; an executor verifies with it that a driver wrote the
 * body.
 */
export interface DispatchedAssignment {
  readonly name: string;
  readonly step: StepId;
  readonly first: number;
  readonly last: number;
  readonly items: number;
  readonly body: string;
  readonly mac: string;
}

/** Changes of a flush to assignments. An assignment is dispatched, revoked or settled at most once per flush. */
export interface AssignmentChanges {
  readonly dispatched: readonly DispatchedAssignment[];
  /** Steps to stop, by assignment. */
  readonly revoked: readonly { readonly name: string; readonly steps: readonly StepId[] }[];
  /** Ids of assignments whose items have all ended. */
  readonly settled: readonly string[];
}

/** An assignment that a worker holds, with its fence. */
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
  /** Steps to stop. */
  readonly stops: readonly StepId[];
  /** Executions that a previous holder has begun. The effect of unanswered ones is unknown. */
  readonly begun: readonly { readonly step: StepId; readonly execution: number; readonly answered: boolean }[];
}

/** The state of an assignment that a worker holds. */
export interface AssignmentStatus {
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly name: string;
  readonly fence: number;
  readonly stops: readonly StepId[];
  /** Number of inbox messages that the run's journal has taken. */
  readonly seen: number;
  /** True if the run is halted or has ended: nothing of it may continue. */
  readonly over: boolean;
}

/** Assignments from the executors' side. Drivers insert and settle them with their commits. */
export abstract class Assignments {
  /** Claims one free assignment of a run whose environment and labels this worker supports. */
  abstract claim(workerSession: WorkerSession): Promise<ClaimedAssignment | null>;
  /** The admission documents of a run of which a worker holds only assignments. */
  abstract run(tenant: TenantId, runId: RunId): Promise<ClaimedRun | null>;
  /** Writes rows for executions that are about to begin, and returns those that may. The call is idempotent. */
  abstract begin(
    held: HeldAssignment,
    executions: readonly { readonly step: StepId; readonly execution: number }[],
  ): Promise<readonly StepId[]>;
  /** Posts a report into the run's inbox. `lost`: the assignment is no longer held. */
  abstract report(held: HeldAssignment, report: AssignmentReport): Promise<Posted | { readonly kind: 'lost' }>;
  /** All assignments that this worker session holds, in one query. */
  abstract assignmentStatuses(workerSession: WorkerSession): Promise<readonly AssignmentStatus[]>;
  /** Number of other living workers. */
  abstract others(workerSession: WorkerSession): Promise<number>;
  /** Releases an assignment. Executions that have begun and are unanswered are lost. */
  abstract release(held: HeldAssignment): Promise<void>;
}
