import { toRunId, type Digest, type TenantId } from '@taskrunner/core/foundation';
import { EventFeed, type FeedEvent, type FeedEventType, type FeedPage } from '@taskrunner/core/ports';
import { shownTime } from '@taskrunner/core/stored';
import type { TenantQueries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

interface FeedRow {
  readonly head: number;
  readonly removed: number;
  /** Null: there is no event after the position. */
  readonly position: number | null;
  readonly at_ms: number;
  readonly type: FeedEventType;
  readonly run: string;
  readonly status: string | null;
  readonly gate: string | null;
  readonly detail: string | null;
}

/** Events that get a position in one read. More get theirs in the next. */
const PLACED_AT_ONCE = 5_000;

/** The feed in a table. Reading gives positions: without readers nobody needs them. */
export class PostgresEventFeed extends EventFeed {
  private readonly placeStatement = statement('place-events');
  private readonly readStatement = statement('read-events');

  constructor(private readonly queries: TenantQueries) {
    super();
  }

  async after(tenant: TenantId, position: number | null, limit: number): Promise<FeedPage> {
    const [, found] = await withRetry(() =>
      this.queries.together(tenant, [
        [this.placeStatement, [tenant, PLACED_AT_ONCE]],
        [this.readStatement, [tenant, position, limit]],
      ]),
    );
    const rows = found as FeedRow[];
    const { head, removed: oldest } = rows[0] ?? { head: 0, removed: 0 };
    if (position !== null && (position < oldest || position > head)) return { kind: 'gone', oldest, head };
    return { kind: 'page', events: rows.filter((row) => row.position !== null).map(toEvent), oldest, head };
  }
}

function toEvent({ position, at_ms: at, type, run, status, gate, detail }: FeedRow): FeedEvent {
  return {
    position: position as number,
    // An event says that something happened. It goes on without its time if somebody has altered that.
    at: shownTime(at) ?? 0,
    type,
    runId: toRunId(run),
    status,
    gate,
    decision: type === 'gate.decided' ? detail : null,
    bundle: type === 'evidence.sealed' ? (detail as Digest) : null,
  };
}
