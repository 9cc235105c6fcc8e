import { isOver, type RunId, type TenantId } from '@taskrunner/core/foundation';
import type { RunReader } from '@taskrunner/core/ports';
import { Observable, ReplaySubject } from 'rxjs';

/** The progress of a run. */
export interface Tail {
  readonly status: string;
  readonly lastLine: number;
  readonly version: number;
}

interface Watched {
  readonly tenant: TenantId;
  readonly runId: RunId;
  tail: Tail | null;
  /** The current progress of the run, for late watchers, and each change. */
  readonly changes: ReplaySubject<Tail>;
}

const INTERVAL_MS = 100;
/** Polling interval for a while after a run is watched, or has progressed: its next lines may follow soon, and people wait for the first. */
const BUSY_INTERVAL_MS = 25;
const BUSY_MS = 1_000;
const MOST_INTERVAL_MS = 2_000;
/** Shortest time between two queries, if many begin to watch, and after the first query about a run. */
const LEAST_INTERVAL_MS = 5;

/** Notifies all watchers of the progress of their runs, with one query for all. It does not query while nobody watches. */
export class RunTails {
  private readonly watched = new Map<string, Watched>();
  private timer: NodeJS.Timeout | null = null;
  private interval = INTERVAL_MS;
  private busyUntil = 0;
  /** Time at which the youngest watch of a run that is not over began. A short run ends soon after, and its caller waits for that end. */
  private begunAt = -Infinity;
  private askedAt = -Infinity;
  /** True if somebody began to watch while a query was in progress, which may not be about their run. */
  private isOutdated = false;
  private isAsking = false;

  constructor(private readonly reader: Pick<RunReader, 'tail'>) {}

  /** The progress of the run as soon as it is known, and every change from then on. It does not end by itself. */
  watch(tenant: TenantId, runId: RunId): Observable<Tail> {
    return new Observable((watcher) => {
      const key = `${tenant} ${runId}`;
      const entry = this.watched.get(key) ?? { tenant, runId, tail: null, changes: new ReplaySubject<Tail>(1) };
      this.watched.set(key, entry);
      const subscription = entry.changes.subscribe(watcher);
      this.lookSoon();
      return () => {
        subscription.unsubscribe();
        if (!entry.changes.observed) this.watched.delete(key);
      };
    });
  }

  /** For a new watcher: not with the next query in turn, but with one of its own. An outage is not asked about more often. */
  private lookSoon(): void {
    if (this.isAsking) this.isOutdated = true;
    else if (this.interval > INTERVAL_MS) this.plan(this.interval);
    else this.planSoon();
  }

  private planSoon(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.plan(Math.max(0, this.askedAt + LEAST_INTERVAL_MS - performance.now()));
  }

  private plan(delay: number): void {
    this.timer ??= setTimeout(() => void this.ask(), delay);
  }

  private async ask(): Promise<void> {
    const runs = [...this.watched.values()];
    this.isOutdated = false;
    this.isAsking = true;
    this.askedAt = performance.now();
    if (runs.length > 0) {
      try {
        this.notify(await this.reader.tail(runs.map(({ tenant, runId }) => ({ tenant, runId }))));
        this.interval = this.nextInterval();
      } catch {
        // The database is unavailable: watchers wait, and heartbeats continue.
        this.interval = Math.min(this.interval * 2, MOST_INTERVAL_MS);
      }
    }
    this.isAsking = false;
    this.timer = null;
    if (this.watched.size === 0) return;
    if (this.isOutdated && this.interval <= INTERVAL_MS) this.planSoon();
    else this.plan(this.interval);
  }

  /** Half of the time since the youngest watch began, within bounds; longer if no run has progressed lately. */
  private nextInterval(): number {
    const now = performance.now();
    if (now >= this.busyUntil) return INTERVAL_MS;
    return Math.min(BUSY_INTERVAL_MS, Math.max(LEAST_INTERVAL_MS, (now - this.begunAt) / 2));
  }

  private notify(found: Awaited<ReturnType<RunReader['tail']>>): void {
    for (const { tenant, runId, status, lastLine, version } of found) {
      const entry = this.watched.get(`${tenant} ${runId}`);
      if (!entry) continue;
      const { tail } = entry;
      if (tail && tail.version === version && tail.lastLine === lastLine && tail.status === status) continue;
      const next = { status, lastLine, version };
      entry.tail = next;
      if (!isOver(status)) {
        const now = performance.now();
        this.busyUntil = now + BUSY_MS;
        if (tail === null) this.begunAt = now;
      }
      entry.changes.next(next);
    }
  }
}
