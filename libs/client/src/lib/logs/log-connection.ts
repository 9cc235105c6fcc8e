import { createParser } from 'eventsource-parser';
import type { Api } from '../connection/api';
import { unreachable } from '../connection/unreachable';
import type { LogLevel, LogLine } from '../api/types';
import { ClientError } from '../problem/client-error';

/** Maximum length of an event, characters. Lines of logs are far shorter. */
const LONGEST_EVENT = 4 * 1024 * 1024;

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

/** A message of the stream: an event, or a heartbeat stating that all lines up to a number have been sent. */
export type LogEvent =
  | { readonly kind: 'line'; readonly number: number; readonly line: LogLine }
  | { readonly kind: 'position'; readonly number: number };

/**
 * The events of one connection until it ends; null if there are no more lines (204). Rejects with `ApiProblem`, and with
 * `CLIENT_SERVER_UNREACHABLE` if the connection breaks or sends no data for too long.
 */
export async function openLog(api: Api, request: LogRequest): Promise<AsyncGenerator<LogEvent> | null> {
  const { runId, after, tail, step, attempt, level, follow, signal } = request;
  const begin = after === null ? { tail } : { after };
  const connection = new AbortController();
  const idle = idleWatch(connection, request.idleMs);
  const both = signal === undefined ? connection.signal : AbortSignal.any([signal, connection.signal]);
  try {
    const { data, response } = await idle(
      api.GET('/api/runs/{runId}/logs', {
        params: {
          path: { runId },
          query: defined({ ...begin, step, attempt, level, follow: follow ? undefined : false }),
        },
        headers: { accept: 'text/event-stream' },
        parseAs: 'stream',
        cache: 'no-store',
        signal: both,
      }),
    );
    if (response.status === 204) return null;
    if (!/^text\/event-stream\b/.test(response.headers.get('content-type') ?? '')) throw unreadable(undefined);
    return eventsOf(data ?? new Blob([]).stream(), connection, idle);
  } catch (error) {
    throw connection.signal.aborted && !signal?.aborted ? unreachable(connection.signal.reason) : error;
  }
}

/** The parameters that have a value. */
function defined<Query extends object>(query: Query): { [Name in keyof Query]?: Exclude<Query[Name], undefined> } {
  const set = Object.entries(query).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as { [Name in keyof Query]?: Exclude<Query[Name], undefined> };
}

type Idle = <Value>(waiting: Promise<Value>) => Promise<Value>;

/** Closes the connection if an expected read takes too long. The time between reads of a slow reader does not count. */
function idleWatch(connection: AbortController, idleMs: number): Idle {
  return async (waiting) => {
    const timer = setTimeout(() => connection.abort(new Error(`nothing has arrived for ${idleMs} ms`)), idleMs);
    try {
      return await waiting;
    } finally {
      clearTimeout(timer);
    }
  };
}

async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  connection: AbortController,
  idle: Idle,
): AsyncGenerator<LogEvent> {
  let events: LogEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, data }) => events.push(lineOf(id, data)),
    onComment: (comment) => {
      const number = /^ ?at (\d+)/.exec(comment)?.[1];
      if (number !== undefined) events.push({ kind: 'position', number: Number(number) });
    },
    onError: (error) => {
      // Unknown fields are ignored, as the standard requires.
      if (error.type === 'max-buffer-size-exceeded') throw unreadable(error);
    },
    maxBufferSize: LONGEST_EVENT,
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const piece = await idle(reader.read()).catch((error: unknown) => {
        throw unreachable(error);
      });
      // An incomplete event is discarded. It is sent again after the previous line.
      if (piece.done) return;
      parser.feed(decoder.decode(piece.value, { stream: true }));
      const all = events;
      events = [];
      yield* all;
    }
  } finally {
    connection.abort();
  }
}

function lineOf(id: string | undefined, data: string): LogEvent {
  let line: Partial<LogLine>;
  try {
    line = JSON.parse(data) as Partial<LogLine>;
  } catch (error) {
    throw unreadable(error);
  }
  if (id === undefined || !/^\d+$/.test(id) || typeof line?.eventType !== 'string') throw unreadable(undefined);
  return { kind: 'line', number: Number(id), line: line as LogLine };
}

function unreadable(cause: unknown): ClientError {
  const help = 'Check that the address belongs to a TaskRunner server of this version or a later one.';
  return new ClientError(
    'CLIENT_ANSWER_INVALID',
    'the log is no stream of events, or has one that cannot be read',
    help,
    {
      cause,
    },
  );
}
