/**
 * Outages that several parts of a process find, each by itself: webservice and worker in one process have a store and connections each. An
 * outage is reported when the first part finds it, and its end when all that have found it see its end.
 */
export class SharedOutages {
  private readonly finders = new Map<string, number>();
  private readonly saidAt = new Map<string, number>();

  /** `elapsed`: monotonic milliseconds; a parameter for tests. */
  constructor(private readonly elapsed: () => number = () => performance.now()) {}

  /** Calls `report` unless the same was reported in the last `quietMs`: an outage ends all connections of a process at once. */
  first(name: string, quietMs: number, report: () => void): void {
    const now = this.elapsed();
    if (now - (this.saidAt.get(name) ?? -Infinity) < quietMs) return;
    this.saidAt.set(name, now);
    report();
  }

  /** Calls `report` if this changes the state of what has the name. A part reports a beginning and an end in turn. */
  note(name: string, isAway: boolean, report: () => void): void {
    const before = this.finders.get(name) ?? 0;
    const after = Math.max(0, before + (isAway ? 1 : -1));
    this.finders.set(name, after);
    if ((before === 0) !== (after === 0)) report();
  }
}
