/** A change that was being sent when its page was left. */
export interface LeftChange {
  /** Such as `the decision`. */
  readonly what: string;
  /** The address where it was made, without its origin. */
  readonly path: string;
}

/** The last change whose request was ended because its page was left: nobody knows whether it has arrived. */
export class LeftChanges {
  private last: LeftChange | null = null;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): LeftChange | null => this.last;

  note(change: LeftChange): void {
    this.move(change);
  }

  readonly dismiss = (): void => this.move(null);

  private move(change: LeftChange | null): void {
    this.last = change;
    for (const listener of this.listeners) listener();
  }
}
