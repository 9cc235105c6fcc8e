/** Limits how many reads are in progress. Those that wait are served in the order in which they came. */
export class ReadTurns {
  private readonly waiting: (() => void)[] = [];
  private inProgress = 0;

  constructor(private readonly atOnce: number) {}

  /** Calls `read` when it is its turn. */
  async take<T>(read: () => Promise<T>): Promise<T> {
    if (this.inProgress >= this.atOnce) await new Promise<void>((go) => this.waiting.push(go));
    else this.inProgress++;
    try {
      return await read();
    } finally {
      // The turn is passed on, so that nobody who comes later overtakes those that wait.
      const next = this.waiting.shift();
      if (next) next();
      else this.inProgress--;
    }
  }
}
