import { canonical } from '../../canonical/canonical';
import type { Json } from '../../foundation/json';
import type { AssignmentReport } from '../../ports/workers/assignment-report';
import type { Assignment, Assignments } from '../../ports/runs/assignments';
import type { Slots } from './slots';

/** How a worker shares the ready executions of its maps with other workers (ADR 31). */
export interface FanOut {
  readonly assignments: Assignments;
  /** Slots of this worker. Ready executions beyond them are dispatched. */
  readonly slots: Slots;
  /** Maximum number of executions in one assignment. */
  readonly items: number;
  /** Number of other living workers. If there are none, nothing is dispatched. */
  others(): number;
}

/** The text that the MAC of an assignment covers: its body, with a prefix that separates it from other uses of the key. */
export function assignmentText(body: string): string {
  return `assignment\n${body}`;
}

/** An assignment as it is stored. */
export function assignmentBody(assignment: Assignment): string {
  return canonical(assignment as unknown as Json);
}

/** The text that the MAC of a report covers. */
export function reportText({ mac: _, ...report }: AssignmentReport): string {
  return `assignment-report\n${canonical(report as unknown as Json)}`;
}
