interface Closable {
  close(): unknown;
}

/** What runs beside the main thread of a worker: threads that plan, children that run steps, the watch over the object store, the egress proxy. */
export class Processes {
  constructor(
    private readonly planning: Closable,
    private readonly supervisor: Closable,
    private readonly storeHealth: Closable,
    private readonly egress: Closable,
  ) {}

  async closeThreads(): Promise<void> {
    await this.planning.close();
  }

  /** The children first: while one lives, nobody else may claim what it belongs to. */
  async close(): Promise<void> {
    await this.supervisor.close();
    this.storeHealth.close();
    await this.egress.close();
  }
}
