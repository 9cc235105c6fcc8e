/** Whether this worker is leaving. From then on it is not ready, repeats no probe and begins no other session. */
export class Departure {
  private begun = false;
  private hurried = false;

  get hasBegun(): boolean {
    return this.begun;
  }

  /** True if its starter is gone. Nobody then waits for its end. */
  get isHurried(): boolean {
    return this.hurried;
  }

  begin(): void {
    this.begun = true;
  }

  /** Called before the departure begins: steps get no more time than they may take to stop. */
  hurry(): void {
    this.hurried = true;
  }
}
