import { toRunId } from '@taskrunner/core/foundation';
import { Announcements } from '@taskrunner/core/ports';
import type { TenantId } from '@taskrunner/core/foundation';
import type { DueAnnouncement } from '@taskrunner/core/ports';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

interface AnnouncementRow {
  readonly outbox_id: string;
  readonly tenant_id: string;
  readonly run_id: string;
  readonly stream: string;
  readonly body: DueAnnouncement['announcement'];
  readonly tries: number;
  readonly since_ms: number;
  readonly now_ms: number;
  readonly gate_state: string | null;
}

/** Announcements in the outbox, leased by moving their due time. */
export class PostgresAnnouncements extends Announcements {
  private readonly addressStatement = statement('spread-announcements');
  private readonly takeStatement = statement('take-announcements');
  private readonly endStatement = statement('end-announcement');
  private readonly postponeStatement = statement('postpone-announcement');

  constructor(private readonly queries: Queries) {
    super();
  }

  /** Not retried: if the answer was lost, the announcements are already addressed, or are addressed by the next call. */
  async addressToEndpoints(endpoints: Parameters<Announcements['addressToEndpoints']>[0]): Promise<void> {
    const wanted = endpoints.flatMap(({ tenant, stream, types }) =>
      types.map((type) => [tenant, stream, type] as const),
    );
    await this.queries.across(this.addressStatement, [
      wanted.map(([tenant]) => tenant),
      wanted.map(([, stream]) => stream),
      wanted.map(([, , type]) => type),
    ]);
  }

  /** Not retried: items leased by a statement whose answer was lost become due again when the lease expires. */
  async take(of: Parameters<Announcements['take']>[0]): Promise<readonly DueAnnouncement[]> {
    const { limit, leaseMs, perStream, busy } = of;
    const rows = await this.queries.across<AnnouncementRow>(this.takeStatement, [limit, leaseMs, perStream, busy]);
    return rows.map((row) => ({
      id: row.outbox_id,
      tenant: row.tenant_id as TenantId,
      runId: toRunId(row.run_id),
      stream: row.stream,
      announcement: row.body,
      tries: row.tries,
      since: row.since_ms,
      now: row.now_ms,
      gateState: row.gate_state,
    }));
  }

  async done({ tenant, id }: DueAnnouncement): Promise<void> {
    await withRetry(() => this.queries.inTenant(tenant, this.endStatement, [tenant, id]));
  }

  async postpone({ tenant, id }: DueAnnouncement, delayMs: number, reason: string): Promise<void> {
    await withRetry(() => this.queries.inTenant(tenant, this.postponeStatement, [tenant, id, delayMs, reason]));
  }
}
