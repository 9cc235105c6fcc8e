/** Number of requests in a shared statement after which the next one waits: a statement costs much the same for one and for ten. */
const SEVERAL = 4;
/** Number of waiting requests at which no further one is awaited. */
const ENOUGH = 16;
const GAP_MS = 10;

/**
 * How long a shared statement waits for more requests. After a statement that carried several, more are likely to follow soon. Sequential
 * requests never wait.
 */
export class BatchPause {
  private sentAt = -Infinity;
  private carried = 0;
  private timer: NodeJS.Timeout | null = null;

  /** @param arrived is called when the wait is over. */
  constructor(private readonly arrived: () => void) {}

  /** A statement that carries this many is sent now. */
  sent(carried: number): void {
    this.sentAt = performance.now();
    this.carried = carried;
  }

  /** True if the next statement with this many requests should not be sent yet; `arrived` is called when it should. */
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
