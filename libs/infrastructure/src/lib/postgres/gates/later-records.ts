import { runUuid, type RunId, type TenantId } from '@taskrunner/core/foundation';
import { compareLaterRecords, type KnownSignatures, type LaterRecord } from '@taskrunner/core/stored';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

interface LaterRow extends Pick<LaterRecord, 'document' | 'envelope'> {
  readonly decided_ms: number;
}

/** Decisions and resolutions that keep a new one out. */
export class LaterRecords {
  private readonly laterStatement = statement('later-records');

  /** `signatures`: verifies them; null: nobody does. */
  constructor(
    private readonly queries: Queries,
    private readonly signatures: KnownSignatures | null,
  ) {}

  /** Throws `DocumentAltered` if one of them is a row that nobody has decided. */
  async compare(tenant: TenantId, runId: RunId, decidedAt: number): Promise<void> {
    const values = [tenant, runUuid(runId), decidedAt];
    const rows = await withRetry(() => this.queries.inTenant<LaterRow>(tenant, this.laterStatement, values));
    compareLaterRecords(
      { tenant, runId },
      rows.map(({ document, envelope, decided_ms }) => ({ document, envelope, decidedAt: decided_ms })),
      this.signatures,
    );
  }
}
