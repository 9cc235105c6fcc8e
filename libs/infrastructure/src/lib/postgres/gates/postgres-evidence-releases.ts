import { canonical } from '@taskrunner/core/canonical';
import { runUuid } from '@taskrunner/core/foundation';
import { EvidenceReleases, type SignedRelease } from '@taskrunner/core/ports';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

/** Stores releases of blocked evidence, each in one SQL statement. */
export class PostgresEvidenceReleases extends EvidenceReleases {
  private readonly releaseStatement = statement('release-evidence');

  constructor(private readonly queries: Queries) {
    super();
  }

  async release({ tenant, runId, decidedAt, envelope, audit }: SignedRelease): Promise<boolean> {
    const values = [tenant, runUuid(runId), decidedAt, JSON.stringify(envelope), canonical(audit)];
    return withRetry(async ({ lost }) => {
      const rows = await this.queries.inTenant(tenant, this.releaseStatement, values);
      // No row after a lost answer means that the earlier attempt has applied the release.
      return rows.length > 0 || lost;
    });
  }
}
