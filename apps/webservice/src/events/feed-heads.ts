import type { TenantId } from '@taskrunner/core/foundation';
import type { EventFeed } from '@taskrunner/core/ports';
import { Observable, Subject } from 'rxjs';

interface Watched {
  readonly heads: Subject<number>;
  timer: NodeJS.Timeout | null;
}

/** Polling interval after failures, at most. */
const MOST_INTERVAL_MS = 10_000;

/** Tells all readers of a tenant's feed how far it goes, with one query for all of them. It does not query while nobody reads. */
export class FeedHeads {
  private readonly watched = new Map<TenantId, Watched>();

  constructor(
    private readonly feed: Pick<EventFeed, 'after'>,
    private readonly intervalMs: number,
  ) {}

  /** The last position of the feed, again and again. It does not end by itself. */
  watch(tenant: TenantId): Observable<number> {
    return new Observable((reader) => {
      const entry = this.watched.get(tenant) ?? { heads: new Subject<number>(), timer: null };
      this.watched.set(tenant, entry);
      const subscription = entry.heads.subscribe(reader);
      this.plan(tenant, entry, this.intervalMs);
      return () => {
        subscription.unsubscribe();
        if (entry.heads.observed) return;
        if (entry.timer) clearTimeout(entry.timer);
        this.watched.delete(tenant);
      };
    });
  }

  private plan(tenant: TenantId, entry: Watched, delay: number): void {
    entry.timer ??= setTimeout(() => void this.ask(tenant, entry, delay), delay);
  }

  private async ask(tenant: TenantId, entry: Watched, delay: number): Promise<void> {
    let next = this.intervalMs;
    try {
      entry.heads.next((await this.feed.after(tenant, null, 0)).head);
    } catch {
      // The database is unavailable: readers wait, and heartbeats continue.
      next = Math.min(delay * 2, MOST_INTERVAL_MS);
    }
    entry.timer = null;
    if (this.watched.get(tenant) === entry) this.plan(tenant, entry, next);
  }
}
