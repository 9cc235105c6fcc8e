import { Outbox, runUuid, toRunId } from '@taskrunner/core';
import type { Json, OutboxItem, SealedEvidence, TenantId } from '@taskrunner/core';
import type { Queries } from './queries';
import { patiently } from './retry';
import { statement } from './statement';

interface OutboxRow {
  readonly outbox_id: string;
  readonly tenant_id: string;
  readonly run_id: string;
  readonly kind: 'attest';
  readonly body: Json;
  readonly tries: number;
  readonly trace_context: string | null;
}

/** Work that follows a commit, leased by moving its due time. */
export class PostgresOutbox extends Outbox {
  private readonly takeStatement = statement('take-outbox');
  private readonly sealStatement = statement('seal-run');
  private readonly postponeStatement = statement('postpone-outbox');

  constructor(private readonly queries: Queries) {
    super();
  }

  /** Not sent again: what a lost answer leased comes back when its lease is over. */
  async take(kind: 'attest', limit: number, leaseMs: number): Promise<readonly OutboxItem[]> {
    const rows = await this.queries.across<OutboxRow>(this.takeStatement, [kind, limit, leaseMs]);
    return rows.map((row) => ({
      id: row.outbox_id,
      tenant: row.tenant_id as TenantId,
      runId: toRunId(row.run_id),
      kind: row.kind,
      body: row.body,
      tries: row.tries,
      ...(row.trace_context === null ? {} : { traceContext: row.trace_context }),
    }));
  }

  async seal(item: OutboxItem, evidence: SealedEvidence): Promise<boolean> {
    return patiently(async ({ lost }) => {
      const [row] = await this.queries.within<{ sealed: boolean; bundle: string | null }>(
        item.tenant,
        this.sealStatement,
        [
          evidence.tenant,
          runUuid(evidence.runId),
          item.id,
          evidence.bundle,
          evidence.bundleSize,
          evidence.statement,
          JSON.stringify(evidence.attestations),
          evidence.exports.map(({ destination }) => destination),
          evidence.exports.map(({ artifacts }) => artifacts),
        ],
      );
      return row?.sealed === true || (lost && row?.bundle === evidence.bundle);
    });
  }

  async postpone(item: OutboxItem, delayMs: number, status: 'pending' | 'blocked', reason: string): Promise<void> {
    await patiently(() =>
      this.queries.within(item.tenant, this.postponeStatement, [item.tenant, item.id, delayMs, status, reason]),
    );
  }
}
