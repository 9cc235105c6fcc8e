import { canonical } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import { AlteredRuns } from '@taskrunner/core/ports';
import { alterationText, AuditChainAltered, type Alteration } from '@taskrunner/core/stored';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

/** Marks altered runs, each with its audit row in one SQL statement. */
export class PostgresAlteredRuns extends AlteredRuns {
  private readonly markStatement = statement('mark-altered');
  private readonly unauditedStatement = statement('mark-altered-unaudited');

  constructor(private readonly queries: Queries) {
    super();
  }

  async mark(found: Alteration): Promise<boolean> {
    const { tenant, runId, document } = found;
    const [code, detail] = ['DOCUMENT_ALTERED', alterationText(found)];
    const mark = [tenant, runUuid(runId), JSON.stringify({ code, message: detail })];
    const audit = canonical({ type: 'document.altered', runId, code, document, detail });
    try {
      return (await withRetry(() => this.queries.inTenant(tenant, this.markStatement, [...mark, audit]))).length > 0;
    } catch (error) {
      if (!AuditChainAltered.is(error)) throw error;
      // Otherwise an altered counter of the chain would switch the halt of every altered run off.
      await withRetry(() => this.queries.inTenant(tenant, this.unauditedStatement, mark));
      throw error;
    }
  }
}
