import { randomUUID } from 'node:crypto';
import { toRunId, type RunId } from '@taskrunner/core/foundation';
import { DatabaseClock } from '../connection/database-clock';
import { uuidV7 } from '../encoding/uuid-v7';
import type { TenantQueries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

/** Sources of time and randomness; parameters for tests. */
export interface StampSources {
  /** Not shared with other users of the clock: a stamp is never earlier than the previous one. */
  readonly clock?: DatabaseClock;
  /** Generates a random UUID. */
  readonly uuid?: () => string;
}

/** Validity of a measurement of the database's time, milliseconds. */
const HOLDS_MS = 1_000;

/**
 * Database time and run ids of the same millisecond (UUIDv7, RFC 9562 §5.7), without a query for each. The database time is queried once a
 * second and extrapolated with monotonic time, as workers do for journal entries. Within one millisecond the ids of one process increase
 * (§6.2, method 1), so that runs are listed in the order of their requests.
 */
export class RunStamps {
  private readonly nowStatement = statement('now');
  private readonly clock: DatabaseClock;
  private readonly uuid: () => string;
  private measuredAt = -Infinity;
  private measuring: Promise<void> | null = null;
  private lastAt = -1;
  private inMillisecond = 0;

  constructor(
    private readonly queries: Pick<TenantQueries, 'across'>,
    { clock = new DatabaseClock(), uuid = randomUUID }: StampSources = {},
  ) {
    this.clock = clock;
    this.uuid = uuid;
  }

  async next(): Promise<{ at: number; runId: RunId }> {
    if (this.clock.mark() - this.measuredAt > HOLDS_MS) await (this.measuring ??= this.measure());
    const at = this.clock.now();
    this.inMillisecond = at === this.lastAt ? this.inMillisecond + 1 : 0;
    this.lastAt = at;
    return { at, runId: toRunId(uuidV7(at, this.inMillisecond, this.uuid())) };
  }

  private async measure(): Promise<void> {
    try {
      const [row] = await withRetry(() => this.queries.across<{ at_ms: number }>(this.nowStatement, []));
      if (!row) throw new TypeError('no answer');
      // The answer counts as true at its arrival. A stamp may therefore be late by one round trip, but never early. Decisions about a run
      // use the time of the database itself, and a decision before its run was accepted is not evidence.
      this.measuredAt = this.clock.mark();
      this.clock.observe(row.at_ms, this.measuredAt);
    } finally {
      this.measuring = null;
    }
  }
}
