import { canonical } from '@taskrunner/core/canonical';
import { runUuid, type TenantId } from '@taskrunner/core/foundation';
import type { NewRun } from '@taskrunner/core/ports';
import { createValues } from '../encoding/create-values';
import { statement, type Statement } from '../connection/statement';

type Step = readonly [Statement, readonly unknown[]];

/** A run that was stored. */
interface CreatedRow {
  readonly run_id: string;
  readonly in_line: boolean;
}

/**
 * Statements of the transaction that stores runs of a tenant, each with its entry of the audit chain. The second last one yields the runs that
 * are new. What locks the counter of the chain comes last, since it stays locked until the commit; but before a concurrency group.
 */
export class SubmissionSteps {
  private readonly createStatement = statement('create-runs');
  private readonly auditStatement = statement('audit-submissions');
  private readonly turnStatement = statement('lock-submissions');
  private readonly lockStatement = statement('lock-audit');

  /** A run of a concurrency group comes alone. */
  of(tenant: TenantId, runs: readonly NewRun[]): readonly Step[] {
    // A statement sees what was committed before it began: the counter is looked for when it is this one's turn.
    const locks = [this.turnStatement, this.lockStatement].map((lock): Step => [lock, [tenant]]);
    const ids = runs.map(({ runId }) => runUuid(runId));
    return [
      ...(runs.some(({ concurrency }) => concurrency !== null) ? locks : []),
      [this.createStatement, createValues(tenant, runs)],
      [this.auditStatement, [tenant, ids, runs.map(({ audit }) => canonical(audit))]],
    ];
  }
}

/** Rows of the statement that stores the runs. */
export function createdRows(answers: readonly unknown[][]): readonly CreatedRow[] {
  return (answers.at(-2) ?? []) as CreatedRow[];
}
