/** Reports sandboxes that could not be set up to a listener that can probe again. */
export class SandboxHealth {
  private listener: () => void = () => undefined;

  /** Reports that a sandbox could not be set up. The step or a change of the machine may be the cause. */
  suspect(): void {
    this.listener();
  }

  /** Sets the only listener. */
  onSuspected(listener: () => void): void {
    this.listener = listener;
  }
}
