/** What a shared statement carried after which the next one waits: a statement costs much the same for one and for ten. */
const SEVERAL = 4;
/** So many wait for no more. */
const ENOUGH = 16;
const GAP_MS = 10;

/**
 * How long a shared statement waits for more to come along: others are likely shortly after one that carried several. What comes one after
 * the other waits for nobody.
 */
export class BatchPause {
  private sentAt = -Infinity;
  private carried = 0;
  private timer: NodeJS.Timeout | null = null;

  /** @param arrived is called when the wait is over. */
  constructor(private readonly arrived: () => void) {}

  /** A statement that carries so many is sent now. */
  sent(carried: number): void {
    this.sentAt = performance.now();
    this.carried = carried;
  }

  /** True if a next one that would carry so many is not to be sent yet; `arrived` is called when it is. */
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
