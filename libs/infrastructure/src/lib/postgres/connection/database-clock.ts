import { CLOCK_STEP_MS, clockStep } from '@taskrunner/core/foundation';
import { Clock } from '@taskrunner/core/ports';
import type { Pool } from 'pg';

/** Called when the clock of the database was set, with the difference in milliseconds; negative if it was set back. */
export type OnClockStep = (stepMs: number) => void;

/**
 * Database time in this process: the last measurement plus the monotonic time since then. It never uses the machine's clock, which may be
 * wrong by days. It does not go back because of measurement errors, only if the clock of the database was set back.
 */
export class DatabaseClock extends Clock {
  private offset: number | null = null;
  /** How far the offset may be off, milliseconds. */
  private uncertainty = 0;
  private last = 0;
  private setBack = 0;

  constructor(
    private readonly onStep: OnClockStep = () => undefined,
    /** Monotonic milliseconds; a parameter for tests. */
    private readonly elapsed: () => number = () => performance.now(),
  ) {
    super();
  }

  /** Number of detected steps back of the database's clock. */
  get timesSetBack(): number {
    return this.setBack;
  }

  /** Current monotonic milliseconds, to be read before a query for the database's time. */
  mark(): number {
    return this.elapsed();
  }

  /** Records an answer `at` to a query that was sent at `sent` (see `mark`). The answer is assumed to be half a round trip old. */
  observe(at: number, sent: number): void {
    const halfway = (sent + this.elapsed()) / 2;
    const uncertainty = halfway - sent;
    const { offset: before, uncertainty: uncertaintyBefore } = this;
    const step = before === null ? 0 : clockStep(before + halfway, at, uncertainty + uncertaintyBefore);
    // An answer that was long on its way, as in an outage, says nothing that is not known better.
    if (before !== null && step === 0 && uncertainty > Math.max(CLOCK_STEP_MS, uncertaintyBefore)) return;
    this.offset = at - halfway;
    this.uncertainty = uncertainty;
    if (step < 0) {
      this.setBack++;
      this.last = 0;
    }
    if (step !== 0) this.onStep(Math.round(step));
  }

  /** Measures the database's time with a query. */
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
