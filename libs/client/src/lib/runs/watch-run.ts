import type { Run } from '../api/types';
import type { Api } from '../connection/api';
import { pause } from '../retry/pause';
import { withRetry, type FollowingOptions } from '../retry/retry';
import { isOver } from './wait-for-run';

/** How long the server holds one request. */
const HELD = '30s';
/** From one request to the next, also if the run changes all the time. */
const PAUSE_MS = 250;

/**
 * A run as it is now, then whenever it has changed, until it executes nothing more. Changes in quick succession are one. Goes on over broken
 * connections.
 */
export async function* watchRun(api: Api, runId: string, options: FollowingOptions = {}): AsyncGenerator<Run> {
  let tag: string | null = null;
  for (;;) {
    const askedAt = Date.now();
    let isHeld = tag !== null;
    const found: Found = await withRetry(() => {
      const asked = ask(api, runId, tag, isHeld, options);
      // A server that is back says so at once, and is asked to hold the next request.
      isHeld = false;
      return asked;
    }, options);
    options.onConnected?.();
    if (found.run !== null) {
      tag = found.tag;
      yield found.run;
      if (isOver(found.run)) return;
    }
    await pause(PAUSE_MS - (Date.now() - askedAt), options.signal);
  }
}

/** An answer: the run with its version. Null: nothing has changed while the request was held. */
interface Found {
  readonly run: Run | null;
  readonly tag: string | null;
}

async function ask(
  api: Api,
  runId: string,
  tag: string | null,
  isHeld: boolean,
  options: FollowingOptions,
): Promise<Found> {
  const { signal = null } = options;
  const header = tag === null ? {} : { 'If-None-Match': tag };
  const query = isHeld ? { wait: HELD, for: 'change' as const } : {};
  const { data, response } = await api.GET('/api/runs/{runId}', {
    params: { path: { runId }, query, header },
    signal,
  });
  return { run: data ?? null, tag: response.headers.get('etag') };
}
