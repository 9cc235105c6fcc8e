interface Closable {
  close(): unknown;
}

/**
 * The worker's helpers besides its main thread: planning threads, child processes of runs in quarantine and of steps, the watch over the object store, the egress
 * proxy.
 */
export class Processes {
  constructor(
    private readonly planning: Closable,
    private readonly quarantine: Closable,
    private readonly supervisor: Closable,
    private readonly storeHealth: Closable,
    private readonly egress: Closable,
  ) {}

  async closeThreads(): Promise<void> {
    await this.planning.close();
  }

  /** Child processes end first. As long as one lives, nobody else may claim its run. */
  async close(): Promise<void> {
    await this.quarantine.close();
    await this.supervisor.close();
    this.storeHealth.close();
    await this.egress.close();
  }
}
