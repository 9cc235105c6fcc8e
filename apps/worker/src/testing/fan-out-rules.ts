import { toRunId } from '@taskrunner/core/foundation';
import type { AssignmentReport } from '@taskrunner/core/ports';
import { runKey, type Change, type ModelDatabase } from '@taskrunner/infrastructure/testing';
import type { AssignmentRow, ExecutionRow, InboxRow, SourceRow } from '@taskrunner/infrastructure/testing';
import type { Invariant, WorkerHealth } from './verdict';

/** The rules for rows of assignments and their executions, after each commit and at the end. */
export class FanOutRules {
  constructor(
    private readonly database: () => ModelDatabase,
    private readonly healthOf: (workerSession: string) => WorkerHealth,
    private readonly wrong: (invariant: Invariant, what: string) => void,
  ) {}

  onChange(statement: string, { table, before, after }: Change): void {
    if (table.name === 'assignments' && before && after)
      this.assignmentChanged(statement, before as AssignmentRow, after as AssignmentRow);
    if (table.name === 'inbox' && statement === 'post-report') this.reported(after as InboxRow);
    if (table.name === 'executions' && statement === 'begin-executions') this.mayBegin(after as ExecutionRow);
  }

  /** An execution may get a row only if it was not told to stop. */
  private mayBegin({ step, execution, fence, ...of }: ExecutionRow): void {
    const { assignments } = this.database().tables;
    const name = `${toRunId(of.run_id)} ${step}#${execution}`;
    const held = assignments.rows(keyOf(of)).find((one) => one.name === of.name);
    if (held?.stops.includes(step)) this.wrong(8, `${name} may begin after it was revoked`);
    if (held?.fence !== fence) this.wrong(4, `${name} may begin under fence ${fence} of ${held?.fence ?? 'none'}`);
  }

  /** A worker that reports must hold the assignment. */
  private reported({ given: supplied, ...of }: InboxRow): void {
    const { assignment, fence } = JSON.parse(supplied) as AssignmentReport;
    const held = this.database()
      .tables.assignments.rows(keyOf(of))
      .find(({ name }) => name === assignment);
    if (held?.fence === fence && held.owner !== null) return;
    const now = `${held?.fence ?? 'none'} of ${held?.owner ?? 'nobody'}`;
    this.wrong(1, `${assignment} of ${of.run_id} is reported under fence ${fence}: it is at ${now}`);
  }

  private assignmentChanged(statement: string, before: AssignmentRow, after: AssignmentRow): void {
    const name = `${before.name} of ${before.run_id} in ${statement}`;
    const isClaim = statement === 'claim-assignment';
    if (after.fence !== before.fence + (isClaim ? 1 : 0)) this.wrong(1, `the fence of ${name} is ${after.fence}`);
    if (isClaim && before.owner !== null) this.wrong(1, `${name} is taken from ${before.owner}`);
    if (statement === 'free-assignments' && before.owner !== null && this.healthOf(before.owner) === 'well')
      this.wrong(10, `${name} is taken from a worker that is well`);
    if (after.left_over < 0) this.wrong(7, `${name}: more is answered than was lent`);
  }

  hasRow(of: SourceRow, assignment: string, step: string, execution: number): boolean {
    const { executions } = this.database().tables;
    const rows = executions.rows(`${keyOf(of)}/${assignment}`);
    return rows.some((row) => row.step === step && row.execution === execution && !row.answered);
  }

  /** An ended run has no assignments. */
  atEnd(name: string, key: string): void {
    const { assignments, executions } = this.database().tables;
    for (const { name: assignment, owner } of assignments.rows(key))
      this.wrong(8, `${name} has lent ${assignment} still, to ${owner ?? 'nobody'}`);
    for (const row of executions.rows())
      if (keyOf(row) === key) this.wrong(8, `${name}: the row of ${row.step}#${row.execution} stays`);
  }
}

function keyOf({ tenant_id, run_id }: Pick<SourceRow, 'tenant_id' | 'run_id'>): string {
  return runKey(tenant_id, run_id);
}
