import { canonical } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import { AlteredRuns } from '@taskrunner/core/ports';
import { alterationText, type Alteration } from '@taskrunner/core/stored';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

/** Marks altered runs, each with its audit row in one SQL statement. */
export class PostgresAlteredRuns extends AlteredRuns {
  private readonly markStatement = statement('mark-altered');

  constructor(private readonly queries: Queries) {
    super();
  }

  async mark(found: Alteration): Promise<boolean> {
    const { tenant, runId, document } = found;
    const [code, detail] = ['DOCUMENT_ALTERED', alterationText(found)];
    const values = [
      tenant,
      runUuid(runId),
      JSON.stringify({ code, message: detail }),
      canonical({ type: 'document.altered', runId, code, document, detail }),
    ];
    return (await withRetry(() => this.queries.inTenant(tenant, this.markStatement, values))).length > 0;
  }
}
