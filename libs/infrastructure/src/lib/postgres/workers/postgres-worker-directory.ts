import { toRunId } from '@taskrunner/core/foundation';
import { WorkerDirectory } from '@taskrunner/core/ports';
import type { Digest, TenantId } from '@taskrunner/core/foundation';
import type { LivingWorker } from '@taskrunner/core/ports';
import { toDigest } from '../encoding/digest-bytes';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

interface WorkerRow {
  readonly worker_id: string;
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly isolation: string;
  readonly environments: readonly Buffer[];
  readonly labels: readonly string[];
  readonly slots: number | null;
  readonly since_ms: number;
  readonly renewed_ms: number;
  readonly lease_until_ms: number;
  readonly probe: string;
  readonly probe_document: string | null;
  readonly driven: number;
  readonly runs: readonly string[];
  readonly assignments: number;
}

/** Living workers, and what they drive of a tenant. */
export class PostgresWorkerDirectory extends WorkerDirectory {
  private readonly countStatement = statement('count-workers');
  private readonly listStatement = statement('list-workers');

  constructor(private readonly queries: Queries) {
    super();
  }

  async enforcing(isolation: string): Promise<{ readonly live: number; readonly honouring: number }> {
    const [row] = await withRetry(() =>
      this.queries.across<{ live: number; honouring: number }>(this.countStatement, [isolation]),
    );
    if (!row) throw new TypeError('no count');
    return row;
  }

  async living(tenant: TenantId, limit: number, after: string | null, runs: number): Promise<readonly LivingWorker[]> {
    const rows = await withRetry(() =>
      this.queries.inTenant<WorkerRow>(tenant, this.listStatement, [tenant, after, limit, runs]),
    );
    return rows.map(toWorker);
  }
}

function toWorker(row: WorkerRow): LivingWorker {
  return {
    id: row.worker_id,
    name: row.name,
    version: row.version,
    build: row.build as Digest,
    labels: row.labels,
    slots: row.slots,
    isolations: row.isolation.split(' ').filter((profile) => profile !== ''),
    environments: row.environments.map(toDigest),
    probe: { digest: row.probe as Digest, text: row.probe_document },
    since: row.since_ms,
    renewedAt: row.renewed_ms,
    leaseUntil: row.lease_until_ms,
    runs: { total: row.driven, latest: row.runs.map(toRunId) },
    assignments: row.assignments,
  };
}
