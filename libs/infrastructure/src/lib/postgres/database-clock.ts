import { Clock } from '@taskrunner/core';
import type { Pool } from 'pg';

/**
 * Database time as this process knows it: the last measurement plus monotonic time since. It never goes back, and never looks
 * at the machine's clock, which may be wrong by days.
 */
export class DatabaseClock extends Clock {
  private offset: number | null = null;
  private last = 0;

  /** @param elapsed monotonic milliseconds; a parameter for tests. */
  constructor(private readonly elapsed: () => number = () => performance.now()) {
    super();
  }

  /** Monotonic milliseconds now: take it before a question whose answer is the database's time. */
  mark(): number {
    return this.elapsed();
  }

  /** The database said `at` to a question sent at `sent` (see `mark`): the answer was true half a round trip ago. */
  observe(at: number, sent: number): void {
    const received = this.elapsed();
    this.offset = at - (sent + received) / 2;
  }

  /** Asks the database. */
  async measure(pool: Pool): Promise<void> {
    const sent = this.mark();
    const { rows } = await pool.query<{ at_ms: number }>('select pack_runs.now_ms() as at_ms');
    if (rows[0]) this.observe(rows[0].at_ms, sent);
  }

  now(): number {
    if (this.offset === null) throw new TypeError('the clock was read before it was measured');
    this.last = Math.max(this.last, Math.floor(this.offset + this.elapsed()));
    return this.last;
  }
}
