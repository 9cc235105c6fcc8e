import type { AuditEntry } from '../../evidence/audit/audit-chain';
import type { Envelope } from '../../evidence/encoding/envelope';
import type { Digest, TenantId } from '../../foundation/ids';
import type { JsonObject } from '../../foundation/json';

/** How far a tenant's audit chain may be signed: entries after the last checkpoint, verified one by one. */
export type AuditChainStatus =
  /** The chain is valid up to this entry. */
  | {
      readonly kind: 'grown';
      readonly count: number;
      readonly head: Digest;
      /** Database time, milliseconds. */
      readonly at: number;
    }
  /** Nothing was added. */
  | { readonly kind: 'unchanged' }
  /** The entry at which the rows do not follow from the last checkpoint or from each other. */
  | { readonly kind: 'broken'; readonly entry: number };

/** A signed checkpoint as stored. */
export interface KeptCheckpoint {
  readonly count: number;
  readonly head: Digest;
  readonly at: number;
  readonly envelope: Envelope;
}

/** The audit chain of each tenant, and its checkpoints. Both are append-only. */
export abstract class AuditChain {
  /** Entries after a given one, in order. */
  abstract entries(tenant: TenantId, after: number, limit: number): Promise<readonly AuditEntry[]>;
  /** Checkpoints that cover more than this number of entries, in order. */
  abstract checkpoints(tenant: TenantId, after: number, limit: number): Promise<readonly KeptCheckpoint[]>;
  /** Names of tenants whose chain has grown since their last checkpoint, if that checkpoint is at least `everyMs` old. */
  abstract due(everyMs: number, limit: number): Promise<readonly TenantId[]>;
  /** Verifies at most `limit` entries after the last checkpoint. */
  abstract status(tenant: TenantId, limit: number): Promise<AuditChainStatus>;
  /** Adds entries, in order and in one transaction. */
  abstract append(tenant: TenantId, events: readonly JsonObject[]): Promise<void>;
  /** Stores a checkpoint. An existing one for as many entries is kept. */
  abstract keep(tenant: TenantId, checkpoint: KeptCheckpoint): Promise<void>;
}
