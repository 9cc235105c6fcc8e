import { canonical } from '@taskrunner/core/canonical';
import { runUuid, type TenantId } from '@taskrunner/core/foundation';
import type { NewRun } from '@taskrunner/core/ports';
import { createManyValues, createValues } from '../encoding/create-values';
import { statement, type Statement } from '../connection/statement';

type Step = readonly [Statement, readonly unknown[]];

/**
 * Statements of the transaction that stores runs of a tenant, each with its entry of the audit chain. The second last one yields the runs that
 * are new. What locks the counter of the chain comes last, since it stays locked until the commit; but before a concurrency group.
 */
export class SubmissionSteps {
  private readonly createStatement = statement('create-run');
  private readonly createManyStatement = statement('create-runs');
  private readonly auditStatement = statement('audit-submissions');
  private readonly turnStatement = statement('lock-submissions');
  private readonly lockStatement = statement('lock-audit');

  of(run: NewRun): readonly Step[] {
    const create: Step = [this.createStatement, createValues(run)];
    const tenant = [run.tenant];
    // A statement sees what was committed before it began: the counter is looked for when it is this one's turn.
    const locks: readonly Step[] =
      run.concurrency === null
        ? []
        : [
            [this.turnStatement, tenant],
            [this.lockStatement, tenant],
          ];
    return [...locks, create, this.audit(run.tenant, [run])];
  }

  /** Of runs without concurrency groups. */
  ofMany(tenant: TenantId, runs: readonly NewRun[]): readonly Step[] {
    const [first] = runs;
    if (runs.length === 1 && first) return this.of(first);
    return [[this.createManyStatement, createManyValues(tenant, runs)], this.audit(tenant, runs)];
  }

  private audit(tenant: TenantId, runs: readonly NewRun[]): Step {
    const ids = runs.map(({ runId }) => runUuid(runId));
    return [this.auditStatement, [tenant, ids, runs.map(({ audit }) => canonical(audit))]];
  }
}

/** Rows of the statement that stores the runs. */
export function createdRows<Row>(answers: readonly unknown[][]): readonly Row[] {
  return (answers.at(-2) ?? []) as Row[];
}
