/** Whether this worker leaves. It is not ready from then on, proves nothing anew and begins no other session. */
export class Departure {
  private begun = false;
  private hurried = false;

  get hasBegun(): boolean {
    return this.begun;
  }

  /** Whoever started it is gone, and nobody will ask how long its end takes. */
  get isHurried(): boolean {
    return this.hurried;
  }

  begin(): void {
    this.begun = true;
  }

  /** Before it begins: steps get no more time than they may take to stop. */
  hurry(): void {
    this.hurried = true;
  }
}
