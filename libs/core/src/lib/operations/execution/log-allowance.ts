/** Limits for the output of one execution. */
interface LogAllowanceLimits {
  /** Maximum bytes in all. */
  readonly bytes: number;
  /** Maximum bytes per second, and the size of a burst. */
  readonly bytesPerSecond: number;
}

/** `fast`: the rate limit is exceeded; `full`: the total limit is exceeded for good. */
export type Allowed = 'kept' | 'fast' | 'full';

/**
 * Decides for each line whether it is kept. A token bucket holds one second's bytes and refills over time. Once it is empty, a quarter must
 * be refilled before lines are kept again, so that an execution that is too fast has few long gaps instead of many short ones.
 */
export class LogAllowance {
  private kept = 0;
  private level: number;
  private at = -Infinity;
  private isFast = false;
  private isFull = false;

  constructor(private readonly limits: LogAllowanceLimits) {
    this.level = limits.bytesPerSecond;
  }

  /** Asks for a line of so many bytes. `at`: milliseconds. */
  take(bytes: number, at: number): Allowed {
    const { bytesPerSecond } = this.limits;
    if (this.isFull || this.kept + bytes > this.limits.bytes) {
      this.isFull = true;
      return 'full';
    }
    if (at > this.at) {
      this.level = Math.min(bytesPerSecond, this.level + ((at - this.at) / 1_000) * bytesPerSecond);
      this.at = at;
    }
    if (bytes > this.level || (this.isFast && this.level < bytesPerSecond / 4)) {
      this.isFast = true;
      return 'fast';
    }
    this.isFast = false;
    this.level -= bytes;
    this.kept += bytes;
    return 'kept';
  }
}
