import type { Api } from './api';
import { eventsOf } from './event-stream';
import { pauseFor } from './pause';
import { ApiProblem } from './problem';

/** An event of the tenant: that something changed, not what it is now. */
export interface FeedEvent {
  readonly type: string;
  readonly runId: string;
}

/** What the feed reports to a reader. `again`: events may have been missed, so that everything must be read again. */
export type FeedChange =
  | { readonly kind: 'events'; readonly events: readonly FeedEvent[]; readonly at: number }
  | { readonly kind: 'again' };

export interface FeedReading {
  /** Position after which to begin; null: with what happens from now on. */
  readonly after: number | null;
  readonly signal: AbortSignal;
  readonly report: (change: FeedChange) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** Reads the feed of the tenant, and goes on where it was after a lost connection. It ends when it is stopped, or with an error that another try does not mend. */
export async function readFeed(api: Pick<Api, 'ask' | 'get'>, { after, signal, report }: FeedReading): Promise<void> {
  let at = after;
  for (let pause = FIRST_PAUSE_MS; !signal.aborted;) {
    try {
      at ??= (await api.get<{ readonly head: number }>('events', { limit: 1 }, signal)).head;
      const { body } = await api.ask('events', {
        query: { after: at },
        headers: { Accept: 'text/event-stream' },
        signal,
      });
      for await (const batch of eventsOf(body ?? new ReadableStream())) {
        pause = FIRST_PAUSE_MS;
        const events = batch.flatMap(({ name, id, data }) => {
          at = id === null || id === '' ? at : Number(id);
          return name === '' ? [JSON.parse(data) as FeedEvent] : [];
        });
        if (events.length > 0) report({ kind: 'events', events, at });
      }
    } catch (error) {
      if (signal.aborted) return;
      if (ApiProblem.is(error) && error.code === 'EVENTS_GONE') {
        at = null;
        report({ kind: 'again' });
      } else if (ApiProblem.is(error) && !error.isTransient) throw error;
    }
    // A tab that leaves must not keep the lock for a pause.
    await pauseFor(pause, signal);
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
  }
}
