import type { TaskRunnerClient } from '@taskrunner/client';
import { readFeed, type FeedChange } from './feed';

/** The parts of a browser by which tabs share a feed. */
export interface Tabs {
  readonly locks: Pick<LockManager, 'request'>;
  readonly channel: (name: string) => BroadcastChannel;
}

/**
 * The feed of a tenant for all tabs of a browser. The tab that holds the lock reads it and tells the others, so that there is one stream, however many
 * tabs there are. A tab that cannot be seen gives the lock away. When it is seen again, it may have missed something, and says so.
 */
export class SharedFeed {
  private readonly listeners = new Set<(change: FeedChange) => void>();
  /** The last position that any tab has announced. */
  private at: number | null = null;

  constructor(
    private readonly client: Pick<TaskRunnerClient, 'followEvents'>,
    private readonly tabs: Tabs,
  ) {}

  subscribe(listener: (change: FeedChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Takes part until it is stopped. `reader`: the person and tenant; tabs of others do not share with this one. */
  join(reader: string): () => void {
    const name = `taskrunner.feed ${reader}`;
    const channel = this.tabs.channel(name);
    const leaving = new AbortController();
    const { signal } = leaving;
    channel.addEventListener('message', ({ data }: MessageEvent<FeedChange>) => this.report(data));
    const report = (change: FeedChange): void => {
      if (signal.aborted) return;
      channel.postMessage(change);
      this.report(change);
    };
    const lead = async (): Promise<void> => {
      if (!signal.aborted) await readFeed(this.client, { after: this.at, signal, report });
    };
    // A refusal to wait any longer is no error; nor is one by the server: lists are then read at their interval.
    this.tabs.locks.request(name, { signal }, lead).catch(() => undefined);
    if (this.at !== null) this.report({ kind: 'again' });
    return () => {
      leaving.abort();
      channel.close();
    };
  }

  private report(change: FeedChange): void {
    if (change.kind === 'events') this.at = change.at;
    for (const listener of this.listeners) listener(change);
  }
}
