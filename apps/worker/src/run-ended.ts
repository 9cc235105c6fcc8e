/** Notifies the sealing loop that a run has ended in this process. */
export class RunEnded {
  private listener: () => void = () => undefined;

  happened(): void {
    this.listener();
  }

  /** The only listener. */
  onHappened(listener: () => void): void {
    this.listener = listener;
  }
}
