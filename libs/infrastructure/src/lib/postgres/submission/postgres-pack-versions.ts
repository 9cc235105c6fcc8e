import type { Digest, Json, TenantId } from '@taskrunner/core/foundation';
import { PackVersions, type KnownVersion } from '@taskrunner/core/ports';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

/** Published pack versions that each tenant has seen, one row per version. */
export class PostgresPackVersions extends PackVersions {
  private readonly rememberStatement = statement('remember-pack-version');
  private readonly signaturesStatement = statement('pack-version-signatures');

  constructor(private readonly queries: Queries) {
    super();
  }

  async remember(tenant: TenantId, known: KnownVersion): Promise<Digest> {
    const { name, version, contentDigest, digest, registry, signatures } = known;
    const [row] = await withRetry(() =>
      this.queries.inTenant<{ content_digest: string }>(tenant, this.rememberStatement, [
        tenant,
        name,
        version,
        contentDigest,
        digest,
        registry,
        JSON.stringify(signatures),
      ]),
    );
    if (!row) throw new TypeError('a version was not remembered');
    return row.content_digest as Digest;
  }

  async signaturesOf(tenant: TenantId, contentDigest: Digest): Promise<readonly Json[] | null> {
    const [row] = await withRetry(() =>
      this.queries.inTenant<{ signatures: readonly Json[] }>(tenant, this.signaturesStatement, [tenant, contentDigest]),
    );
    return row?.signatures ?? null;
  }
}
