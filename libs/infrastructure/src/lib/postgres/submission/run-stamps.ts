import { randomUUID } from 'node:crypto';
import { toRunId, type RunId } from '@taskrunner/core/foundation';
import { DatabaseClock } from '../connection/database-clock';
import type { TenantQueries } from '../connection/queries';
import { withRetry } from '../connection/retry';
import { statement } from '../connection/statement';

/** Where stamps take their time and their chance from; parameters for tests. */
export interface StampSources {
  /** Of its own: a stamp is never earlier than the one before. */
  readonly clock?: DatabaseClock;
  /** A random UUID. */
  readonly uuid?: () => string;
}

/** How long a measurement of the database's time holds, milliseconds. */
const HOLDS_MS = 1_000;

/**
 * Database time and run ids made from that very millisecond (UUIDv7, RFC 9562 §5.7), without a question for each: the database is asked
 * once a second, and monotonic time counts from there, as workers do it with what they write into journals. Within one millisecond ids
 * of one process rise (§6.2, method 1), so that runs are listed in the order in which they were asked for.
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
    return { at, runId: toRunId(uuidv7(at, this.inMillisecond, this.uuid())) };
  }

  private async measure(): Promise<void> {
    try {
      const [row] = await withRetry(() => this.queries.across<{ at_ms: number }>(this.nowStatement, []));
      if (!row) throw new TypeError('no answer');
      // As if the answer was true when it came: a stamp may be late by a question, never early. Who decides of a run gets the time of the
      // database itself, and a decision before its run was accepted is no evidence.
      this.measuredAt = this.clock.mark();
      this.clock.observe(row.at_ms, this.measuredAt);
    } finally {
      this.measuring = null;
    }
  }
}

/** 48 bits of milliseconds, the version, 12 bits of a counter (it stays at its largest value), the variant, 62 random bits. */
function uuidv7(at: number, counter: number, random: string): string {
  const time = at.toString(16).padStart(12, '0');
  const place = Math.min(counter, 0xfff).toString(16).padStart(3, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${place}-${random.slice(19)}`;
}
