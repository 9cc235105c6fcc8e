import { canonical } from '@taskrunner/core/canonical';
import { runUuid, type TenantId } from '@taskrunner/core/foundation';
import type { NewRun } from '@taskrunner/core/ports';
import { statement, type Statement } from '../connection/statement';
import { createStatement } from './create-statement';

type Step = readonly [Statement, readonly unknown[]];

/** A row of a stored run. */
interface CreatedRow {
  readonly run_id: string;
  readonly in_line: boolean;
}

/**
 * Statements of the transaction that stores runs of a tenant, each with its entry in the audit chain. The second last statement returns the
 * new runs. The counter of the audit chain is locked last, because it stays locked until the commit. With a concurrency group it is locked
 * before the group.
 */
export class SubmissionSteps {
  private readonly auditStatement = statement('audit-submissions');
  private readonly turnStatement = statement('lock-submissions');
  private readonly lockStatement = statement('lock-audit');

  /**
   * A run with a concurrency group must be the only one.
   *
   * @param isStored true if the plans and profiles of all these runs were stored before, so that they are not sent again. A run whose plan or
   *   profile was deleted meanwhile is not stored then. Runs with idempotency keys are sent with their documents in any case.
   */
  of(tenant: TenantId, runs: readonly NewRun[], isStored = false): readonly Step[] {
    // Separate statements, because a statement sees only rows that were committed before it began: the counter is read after the lock on
    // submissions was acquired.
    const locks = [this.turnStatement, this.lockStatement].map((lock): Step => [lock, [tenant]]);
    const ids = runs.map(({ runId }) => runUuid(runId));
    const create = createStatement(tenant, runs, isStored);
    return [
      ...(runs.some(({ concurrency }) => concurrency !== null) ? locks : []),
      [create, create.values],
      [this.auditStatement, [tenant, ids, runs.map(({ audit }) => canonical(audit))]],
    ];
  }
}

/** Rows of the statement that stores the runs. */
export function createdRows(answers: readonly unknown[][]): readonly CreatedRow[] {
  return (answers.at(-2) ?? []) as CreatedRow[];
}
