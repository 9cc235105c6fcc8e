import { canonical } from '@taskrunner/core/canonical';
import { runUuid, toRunId, isOver } from '@taskrunner/core/foundation';
import { Assignments } from '@taskrunner/core/ports';
import type { Json, RunId, StepId, TenantId } from '@taskrunner/core/foundation';
import type {
  AssignmentReport,
  AssignmentStatus,
  ClaimedAssignment,
  ClaimedRun,
  HeldAssignment,
  WorkerSession,
  Posted,
} from '@taskrunner/core/ports';
import type { Pool } from 'pg';
import { toClaimedRun, type ClaimedRow } from '../claims/claimed-run';
import { AS_LONG_AS_IT_TAKES, withRetry } from '../connection/retry';
import { queryOf, statement, type Statement } from '../connection/statement';
import { alteredPositions, inboxGuard } from '../encoding/run-rows';

interface ClaimedAssignmentRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly name: string;
  readonly fence: number;
  readonly body: string;
  readonly mac: Buffer;
  readonly stops: StepId[];
  readonly begun: ClaimedAssignment['begun'];
}

interface AssignmentStatusRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly name: string;
  readonly fence: number;
  readonly stops: StepId[];
  readonly seen: number;
  readonly over: boolean;
}

interface ReportedRow {
  readonly position: number | null;
  readonly status: string;
  readonly unread: number;
  readonly held: boolean;
}

/**
 * Assignments as rows. If the answer to a claim is lost, the session holds an assignment that no executor performs. As with runs, the next
 * query for all held assignments finds and releases those that are missing from the worker's state.
 */
export class PostgresAssignments extends Assignments {
  private readonly claimStatement = statement('claim-assignment');
  private readonly runStatement = statement('assigned-run');
  private readonly beginStatement = statement('begin-executions');
  private readonly reportStatement = statement('post-report');
  private readonly countedStatement = statement('inbox-counted');
  private readonly assignmentStatusesStatement = statement('assignment-statuses');
  private readonly releaseStatement = statement('release-assignment');
  private readonly othersStatement = statement('other-workers');
  private lastServed = '';

  constructor(private readonly pool: Pool) {
    super();
  }

  async claim(workerSession: WorkerSession): Promise<ClaimedAssignment | null> {
    const values = [workerSession.id, this.lastServed];
    const [row] = await this.ask<ClaimedAssignmentRow>(this.claimStatement, values);
    if (!row) return null;
    this.lastServed = row.tenant_id;
    const { name, fence, body, stops, begun } = row;
    const runId = toRunId(row.run_id);
    const tenant = row.tenant_id as TenantId;
    return { tenant, runId, name, fence, workerSession, body, stops, begun, mac: row.mac.toString('hex') };
  }

  async run(tenant: TenantId, runId: RunId): Promise<ClaimedRun | null> {
    const [row] = await this.untilAnswered<ClaimedRow>(this.runStatement, [tenant, runUuid(runId)]);
    return row ? toClaimedRun(row) : null;
  }

  async begin(
    held: HeldAssignment,
    executions: readonly { readonly step: StepId; readonly execution: number }[],
  ): Promise<readonly StepId[]> {
    const rows = await this.untilAnswered<{ step: StepId }>(this.beginStatement, [
      ...keyOf(held),
      executions.map(({ step }) => step),
      executions.map(({ execution }) => execution),
    ]);
    return rows.map(({ step }) => step);
  }

  async report(held: HeldAssignment, report: AssignmentReport): Promise<Posted | { readonly kind: 'lost' }> {
    const ends = report.reported.flatMap((part) =>
      part.kind === 'given' && 'execution' in part.body ? [part.body] : [],
    );
    const [row] = await this.untilAnswered<ReportedRow>(this.reportStatement, [
      ...keyOf(held),
      `assignment ${held.name} ${held.fence} ${report.number}`,
      canonical(report as unknown as Json),
      ends.map(({ step }) => step),
      ends.map(({ execution }) => execution),
      report.refused,
    ]).catch(inboxGuard(held));
    if (!row) return { kind: 'refused', code: 'RUN_NOT_FOUND' };
    if (row.position !== null) return { kind: 'posted', position: row.position };
    if (!row.held) return { kind: 'lost' };
    if (isOver(row.status)) return { kind: 'refused', code: 'RUN_ENDED' };
    if (row.unread >= UNREAD) {
      const values = [held.tenant, runUuid(held.runId)];
      const [counted] = await this.untilAnswered<{ misplaced: boolean }>(this.countedStatement, values);
      if (counted?.misplaced) throw alteredPositions(held.tenant, held.runId);
      return { kind: 'refused', code: 'INBOX_FULL' };
    }
    // Not inserted although there was room: an earlier sending of this report was committed while the statement waited. It can be read now.
    return this.report(held, report);
  }

  async assignmentStatuses(workerSession: WorkerSession): Promise<readonly AssignmentStatus[]> {
    const rows = await this.ask<AssignmentStatusRow>(this.assignmentStatusesStatement, [workerSession.id]);
    return rows.map(({ tenant_id, run_id, name, fence, stops, seen, over }) => ({
      ...{ name, fence, stops, seen, over },
      tenant: tenant_id as TenantId,
      runId: toRunId(run_id),
    }));
  }

  async release(held: HeldAssignment): Promise<void> {
    await withRetry(() => this.ask(this.releaseStatement, keyOf(held)));
  }

  async others(workerSession: WorkerSession): Promise<number> {
    const [row] = await this.ask<{ others: number }>(this.othersStatement, [workerSession.id]);
    return row?.others ?? 0;
  }

  /**
   * Retried without limit, like a driver's query. Abandoning executions during an outage of the database would repeat them, or require a
   * person to resolve them.
   */
  private untilAnswered<Row>(text: Statement, values: readonly unknown[]): Promise<Row[]> {
    return withRetry(() => this.ask<Row>(text, values), AS_LONG_AS_IT_TAKES);
  }

  private async ask<Row>(text: Statement, values: readonly unknown[]): Promise<Row[]> {
    return (await this.pool.query(queryOf(text, values))).rows as Row[];
  }
}

/** Maximum number of unread inbox messages of a run. */
const UNREAD = 1_000;

function keyOf({ tenant, runId, name, fence, workerSession }: HeldAssignment): unknown[] {
  return [tenant, runUuid(runId), name, fence, workerSession.id];
}
