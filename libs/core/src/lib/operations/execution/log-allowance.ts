/** What one execution may keep of its output. */
interface LogAllowanceLimits {
  /** Bytes in all. */
  readonly bytes: number;
  /** Bytes a second, and as many at once. */
  readonly bytesPerSecond: number;
}

/** `fast`: more than a second may bring; `full`: more than the execution may bring, for good. */
export type Allowed = 'kept' | 'fast' | 'full';

/**
 * Decides of each line whether it is kept. A bucket that holds one second's bytes fills as time goes; once it was empty a quarter of it
 * must be back, so that an execution that is too fast has few long gaps, not many short ones.
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

  /** A line of so many bytes. `at`: milliseconds. */
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
