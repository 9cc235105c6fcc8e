import type { FeedEvent } from '../api/types';
import type { Api } from '../connection/api';
import { bodyOf } from '../connection/body-of';
import { unreachable } from '../connection/unreachable';
import { optionFrom } from '../problem/option';
import { Retry, withRetry, type RetryOptions } from '../retry/retry';
import { IDLE_MS, openEvents, unreadable } from '../stream/event-stream';

/** Which events of a tenant to read. */
export interface EventOptions extends RetryOptions {
  /** Position after which to begin. Default: the last one, so that only new events are read. 0: the oldest that are kept. */
  readonly after?: number;
  /** A connection on which nothing arrives for this long, not even a heartbeat, is replaced, milliseconds. Default 30 000. */
  readonly idleMs?: number;
  /** Called with the position after which events are read, whenever the server has answered. */
  readonly onConnected?: (after: number) => void;
}

/**
 * The events of the tenant, each once and in order of their positions, over as many connections as it takes. Never ends by itself. Rejects
 * with `ApiProblem` if the server refuses, such as `EVENTS_GONE` if events after the position are not kept any more: read the lists again,
 * then follow anew.
 */
export async function* followEvents(api: Api, options: EventOptions = {}): AsyncGenerator<FeedEvent> {
  const { signal, onConnected } = options;
  const idleMs = optionFrom('idleMs', options.idleMs ?? IDLE_MS, 1);
  const retry = new Retry(options);
  let after = optionFrom('after', options.after ?? (await headOf(api, options)), 0);
  for (;;) {
    let failure: unknown = null;
    let resumeMs: number | undefined;
    try {
      const query = { after };
      const events = await openEvents({
        ask: (connected) =>
          api.GET('/api/events', {
            params: { query },
            headers: { accept: 'text/event-stream' },
            parseAs: 'stream',
            cache: 'no-store',
            signal: connected,
          }),
        idleMs,
        signal,
        subject: 'feed',
      });
      onConnected?.(after);
      for await (const event of events ?? []) {
        retry.answered();
        if (event.kind === 'event') {
          const found = readEvent(event.data);
          if (found.type === 'stream.resume') resumeMs = found.retryMs ?? 0;
          // Events of later servers are passed on: whoever reads them compares the type.
          else if (event.number > after) yield found as FeedEvent;
        }
        after = Math.max(after, event.number);
        if (resumeMs !== undefined) break;
      }
      if (resumeMs === undefined) failure = unreachable(new Error('it has ended the connection'));
    } catch (error) {
      failure = error;
    }
    await retry.after(failure, resumeMs);
  }
}

/** The last position of the feed. */
async function headOf(api: Api, options: EventOptions): Promise<number> {
  const { signal = null } = options;
  const page = await withRetry(
    () => bodyOf(api.GET('/api/events', { params: { query: { limit: 1 } }, signal })),
    options,
  );
  if ('head' in page) return page.head;
  throw unreadable('feed', undefined);
}

/** A feed event, or the sign to come back. */
interface Sent {
  readonly type: string;
  readonly retryMs?: number;
}

function readEvent(data: unknown): Sent {
  const event = data as Partial<Sent> | null;
  if (typeof event?.type !== 'string') throw unreadable('feed', undefined);
  return event as Sent;
}
