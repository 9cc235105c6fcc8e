/** Hears of sandboxes that could not be set up. Whoever can prove them again listens. */
export class SandboxHealth {
  private listener: () => void = () => undefined;

  /** A sandbox could not be set up: perhaps it is this step, perhaps the machine has changed. */
  suspect(): void {
    this.listener();
  }

  /** One listener. */
  onSuspected(listener: () => void): void {
    this.listener = listener;
  }
}
