import { canonical } from '@taskrunner/core/canonical';
import { decodeEnvelope, EvidenceError, readCheckpoint } from '@taskrunner/core/evidence';
import { AuditChain } from '@taskrunner/core/ports';
import { shownTime } from '@taskrunner/core/stored';
import type { AuditEntry, Envelope } from '@taskrunner/core/evidence';
import type { JsonObject, TenantId } from '@taskrunner/core/foundation';
import type { AuditChainStatus, KeptCheckpoint } from '@taskrunner/core/ports';
import { digestBytes, toDigest } from '../encoding/digest-bytes';
import type { TenantQueries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

interface EntryRow {
  readonly seq: number;
  readonly at_ms: number;
  readonly prev: Buffer | null;
  readonly hash: Buffer;
  readonly event: JsonObject;
}

interface CheckpointRow {
  readonly seq: number;
  readonly head: Buffer;
  readonly at_ms: number;
  readonly envelope: Envelope;
}

interface AuditChainRow {
  /** Number of entries that the last checkpoint covers. */
  readonly covered: number;
  /** Rows after it that were read. */
  readonly entries: number;
  readonly last: number | null;
  readonly head: Buffer | null;
  /** The first entry at which the rows do not form a chain. */
  readonly broken: number | null;
  /** Position of the chain's counter. */
  readonly counted: number;
  readonly at_ms: number;
}

/** Audit chains under row-level security. Only the query for due tenants covers all tenants. */
export class PostgresAuditChain extends AuditChain {
  private readonly entriesStatement = statement('list-audit');
  private readonly checkpointsStatement = statement('list-checkpoints');
  private readonly dueStatement = statement('due-checkpoints');
  private readonly statusStatement = statement('audit-chain-status');
  private readonly appendStatement = statement('append-audits');
  private readonly keepStatement = statement('keep-checkpoint');

  constructor(private readonly queries: TenantQueries) {
    super();
  }

  async entries(tenant: TenantId, after: number, limit: number): Promise<readonly AuditEntry[]> {
    const rows = await withRetry(() =>
      this.queries.inTenant<EntryRow>(tenant, this.entriesStatement, [tenant, after, limit]),
    );
    return rows.map(({ seq, at_ms: at, prev, hash, event }) => {
      return { seq, at, prev: prev && toDigest(prev), hash: toDigest(hash), event };
    });
  }

  async checkpoints(tenant: TenantId, after: number, limit: number): Promise<readonly KeptCheckpoint[]> {
    const rows = await withRetry(() =>
      this.queries.inTenant<CheckpointRow>(tenant, this.checkpointsStatement, [tenant, after, limit]),
    );
    return rows.map(({ seq, head, at_ms: at, envelope }) => {
      return { count: seq, head: toDigest(head), at: shownTime(at) ?? signedTime(envelope), envelope };
    });
  }

  async due(everyMs: number, limit: number): Promise<readonly TenantId[]> {
    const rows = await withRetry(() =>
      this.queries.across<{ tenant_id: TenantId }>(this.dueStatement, [everyMs, limit]),
    );
    return rows.map((row) => row.tenant_id);
  }

  async status(tenant: TenantId, limit: number): Promise<AuditChainStatus> {
    const [row] = await withRetry(() =>
      this.queries.inTenant<AuditChainRow>(tenant, this.statusStatement, [tenant, limit]),
    );
    if (!row) throw new TypeError('no standing');
    const { covered, entries, last, head, broken, counted, at_ms: at } = row;
    if (broken !== null) return { kind: 'broken', entry: broken };
    // Fewer rows than requested mean that there are no more.
    const end = last ?? covered;
    if (entries < limit && end !== counted) return { kind: 'broken', entry: Math.min(end, counted) + 1 };
    return last === null || head === null
      ? { kind: 'unchanged' }
      : { kind: 'grown', count: last, head: toDigest(head), at };
  }

  async append(tenant: TenantId, events: readonly JsonObject[]): Promise<void> {
    if (events.length === 0) return;
    const texts = events.map((event) => canonical(event));
    await this.queries.once(tenant, this.appendStatement, [tenant, texts]);
  }

  async keep(tenant: TenantId, { count, head, at, envelope }: KeptCheckpoint): Promise<void> {
    const values = [tenant, count, digestBytes(head), at, JSON.stringify(envelope)];
    await withRetry(() => this.queries.inTenant(tenant, this.keepStatement, values));
  }
}

/** The time in a checkpoint whose column somebody else has written, so that the list goes on; 0: the envelope is none either. */
function signedTime(envelope: Envelope): number {
  try {
    return shownTime(Date.parse(readCheckpoint(decodeEnvelope(envelope).payload).at)) ?? 0;
  } catch (error) {
    if (EvidenceError.is(error)) return 0;
    throw error;
  }
}
