/**
 * Minimum number of requests in a statement after which the next statement waits. A statement costs nearly the same for one request and for
 * ten.
 */
const SEVERAL = 4;
/** Number of waiting requests at which the statement is sent without waiting for more. */
const ENOUGH = 16;
const GAP_MS = 10;

/**
 * Limits how long a shared statement waits for more requests. After a statement with several requests, more are likely to follow soon.
 * Sequential requests never wait.
 */
export class BatchPause {
  private sentAt = -Infinity;
  private carried = 0;
  private timer: NodeJS.Timeout | null = null;

  /** @param arrived called when the wait is over. */
  constructor(private readonly arrived: () => void) {}

  /** Records that a statement with this number of requests is sent. */
  sent(carried: number): void {
    this.sentAt = performance.now();
    this.carried = carried;
  }

  /** True if the next statement with this number of requests should wait; `arrived` is called when the wait is over. */
  holds(waiting: number): boolean {
    const left = this.carried < SEVERAL || waiting >= ENOUGH ? 0 : GAP_MS - (performance.now() - this.sentAt);
    if (left <= 0) return false;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.arrived();
    }, left);
    return true;
  }
}
