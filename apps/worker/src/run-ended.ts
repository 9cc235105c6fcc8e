/** Tells whoever seals that a run has ended here. */
export class RunEnded {
  private listener: () => void = () => undefined;

  happened(): void {
    this.listener();
  }

  /** One listener. */
  onHappened(listener: () => void): void {
    this.listener = listener;
  }
}
