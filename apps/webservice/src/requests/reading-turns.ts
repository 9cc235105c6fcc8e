/**
 * Lets bodies come in by turns. A fast sender fills a turn of the event loop with MiB, and many of them a second: here a body waits after
 * each part, and a few of those that wait go on in each turn, so that whatever else waits for the loop is served between them.
 */
export class ReadingTurns {
  private readonly waiting: (() => void)[] = [];

  /** `atOnce`: bodies that go on in one turn of the event loop. */
  constructor(private readonly atOnce: number) {}

  /** Calls `go` when it is the turn of what waits. */
  next(go: () => void): void {
    this.waiting.push(go);
    if (this.waiting.length === 1) setImmediate(() => this.turn());
  }

  private turn(): void {
    // What asks again meanwhile waits behind the others.
    const now = this.waiting.splice(0, this.atOnce);
    if (this.waiting.length > 0) setImmediate(() => this.turn());
    for (const go of now) go();
  }
}
