import type { TenantId } from '@taskrunner/core/foundation';
import type { EventFeed } from '@taskrunner/core/ports';
import type { Response } from 'express';
import { SERVICE_STOPS, TOKEN_EXPIRED } from '../logs/open-streams';
import { toFeedEvent } from './event-view';
import type { FeedHeads } from './feed-heads';

/** Options of a reader. */
interface FeedReading {
  readonly tenant: TenantId;
  /** Position after which to begin. */
  readonly after: number;
  /** Ends the stream: the token expires, the service stops, or the reader disconnects. */
  readonly signal: AbortSignal;
  /** A reader that accepts nothing for this long is disconnected, milliseconds. */
  readonly stallMs: number;
}

const HEARTBEAT_MS = 10_000;
const PAGE = 200;
const FIRST_RETRY_MS = 250;
const RETRY_SPREAD_MS = 1_000;

/**
 * Sends the feed of a tenant to one reader, page by page, at the reader's own speed. Ends with `stream.resume` if the service stops or the
 * token expires, and without it if what the reader needs next is not kept any more: the next request of the reader gets 410.
 */
export class EventStream {
  private at: number;
  private head: number;
  private wake: (() => void) | null = null;

  constructor(
    private readonly feed: Pick<EventFeed, 'after'>,
    private readonly heads: FeedHeads,
    private readonly response: Response,
    private readonly reading: FeedReading,
  ) {
    this.at = reading.after;
    this.head = reading.after;
  }

  async run(): Promise<void> {
    const { tenant, signal } = this.reading;
    const wake = (): void => this.wake?.();
    const watching = this.heads.watch(tenant).subscribe((head) => {
      this.head = head;
      if (head > this.at) wake();
    });
    signal.addEventListener('abort', wake);
    try {
      await this.write('retry: 1000\n\n');
      while (!signal.aborted) {
        const page = await this.feed.after(tenant, this.at, PAGE);
        if (page.kind === 'gone') return;
        this.head = page.head;
        if (page.events.length > 0) {
          await this.write(page.events.map((event) => `id: ${event.position}\ndata: ${textOf(event)}\n\n`).join(''));
          this.at = page.events.at(-1)?.position ?? this.at;
        }
        if (page.events.length === PAGE) continue;
        while (!signal.aborted && this.head <= this.at && (await this.isQuiet()))
          await this.write(`: at ${this.at} head ${this.head}\n\n`);
      }
      this.sendResume();
    } finally {
      watching.unsubscribe();
      signal.removeEventListener('abort', wake);
    }
  }

  /** Waits until there may be more, or until the end. True if the heartbeat is due first. */
  private async isQuiet(): Promise<boolean> {
    const isQuiet = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(true), HEARTBEAT_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
    this.wake = null;
    return isQuiet;
  }

  /** Spreads the delays, so that readers of a stopping service do not all reconnect at once. */
  private sendResume(): void {
    const { reason } = this.reading.signal as { reason: unknown };
    if ((reason !== SERVICE_STOPS && reason !== TOKEN_EXPIRED) || this.response.destroyed) return;
    const retryMs = FIRST_RETRY_MS + Math.floor(Math.random() * RETRY_SPREAD_MS);
    const data = JSON.stringify({ type: 'stream.resume', reason, after: this.at, retryMs });
    this.response.write(`event: stream.resume\nid: ${this.at}\nretry: ${retryMs}\ndata: ${data}\n\n`);
  }

  private async write(text: string): Promise<void> {
    if (this.response.destroyed || this.response.write(text)) return;
    const { stallMs } = this.reading;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.response.off('drain', settle).off('close', settle);
        resolve();
      };
      // A reset, because data that the reader has not accepted would otherwise stay in the kernel.
      const timer = setTimeout(() => this.response.socket?.resetAndDestroy(), stallMs);
      this.response.once('drain', settle).once('close', settle);
    });
  }
}

function textOf(event: Parameters<typeof toFeedEvent>[0]): string {
  return JSON.stringify(toFeedEvent(event));
}
