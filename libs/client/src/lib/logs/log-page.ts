import type { LogLevel, LogPage } from '../api/types';
import type { Api } from '../connection/api';
import { bodyOf } from '../connection/body-of';
import { unreadable } from '../stream/event-stream';

/** Which lines of a log a page has. */
export interface LogPageQuery {
  /** Lines after this one, from the first. */
  readonly after?: number;
  /** The last lines before this one. Not together with `after`. */
  readonly before?: number;
  /** Only lines that contain this text. The page has their number, and states which lines were searched. */
  readonly q?: string;
  /** `nextCursor` of the page before, with the same query. */
  readonly cursor?: string;
  /** Maximum number of lines. */
  readonly limit: number;
  /** Only lines of this step and its child steps. */
  readonly step?: string;
  /** Only lines of this attempt of the step. Requires `step`. */
  readonly attempt?: number;
  /** Only lines of this level or a higher one. */
  readonly level?: LogLevel;
}

/** A page of a log, or of the results of a search in it. */
export async function logPage(
  api: Api,
  runId: string,
  query: LogPageQuery,
  signal: AbortSignal | undefined,
): Promise<LogPage> {
  const page = await bodyOf(
    api.GET('/api/runs/{runId}/logs', {
      params: { path: { runId }, query },
      headers: { accept: 'application/json' },
      signal: signal ?? null,
    }),
  );
  if ('items' in page) return page;
  throw unreadable('log', undefined);
}
