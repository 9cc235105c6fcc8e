import type { Digest, RunId, TenantId } from '../../foundation/ids';

/** Types of events of a tenant's feed. */
export const FEED_EVENT_TYPES = [
  'run.created',
  'run.changed',
  'run.ended',
  'gate.opened',
  'gate.decided',
  'gate.closed',
  'evidence.sealed',
] as const;
export type FeedEventType = (typeof FEED_EVENT_TYPES)[number];

/** An event of a tenant: ids and statuses, never a value, a name or a reason. */
export interface FeedEvent {
  /** From 1, without gaps: an event that is served later has a greater one. */
  readonly position: number;
  /** Milliseconds since the epoch, on the database's clock. Not in order across runs. */
  readonly at: number;
  readonly type: FeedEventType;
  readonly runId: RunId;
  /** Of the run after `run.…`, as it is shown; of the gate after `gate.opened` and `gate.closed`; otherwise null. */
  readonly status: string | null;
  readonly gate: string | null;
  /** Of `gate.decided`: `approved`, `rejected` or `withdrawn`. */
  readonly decision: string | null;
  /** Of `evidence.sealed`: the digest of the bundle. */
  readonly bundle: Digest | null;
}

/**
 * What a reader gets. `oldest` is the earliest position after which a reader can continue, `head` the last position that was given. `gone`: the
 * position is older than what is kept, or was not given here, as after a restore.
 */
export type FeedPage = { readonly oldest: number; readonly head: number } & (
  | { readonly kind: 'page'; readonly events: readonly FeedEvent[] }
  | { readonly kind: 'gone' }
);

/**
 * The events of a tenant in the order of their positions. An event gets its position only after its transaction was committed, and under a
 * lock of the tenant's feed, so no event appears below a position that was served. Those of one run are in the order in which they happened.
 */
export abstract class EventFeed {
  /** Up to `limit` events after a position; null: the oldest ones that are kept. */
  abstract after(tenant: TenantId, position: number | null, limit: number): Promise<FeedPage>;
}
