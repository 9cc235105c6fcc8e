/**
 * Execution slots of a worker, for everything that it drives and holds. Executions that cannot be dispatched start regardless, so `free`
 * may be negative.
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

  /** Calls back for each slot that is released, until the returned function is called. */
  onReleased(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
