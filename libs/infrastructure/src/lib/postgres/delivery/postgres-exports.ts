import { runUuid, toRunId } from '@taskrunner/core/foundation';
import { Exports } from '@taskrunner/core/ports';
import type { TenantId } from '@taskrunner/core/foundation';
import type { DueExport, Settled } from '@taskrunner/core/ports';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

interface ExportRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly destination: string;
  readonly artifacts: boolean;
  readonly tries: number;
  readonly age_ms: number;
}

/** Deliveries of sealed evidence, leased by moving their due time. */
export class PostgresExports extends Exports {
  private readonly takeStatement = statement('take-export');
  private readonly settleStatement = statement('settle-export');

  constructor(private readonly queries: Queries) {
    super();
  }

  take(destination: string, leaseMs: number): Promise<DueExport | null> {
    return this.takeOne(destination, [], leaseMs);
  }

  takeOther(known: readonly string[], leaseMs: number): Promise<DueExport | null> {
    return this.takeOne(null, known, leaseMs);
  }

  async settle(due: DueExport, settled: Settled): Promise<void> {
    const pending = settled.status === 'pending';
    const values = [
      due.tenant,
      runUuid(due.runId),
      due.destination,
      settled.status,
      settled.status === 'delivered' ? null : settled.reason,
      pending ? settled.afterMs : 0,
    ];
    await withRetry(() => this.queries.inTenant(due.tenant, this.settleStatement, values));
  }

  /** Not retried: an item leased by a statement whose answer was lost becomes due again when the lease expires. */
  private async takeOne(
    destination: string | null,
    known: readonly string[],
    leaseMs: number,
  ): Promise<DueExport | null> {
    const [row] = await this.queries.across<ExportRow>(this.takeStatement, [destination, known, leaseMs]);
    return row
      ? {
          tenant: row.tenant_id as TenantId,
          runId: toRunId(row.run_id),
          destination: row.destination,
          artifacts: row.artifacts,
          tries: row.tries,
          ageMs: row.age_ms,
        }
      : null;
  }
}
