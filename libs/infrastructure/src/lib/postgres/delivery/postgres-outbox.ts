import { canonical } from '@taskrunner/core/canonical';
import { runUuid, toRunId } from '@taskrunner/core/foundation';
import { Outbox } from '@taskrunner/core/ports';
import type { ArchivedChunk } from '@taskrunner/core/evidence';
import type { TenantId } from '@taskrunner/core/foundation';
import type { OutboxItem, SealedEvidence } from '@taskrunner/core/ports';
import { DocumentAltered } from '@taskrunner/core/stored';
import { digestBytes } from '../encoding/digest-bytes';
import type { Queries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { isAuditBroken, isDuplicate } from '../connection/sql-state';
import { statement, type Statement } from '../connection/statement';
import { EndedRuns, OWN_MS } from '../flush/ended-runs';
import { SealGroups, type Seal } from './seal-groups';

interface OutboxRow {
  readonly outbox_id: string;
  readonly tenant_id: string;
  readonly run_id: string;
  readonly kind: 'attest';
  readonly tries: number;
  readonly trace_context: string | null;
}

interface SealRow {
  /** The row of the run is locked, or this worker cannot see it: nothing was done. */
  readonly locked: boolean;
  /** The run has an attestation, and is not sealed with it. */
  readonly foreign: boolean;
  readonly sealed: boolean;
  readonly bundle: string | null;
}

/** Others' items are looked for at least this often while this process takes those of its own runs, milliseconds. */
const OTHERS_EVERY_MS = 1_000;
/** Number of chunks in one row of the archive. */
const ROW_CHUNKS = 256;

/** Work that follows a commit, leased by moving its due time. */
export class PostgresOutbox extends Outbox {
  private readonly takeStatement = statement('take-outbox');
  private readonly holdStatement = statement('hold-outbox');
  private readonly sealStatement = statement('seal-runs');
  /** A single run waits until nobody has locked its row. */
  private readonly sealOneStatement = { name: 'seal-run', text: this.sealStatement.text.replace(' skip locked', '') };
  private readonly postponeStatement = statement('postpone-outbox');

  private readonly groups = new SealGroups((tenant, seals) => this.sealTogether(tenant, seals));

  private askedAt = -Infinity;

  /** `ended`: the runs that ended in this process, whose items it takes without a statement. */
  constructor(
    private readonly queries: Queries,
    private readonly ended: EndedRuns = new EndedRuns(),
    private readonly ownMs = OWN_MS,
  ) {
    super();
  }

  async take(kind: 'attest', limit: number, leaseMs: number): Promise<readonly OutboxItem[]> {
    const items = await this.someOf(kind, limit, leaseMs);
    this.groups.begin(items, leaseMs);
    return items;
  }

  private async someOf(kind: 'attest', limit: number, leaseMs: number): Promise<readonly OutboxItem[]> {
    const looksForOthers = performance.now() - this.askedAt >= OTHERS_EVERY_MS;
    const own = looksForOthers ? [] : this.ended.take(limit);
    if (own.length > 0) return own;
    const due = await this.due(kind, limit, leaseMs);
    return [...due, ...this.ended.take(limit - due.length)];
  }

  /** Not retried: items leased by a statement whose answer was lost become due again when the lease expires. */
  private async due(kind: 'attest', limit: number, leaseMs: number): Promise<readonly OutboxItem[]> {
    this.askedAt = performance.now();
    const rows = await this.queries.across<OutboxRow>(this.takeStatement, [kind, limit, leaseMs, this.ownMs]);
    return rows.map((row) => ({
      id: row.outbox_id,
      tenant: row.tenant_id as TenantId,
      runId: toRunId(row.run_id),
      kind: row.kind,
      tries: row.tries,
      ...(row.trace_context === null ? {} : { traceContext: row.trace_context }),
    }));
  }

  async hold(item: OutboxItem, leaseMs: number): Promise<void> {
    await this.queries.inTenant(item.tenant, this.holdStatement, [item.tenant, item.id, leaseMs]);
    this.groups.begin([item], leaseMs);
  }

  seal(item: OutboxItem, evidence: SealedEvidence): Promise<boolean> {
    return this.groups.seal({ item, evidence });
  }

  /**
   * If the statement fails, or somebody has locked the row of a run, each of those runs is sealed alone: what keeps one from being sealed keeps
   * no other.
   */
  private sealTogether(tenant: TenantId, seals: readonly Seal[]): readonly Promise<boolean>[] {
    const [first] = seals;
    if (first && seals.length === 1) return [this.sealOne(tenant, first)];
    const stored = this.store(tenant, seals, this.sealStatement);
    return seals.map(async (seal, index) => {
      const row = await stored.then((rows) => rows[index] ?? null).catch(() => null);
      return row === null || row.locked ? this.sealOne(tenant, seal) : isSealed(seal, row);
    });
  }

  private async sealOne(tenant: TenantId, seal: Seal): Promise<boolean> {
    try {
      const [row] = await this.store(tenant, [seal], this.sealOneStatement);
      return row !== undefined && isSealed(seal, row);
    } catch (error) {
      throw refusalOf(seal.evidence, error);
    }
  }

  private store(tenant: TenantId, seals: readonly Seal[], storing: Statement): Promise<readonly SealRow[]> {
    const values = [tenant, ...valuesOf(seals)];
    return withRetry(async ({ lost }) => {
      const rows = await this.queries.inTenant<SealRow>(tenant, storing, values);
      // Its own attestation, if the answer to an earlier attempt was lost.
      return rows.map((row, index) => ({
        ...row,
        sealed: row.sealed || (lost && row.bundle === seals[index]?.evidence.bundle),
      }));
    });
  }

  async postpone(item: OutboxItem, delayMs: number, status: 'pending' | 'blocked', reason: string): Promise<void> {
    this.groups.leave(item);
    await withRetry(() =>
      this.queries.inTenant(item.tenant, this.postponeStatement, [item.tenant, item.id, delayMs, status, reason]),
    );
  }
}

/** The values of `seal-runs` after the tenant: columns of all runs, and rows of their exports and chunks with the run of each. */
function valuesOf(seals: readonly Seal[]): readonly unknown[] {
  const of = <Value>(value: (evidence: SealedEvidence) => Value): readonly Value[] =>
    seals.map(({ evidence }) => value(evidence));
  const exports = seals.flatMap(({ evidence }) => evidence.exports.map((one) => ({ ...one, run: evidence.runId })));
  const chunks = seals.flatMap(({ evidence }) =>
    rowsOf(evidence.archive.chunks).map((row) => ({ row, run: evidence.runId })),
  );
  return [
    of(({ runId }) => runUuid(runId)),
    seals.map(({ item }) => item.id),
    of(({ bundle }) => bundle),
    of(({ bundleSize }) => bundleSize),
    of(({ statements }) => JSON.stringify(statements)),
    of(({ archive }) => archive.journal.offset),
    of(({ archive }) => archive.journal.size),
    of(({ archive }) => digestBytes(archive.journal.sha256)),
    of(auditOf),
    exports.map(({ run }) => runUuid(run)),
    exports.map(({ destination }) => destination),
    exports.map(({ artifacts }) => artifacts),
    chunks.map(({ run }) => runUuid(run)),
    chunks.map(({ row }) => lastLineOf(row)),
    chunks.map(({ row }) => JSON.stringify(row)),
  ];
}

/** False: another worker has sealed the run. */
function isSealed({ evidence }: Seal, { foreign, sealed }: SealRow): boolean {
  if (foreign && !sealed) throw foreignRow(evidence, 'attestations');
  return sealed;
}

/**
 * The rows of the archive and of the exports belong to a seal and are inserted with its attestation. Those of a run without one were written
 * by somebody else, and would keep it from being sealed for ever.
 */
function refusalOf(evidence: SealedEvidence, error: unknown): unknown {
  if (!isDuplicate(error) || isAuditBroken(error)) return error;
  const { table } = error as { readonly table?: unknown };
  return foreignRow(evidence, typeof table === 'string' ? table : 'one');
}

function foreignRow({ tenant, runId }: SealedEvidence, found: string): DocumentAltered {
  const finding = { expected: 'none before the seal', found };
  return new DocumentAltered({ tenant, runId, document: 'evidence', what: 'a row of the evidence', ...finding });
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
