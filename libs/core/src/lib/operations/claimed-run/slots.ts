/**
 * Executions that a worker has room for, over all that it drives and holds. What cannot be dispatched starts beside them all the same, so
 * `free` may be less than nothing.
 */
export class Slots {
  private taken = 0;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly capacity: number) {}

  get free(): number {
    return this.capacity - this.taken;
  }

  take(): void {
    this.taken++;
  }

  give(): void {
    this.taken--;
    for (const listener of [...this.listeners]) listener();
  }

  /** Tells of each slot that is given back, until what is returned is called. */
  onReleased(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
