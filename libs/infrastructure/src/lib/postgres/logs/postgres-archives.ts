import { runUuid } from '@taskrunner/core/foundation';
import { Archives } from '@taskrunner/core/ports';
import type { ArchivedChunk, BundlePart } from '@taskrunner/core/evidence';
import type { Digest, RunId, TenantId } from '@taskrunner/core/foundation';
import { toDigest } from '../encoding/digest-bytes';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

interface ArchiveRow {
  readonly bundle: Digest;
  readonly journal_offset: number;
  readonly journal_size: number;
  readonly journal_sha256: Buffer;
}

/** Positions of journal and log of sealed runs in their bundles, as written by the seal. */
export class PostgresArchives extends Archives {
  private readonly findStatement = statement('find-archive');
  private readonly chunksStatement = statement('read-archived-chunks');

  constructor(private readonly queries: Queries) {
    super();
  }

  async chunks(
    tenant: TenantId,
    run: RunId,
    afterLine: number,
  ): Promise<{ readonly bundle: Digest; readonly chunks: readonly ArchivedChunk[] } | null> {
    const [row] = await withRetry(() =>
      this.queries.inTenant<{ bundle: Digest; chunks: readonly ArchivedChunk[] | null }>(tenant, this.chunksStatement, [
        tenant,
        runUuid(run),
        afterLine,
      ]),
    );
    if (!row) return null;
    const chunks = (row.chunks ?? []).filter(({ firstLine, lines }) => firstLine + lines - 1 > afterLine);
    return { bundle: row.bundle, chunks };
  }

  async journal(tenant: TenantId, run: RunId): Promise<{ readonly bundle: Digest; readonly part: BundlePart } | null> {
    const [row] = await withRetry(() =>
      this.queries.inTenant<ArchiveRow>(tenant, this.findStatement, [tenant, runUuid(run)]),
    );
    if (!row) return null;
    const { bundle, journal_offset: offset, journal_size: size, journal_sha256: sha256 } = row;
    return { bundle, part: { offset, size, sha256: toDigest(sha256) } };
  }
}
