/**
 * Minimum number of requests in a statement after which the next statement waits. A statement costs nearly the same for one request and for
 * ten.
 */
export const SEVERAL = 4;
/** Number of waiting requests at which the statement is sent without waiting for more. */
const ENOUGH = 16;
const GAP_MS = 10;

/** Share of the requests in play that are still expected after each statement that carried fewer. */
const STILL = 0.9;

/**
 * Limits how long a shared statement waits for more requests. After a statement with several requests, more are likely to follow soon: as many
 * as were in play together lately, apart from those that are being executed. Sequential requests never wait.
 */
export class BatchPause {
  private sentAt = -Infinity;
  private carried = 0;
  private active = 0;
  /** Requests that were executed or waited at the same time, lately. */
  private inPlay = 0;
  private timer: NodeJS.Timeout | null = null;

  /** @param arrived called when the wait is over. */
  constructor(private readonly arrived: () => void) {}

  /** Records that a statement with this number of requests is sent. */
  sent(carried: number): void {
    this.sentAt = performance.now();
    this.carried = carried;
    this.active += carried;
    this.inPlay = Math.max(this.active, Math.floor(this.inPlay * STILL));
  }

  /** Records that a statement with this number of requests has ended. */
  ended(carried: number): void {
    this.active -= carried;
  }

  /** True if the next statement with this number of requests should wait; `arrived` is called when the wait is over. */
  holds(waiting: number): boolean {
    const expected = Math.min(ENOUGH, this.inPlay - this.active);
    const isWaiting = this.carried >= SEVERAL && waiting < expected;
    const left = isWaiting ? GAP_MS - (performance.now() - this.sentAt) : 0;
    if (left <= 0) return false;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.arrived();
    }, left);
    return true;
  }
}
