import { canonical } from '../../canonical/canonical';
import type { Json } from '../../foundation/json';
import type { AssignmentReport } from '../../ports/workers/assignment-report';
import type { Assignment, Assignments } from '../../ports/runs/assignments';
import type { Slots } from './slots';

/** How a worker shares with others the executions that its maps have ready (ADR 31). */
export interface FanOut {
  readonly assignments: Assignments;
  /** What this worker has room for; what is ready beyond that is dispatched. */
  readonly slots: Slots;
  /** Executions of one assignment at most. */
  readonly items: number;
  /** Other workers that live; with none, nothing is dispatched. */
  others(): number;
}

/** The text that the mac of an assignment is over: its body, apart from everything else that the key is used for. */
export function assignmentText(body: string): string {
  return `assignment\n${body}`;
}

/** An assignment as it is stored. */
export function assignmentBody(assignment: Assignment): string {
  return canonical(assignment as unknown as Json);
}

/** The text that the mac of a report is over. */
export function reportText({ mac: _, ...report }: AssignmentReport): string {
  return `assignment-report\n${canonical(report as unknown as Json)}`;
}
