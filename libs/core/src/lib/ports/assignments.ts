import type { RunId, StepId, TenantId } from '../foundation/ids';
import type { Json, JsonObject } from '../foundation/json';
import type { Fact, GivenBody } from '../run/run-event';
import type { ClaimedRun, Incarnation, WorkerDescription } from './claims';
import type { Posted } from './run-store';

/** One execution that is lent, and what its expressions see that those of its neighbours do not. */
export interface LentItem {
  readonly step: StepId;
  readonly attempt: number;
  readonly execution: number;
  readonly scope: JsonObject;
  /** Execute-by of the approvals it stands behind, milliseconds since the epoch: later it does not begin. */
  readonly executeBy: number | null;
}

/** What a driver lends at once: executions of one leaf in items of one map, at most 256, in order (engine.md §5). */
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
  readonly items: readonly LentItem[];
}

/** An assignment as its driver's flush inserts it. `mac` is over `body`, hexadecimal: whoever takes it checks who wrote it. */
export interface OfferedAssignment {
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
  readonly offered: readonly OfferedAssignment[];
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
  readonly incarnation: Incarnation;
}

export interface ClaimedAssignment extends HeldAssignment {
  readonly body: string;
  readonly mac: string;
  /** Steps that are to stop. */
  readonly stops: readonly StepId[];
  /** Executions that a holder before has begun; of those that are not answered nobody knows what they did. */
  readonly begun: readonly { readonly step: StepId; readonly execution: number; readonly answered: boolean }[];
}

/** What happened in one execution, in order: its facts, then perhaps its end. */
export type Reported =
  { readonly kind: 'fact'; readonly fact: Fact } | { readonly kind: 'given'; readonly body: GivenBody };

/** What one letter of an executor holds. */
export interface AssignmentReport {
  readonly type: 'assignment.reported';
  readonly runId: RunId;
  readonly assignment: string;
  readonly fence: number;
  /** From 1 under this fence. */
  readonly number: number;
  readonly worker: Pick<WorkerDescription, 'name' | 'version' | 'build' | 'probe'>;
  readonly reported: readonly Reported[];
  /** Outputs by digest, of those that are not in the object store. */
  readonly values: { readonly [digest: string]: Json };
  /** The assignment cannot be performed here or anywhere: all that is not answered is lost. */
  readonly refused: boolean;
  /** HMAC of the rest under the workers' journal key, hexadecimal. */
  readonly mac: string;
}

/** Where an assignment that a worker holds stands. */
export interface AssignmentStanding {
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
  abstract claim(incarnation: Incarnation): Promise<ClaimedAssignment | null>;
  /** What was accepted of a run of which only assignments are held. */
  abstract run(tenant: TenantId, runId: RunId): Promise<ClaimedRun | null>;
  /** Rows of executions that are about to begin; those that may. Sent again it answers the same. */
  abstract begin(
    held: HeldAssignment,
    executions: readonly { readonly step: StepId; readonly execution: number }[],
  ): Promise<readonly StepId[]>;
  /** Posts a letter into the run's inbox; `lost`: the assignment is no longer held. */
  abstract report(held: HeldAssignment, report: AssignmentReport): Promise<Posted | { readonly kind: 'lost' }>;
  /** All that this incarnation holds: one question. */
  abstract standings(incarnation: Incarnation): Promise<readonly AssignmentStanding[]>;
  /** Workers that live beside this one. */
  abstract others(incarnation: Incarnation): Promise<number>;
  /** Gives one back; what has begun and is not answered is lost. */
  abstract release(held: HeldAssignment): Promise<void>;
}
