import { ApiProblem, type FeedEvent, type TaskRunnerClient } from '@taskrunner/client';
import { pauseFor } from './pause';

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

/** Between two tries after events were lost, milliseconds. */
const PAUSE_MS = 500;

/** Reads the feed of the tenant. It ends when it is stopped, or with an error that another try does not mend. */
export async function readFeed(
  client: Pick<TaskRunnerClient, 'followEvents'>,
  { after, signal, report }: FeedReading,
): Promise<void> {
  for (let from = after; !signal.aborted; from = null) {
    try {
      const events = client.followEvents({ ...(from === null ? {} : { after: from }), signal });
      for await (const event of events) report({ kind: 'events', events: [event], at: event.position });
    } catch (error) {
      if (signal.aborted) return;
      if (!ApiProblem.is(error) || error.code !== 'EVENTS_GONE') throw error;
      report({ kind: 'again' });
    }
    await pauseFor(PAUSE_MS, signal);
  }
}
