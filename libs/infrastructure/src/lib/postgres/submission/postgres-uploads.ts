import { Uploads } from '@taskrunner/core/ports';
import type { Digest, Subject, TenantId } from '@taskrunner/core/foundation';
import type { CompletedUpload, UploadLimits } from '@taskrunner/core/ports';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

/** Duration of a reservation for bytes in transit, milliseconds. */
const RESERVED_MS = 3_600_000;

/** Uploads of the caller's tenant. */
export class PostgresUploads extends Uploads {
  private readonly reserveStatement = statement('reserve-upload');
  private readonly completeStatement = statement('complete-upload');
  private readonly dropStatement = statement('drop-upload');
  private readonly findStatement = statement('find-uploads');

  constructor(private readonly queries: Queries) {
    super();
  }

  /** Not retried: a superfluous reservation would occupy room. */
  async reserve(tenant: TenantId, by: Subject, bytes: number, { tenantBytes }: UploadLimits): Promise<string | null> {
    const values = [tenant, by.iss, by.sub, bytes, tenantBytes, RESERVED_MS];
    const [row] = await this.queries.inTenant<{ upload_id: string | null }>(tenant, this.reserveStatement, values);
    return row?.upload_id ?? null;
  }

  async complete(
    tenant: TenantId,
    by: Subject,
    { id, digest, size, keepMs }: CompletedUpload,
  ): Promise<{ readonly expiresAt: number }> {
    const values = [tenant, id, by.iss, by.sub, digest, size, keepMs];
    const [row] = await withRetry(() =>
      this.queries.inTenant<{ expires_ms: number }>(tenant, this.completeStatement, values),
    );
    if (!row) throw new TypeError('an upload was not written');
    return { expiresAt: row.expires_ms };
  }

  async drop(tenant: TenantId, id: string): Promise<void> {
    await withRetry(() => this.queries.inTenant(tenant, this.dropStatement, [tenant, id]));
  }

  async find(tenant: TenantId, digests: readonly Digest[]): Promise<ReadonlyMap<Digest, number>> {
    if (digests.length === 0) return new Map();
    const rows = await withRetry(() =>
      this.queries.inTenant<{ digest: string; size: number }>(tenant, this.findStatement, [tenant, digests]),
    );
    return new Map(rows.map(({ digest, size }) => [digest as Digest, size]));
  }
}
