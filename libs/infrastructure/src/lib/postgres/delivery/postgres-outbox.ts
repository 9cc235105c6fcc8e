import { canonical } from '@taskrunner/core/canonical';
import { runUuid, toRunId } from '@taskrunner/core/foundation';
import { Outbox } from '@taskrunner/core/ports';
import type { ArchivedChunk } from '@taskrunner/core/evidence';
import type { Json, TenantId } from '@taskrunner/core/foundation';
import type { OutboxItem, SealedEvidence } from '@taskrunner/core/ports';
import { DocumentAltered } from '@taskrunner/core/stored';
import { digestBytes } from '../encoding/digest-bytes';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { isAuditBroken, isDuplicate } from '../connection/sql-state';
import { statement } from '../connection/statement';

interface OutboxRow {
  readonly outbox_id: string;
  readonly tenant_id: string;
  readonly run_id: string;
  readonly kind: 'attest';
  readonly body: Json;
  readonly tries: number;
  readonly trace_context: string | null;
}

/** Number of chunks in one row of the archive. */
const ROW_CHUNKS = 256;

/** Work that follows a commit, leased by moving its due time. */
export class PostgresOutbox extends Outbox {
  private readonly takeStatement = statement('take-outbox');
  private readonly holdStatement = statement('hold-outbox');
  private readonly sealStatement = statement('seal-run');
  private readonly postponeStatement = statement('postpone-outbox');

  constructor(private readonly queries: Queries) {
    super();
  }

  /** Not retried: items leased by a statement whose answer was lost become due again when the lease expires. */
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

  async hold(item: OutboxItem, leaseMs: number): Promise<void> {
    await this.queries.inTenant(item.tenant, this.holdStatement, [item.tenant, item.id, leaseMs]);
  }

  async seal(item: OutboxItem, evidence: SealedEvidence): Promise<boolean> {
    const { journal, chunks } = evidence.archive;
    const rows = rowsOf(chunks);
    return withRetry(async ({ lost }) => {
      const [row] = await this.queries.inTenant<{ sealed: boolean; bundle: string | null }>(
        item.tenant,
        this.sealStatement,
        [
          evidence.tenant,
          runUuid(evidence.runId),
          item.id,
          evidence.bundle,
          evidence.bundleSize,
          evidence.statement,
          JSON.stringify(evidence.statements),
          evidence.exports.map(({ destination }) => destination),
          evidence.exports.map(({ artifacts }) => artifacts),
          journal.offset,
          journal.size,
          digestBytes(journal.sha256),
          rows.map((row) => lastLineOf(row)),
          rows.map((row) => JSON.stringify(row)),
          auditOf(evidence),
        ],
      );
      return row?.sealed === true || (lost && row?.bundle === evidence.bundle);
    }).catch(refuseForeignRows(evidence));
  }

  async postpone(item: OutboxItem, delayMs: number, status: 'pending' | 'blocked', reason: string): Promise<void> {
    await withRetry(() =>
      this.queries.inTenant(item.tenant, this.postponeStatement, [item.tenant, item.id, delayMs, status, reason]),
    );
  }
}

/**
 * The rows of the archive and of the exports belong to a seal and are inserted with its attestation. Those of a run without one were written
 * by somebody else, and would keep it from being sealed for ever.
 */
function refuseForeignRows({ tenant, runId }: SealedEvidence): (error: unknown) => never {
  return (error) => {
    if (!isDuplicate(error) || isAuditBroken(error)) throw error;
    const { table } = error as { readonly table?: unknown };
    const finding = { expected: 'none before the seal', found: typeof table === 'string' ? table : 'one' };
    throw new DocumentAltered({ tenant, runId, document: 'evidence', what: 'a row of the evidence', ...finding });
  };
}

/** The run's entry in the audit chain, which `verify --audit` looks for. */
function auditOf({ runId, bundle, statement }: SealedEvidence): string {
  return canonical({ type: 'run.sealed', runId, bundle, statement });
}

function rowsOf(chunks: readonly ArchivedChunk[]): readonly (readonly ArchivedChunk[])[] {
  return Array.from({ length: Math.ceil(chunks.length / ROW_CHUNKS) }, (_, i) =>
    chunks.slice(i * ROW_CHUNKS, (i + 1) * ROW_CHUNKS),
  );
}

function lastLineOf(row: readonly ArchivedChunk[]): number {
  const last = row.at(-1);
  return last ? last.firstLine + last.lines - 1 : 0;
}
