import { CLOCK_STEP_MS } from '../../foundation/clock-step';
import { Clock } from '../../ports/clock';

/**
 * The time of one run. It equals the database's time until the clock of the database is set back. Journal times never fall, so from then on
 * the run's time is ahead of the database's and advances at the same rate. Waits last as long as requested.
 */
export class RunTime extends Clock {
  private read: number;

  private constructor(
    private readonly clock: Clock,
    private ahead: number,
  ) {
    super();
    this.read = clock.now();
  }

  /**
   * Goes on where the journal ends.
   * @param lastAt time of its last entry, or of its admission if it has none, milliseconds.
   * @param committedAt what the database's time was then; null if that is not known.
   */
  static after(clock: Clock, lastAt: number, committedAt: number | null): RunTime {
    const now = clock.now();
    const since = committedAt === null ? 0 : Math.max(0, now - committedAt);
    const ahead = lastAt + since - now;
    return new RunTime(clock, ahead >= CLOCK_STEP_MS ? ahead : 0);
  }

  now(): number {
    const now = this.clock.now();
    this.ahead += Math.max(0, this.read - now);
    this.read = now;
    return now + this.ahead;
  }

  /**
   * Advances the time before the journal records what others did at that moment (milliseconds, database time), so that the entry is not
   * dated earlier.
   */
  notBefore(at: number): void {
    const early = at - this.now();
    if (early >= CLOCK_STEP_MS) this.ahead += early;
  }

  /** Converts a moment of this run into the database's time; both milliseconds. */
  inDatabase(at: number): number {
    this.now();
    return at - this.ahead;
  }
}
