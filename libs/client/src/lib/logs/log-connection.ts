import type { LogLevel, LogLine } from '../api/types';
import type { Api } from '../connection/api';
import { openEvents, unreadable, type StreamEvent } from '../stream/event-stream';

/** One connection of a reader. */
interface LogRequest {
  readonly runId: string;
  /** Number of the line after which to start; null: with `tail`. */
  readonly after: number | null;
  readonly tail?: number | undefined;
  readonly step?: string | undefined;
  readonly attempt?: number | undefined;
  readonly level?: LogLevel | undefined;
  readonly follow: boolean;
  /** Time without data after which the connection is closed, milliseconds. */
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The events of one connection to a log, as `openEvents` returns them. */
export function openLog(api: Api, request: LogRequest): Promise<AsyncGenerator<StreamEvent> | null> {
  const { runId, after, tail, step, attempt, level, follow, idleMs, signal } = request;
  const begin = after === null ? { tail } : { after };
  return openEvents({
    ask: (connected) =>
      api.GET('/api/runs/{runId}/logs', {
        params: {
          path: { runId },
          query: defined({ ...begin, step, attempt, level, follow: follow ? undefined : false }),
        },
        headers: { accept: 'text/event-stream' },
        parseAs: 'stream',
        cache: 'no-store',
        signal: connected,
      }),
    idleMs,
    signal,
    subject: 'log',
  });
}

/** The parameters that have a value. */
function defined<Query extends object>(query: Query): { [Name in keyof Query]?: Exclude<Query[Name], undefined> } {
  const set = Object.entries(query).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as { [Name in keyof Query]?: Exclude<Query[Name], undefined> };
}

/** Throws `CLIENT_ANSWER_INVALID` if it is no line. */
export function lineOf(data: unknown): LogLine {
  const line = data as Partial<LogLine> | null;
  if (typeof line?.eventType !== 'string') throw unreadable('log', undefined);
  return line as LogLine;
}
