import { runUuid } from '@taskrunner/core/foundation';
import { ObjectReferences } from '@taskrunner/core/ports';
import type { Digest, RunId, TenantId } from '@taskrunner/core/foundation';
import { OBJECT_REFERENCES } from './object-reference';
import type { Queries } from '../connection/queries';
import { AS_LONG_AS_IT_TAKES, withRetry } from '../connection/retry';
import { statement, type Statement } from '../connection/statement';

/** Object references in the tables. For the worker role, which sees all tenants; every statement names one. */
export class PostgresObjectReferences extends ObjectReferences {
  private readonly needStatement = statement('need-objects');
  private readonly enrolStatement = statement('enrol-tenants');
  private readonly takeStatement = statement('take-look');
  private readonly forgetStatement = statement('forget-uploads');
  private readonly suspectStatement = suspectStatement();
  private readonly endStatement = statement('end-look');

  constructor(private readonly queries: Queries) {
    super();
  }

  async need(tenant: TenantId, run: RunId, digests: readonly Digest[]): Promise<void> {
    const ask = () => this.queries.inTenant(tenant, this.needStatement, [tenant, runUuid(run), digests]);
    await withRetry(ask, AS_LONG_AS_IT_TAKES);
  }

  async enrol(tenants: readonly TenantId[]): Promise<void> {
    await withRetry(() => this.queries.across(this.enrolStatement, [tenants]));
  }

  /** Not retried: a scan whose answer was lost is due after the next interval. */
  async takeDue(intervalMs: number): Promise<TenantId | null> {
    const [row] = await this.queries.across<{ tenant_id: string }>(this.takeStatement, [intervalMs]);
    return row ? (row.tenant_id as TenantId) : null;
  }

  async forgetUploads(tenant: TenantId): Promise<number> {
    const rows = await this.queries.inTenant(tenant, this.forgetStatement, [tenant]);
    return rows.length;
  }

  async unneeded(tenant: TenantId, digests: readonly Digest[], confirmMs: number): Promise<readonly Digest[]> {
    const rows = await this.queries.inTenant<{ digest: string }>(tenant, this.suspectStatement, [
      tenant,
      digests,
      Math.floor(confirmMs),
    ]);
    return rows.map(({ digest }) => digest as Digest);
  }

  async endLook(tenant: TenantId, lookMs: number): Promise<void> {
    await this.queries.inTenant(tenant, this.endStatement, [tenant, Math.ceil(lookMs)]);
  }
}

function suspectStatement(): Statement {
  const { name, text } = statement('suspect-objects');
  const needed = OBJECT_REFERENCES.map(({ sql }) => sql).join('\n  union all\n  ');
  return { name, text: text.replace(/^ *\/\*needed\*\/$/m, needed) };
}
