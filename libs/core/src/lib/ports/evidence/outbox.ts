import type { RunArchive, StatementParts } from '../../evidence/bundle/archive';
import type { ExportRequest } from '../../evidence/records/export-requests';
import type { Digest, RunId, TenantId } from '../../foundation/ids';

export interface OutboxItem {
  readonly id: string;
  readonly tenant: TenantId;
  readonly runId: RunId;
  readonly kind: 'attest';
  readonly tries: number;
  /** W3C `traceparent` of the run's submission. */
  readonly traceContext?: string;
}

/** What a sealed run stores. */
export interface SealedEvidence {
  readonly tenant: TenantId;
  readonly runId: RunId;
  /** Digest of the bundle in the object store. */
  readonly bundle: Digest;
  readonly bundleSize: number;
  /** Digest of the pack-run statement's payload. */
  readonly statement: Digest;
  /** Positions of the signed statements in the bundle. */
  readonly statements: StatementParts;
  /** Destinations of the bundle. */
  readonly exports: readonly ExportRequest[];
  /** Positions of the run's journal and log in the bundle. */
  readonly archive: RunArchive;
}

/** Work that follows a commit, derived from its events. */
export abstract class Outbox {
  /** Leases due items of this kind to the caller for `leaseMs`. Announcements have a separate port. */
  abstract take(kind: 'attest', limit: number, leaseMs: number): Promise<readonly OutboxItem[]>;
  /** The caller is still working on it: its lease ends in `leaseMs` from now. After a failed attempt that may be sooner than before. */
  abstract hold(item: OutboxItem, leaseMs: number): Promise<void>;
  /** One statement: evidence row, its exports, its archive, run's `evidence_status = sealed`, outbox row gone. False if another sealed it first. */
  abstract seal(item: OutboxItem, evidence: SealedEvidence): Promise<boolean>;
  /** Tries again after a delay. `blocked`: it waits for a release, and the reason is shown on the run. */
  abstract postpone(item: OutboxItem, delayMs: number, status: 'pending' | 'blocked', reason: string): Promise<void>;
}
