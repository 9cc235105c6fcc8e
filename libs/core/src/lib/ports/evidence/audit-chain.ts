import type { AuditEntry } from '../../evidence/audit/audit-chain';
import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';

/** How far a tenant's audit chain may be signed: entries that follow the last checkpoint, checked one by one. */
export type AuditChainStatus =
  /** Up to this entry the chain holds. */
  | {
      readonly kind: 'grown';
      readonly count: number;
      readonly head: Digest;
      /** Database time, milliseconds. */
      readonly at: number;
    }
  /** Nothing was added. */
  | { readonly kind: 'unchanged' }
  /** The rows do not follow from the last checkpoint, or from each other: the entry at which it shows. */
  | { readonly kind: 'broken'; readonly entry: number };

/** A signed checkpoint as it is kept. */
export interface KeptCheckpoint {
  readonly count: number;
  readonly head: Digest;
  readonly at: number;
  readonly envelope: Envelope;
}

/** The audit chain of each tenant, and its checkpoints. Both only grow. */
export abstract class AuditChain {
  /** Entries after one, in order. */
  abstract entries(tenant: TenantId, after: number, limit: number): Promise<readonly AuditEntry[]>;
  /** Checkpoints that cover more than this many entries, in order. */
  abstract checkpoints(tenant: TenantId, after: number, limit: number): Promise<readonly KeptCheckpoint[]>;
  /** Tenants whose chain is not where their last checkpoint is, which is at least `everyMs` old. Names only. */
  abstract due(everyMs: number, limit: number): Promise<readonly TenantId[]>;
  /** Checks at most `limit` entries after the last checkpoint. */
  abstract status(tenant: TenantId, limit: number): Promise<AuditChainStatus>;
  /** Adds entries, in order and in one transaction. */
  abstract append(tenant: TenantId, events: readonly JsonObject[]): Promise<void>;
  /** Keeps a checkpoint; one that covers as many entries already stays. */
  abstract keep(tenant: TenantId, checkpoint: KeptCheckpoint): Promise<void>;
}
