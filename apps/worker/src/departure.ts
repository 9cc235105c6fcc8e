/** How long a leaving worker waits for its steps: `worker.drain`, as long as they may take to stop, or not at all. */
export type Patience = 'drain' | 'stop' | 'none';

/** Whether this worker is leaving. From then on it is not ready, repeats no probe and begins no other session. */
export class Departure {
  private begun = false;
  private limit: Patience = 'drain';

  get hasBegun(): boolean {
    return this.begun;
  }

  get patience(): Patience {
    return this.limit;
  }

  begin(): void {
    this.begun = true;
  }

  /** Its starter is gone, which then does not wait for its end. Called before the departure begins. */
  hurry(): void {
    if (this.limit === 'drain') this.limit = 'stop';
  }

  /** Its database is gone for good, so that no outcome of a step can be stored. Called before the departure begins. */
  giveUp(): void {
    this.limit = 'none';
  }
}
