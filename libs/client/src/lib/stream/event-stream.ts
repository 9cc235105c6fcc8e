import { createParser } from 'eventsource-parser';
import { unreachable } from '../connection/unreachable';
import { ClientError } from '../problem/client-error';
import { passAbort } from './pass-abort';

/** Longest event, characters. Those of the server are far shorter. */
const LONGEST_EVENT = 4 * 1024 * 1024;
/** Three heartbeats: the server sends one at least every 10 s. */
export const IDLE_MS = 30_000;

/** An answer that is read as it arrives. */
interface StreamAnswer {
  readonly data?: ReadableStream<Uint8Array> | null;
  readonly response: Response;
}

/** How one connection is made. */
interface StreamRequest {
  /** Sends the request. Its answer is a stream of events, or 204. */
  readonly ask: (signal: AbortSignal) => Promise<StreamAnswer>;
  /** The connection is given up if nothing arrives for this long, milliseconds. */
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
  /** What the stream has, for errors: `log`. */
  readonly subject: string;
}

/** What a stream says: an event with its number, or in a heartbeat that everything up to a number has been sent. */
export type StreamEvent =
  | { readonly kind: 'event'; readonly number: number; readonly data: unknown }
  | { readonly kind: 'position'; readonly number: number };

/**
 * The events of one connection, until it ends; null at once if there is nothing more (204). Rejects with `ApiProblem`, and with
 * `CLIENT_SERVER_UNREACHABLE` if the connection breaks or says nothing for too long.
 */
export async function openEvents(request: StreamRequest): Promise<AsyncGenerator<StreamEvent> | null> {
  const { ask, signal, subject } = request;
  const connection = new AbortController();
  const idle = idleWatch(connection, request.idleMs);
  const release = passAbort(signal, connection);
  try {
    const { data, response } = await idle(ask(connection.signal));
    if (response.status === 204) {
      release();
      return null;
    }
    if (!/^text\/event-stream\b/.test(response.headers.get('content-type') ?? '')) throw unreadable(subject, undefined);
    return eventsOf(data ?? new Blob([]).stream(), { connection, idle, release, subject });
  } catch (error) {
    release();
    throw connection.signal.aborted && !signal?.aborted ? unreachable(connection.signal.reason) : error;
  }
}

type Idle = <Value>(waiting: Promise<Value>) => Promise<Value>;

/** Ends the connection if what is waited for does not come in time. Whoever reads slowly is not waited for. */
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

/** One connection while it is read. */
interface Reading {
  readonly connection: AbortController;
  readonly idle: Idle;
  /** Forgets the signal of the caller. */
  readonly release: () => void;
  readonly subject: string;
}

async function* eventsOf(body: ReadableStream<Uint8Array>, reading: Reading): AsyncGenerator<StreamEvent> {
  const { connection, idle, release, subject } = reading;
  let events: StreamEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, data }) => events.push(eventOf(id, data, subject)),
    onComment: (comment) => {
      const number = /^ ?at (\d+)/.exec(comment)?.[1];
      if (number !== undefined) events.push({ kind: 'position', number: Number(number) });
    },
    onError: (error) => {
      // Fields of later servers are ignored, as the standard says.
      if (error.type === 'max-buffer-size-exceeded') throw unreadable(subject, error);
    },
    maxBufferSize: LONGEST_EVENT,
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  const { signal } = connection;
  // An abort alone may be lost after the answer: Node.js holds the request weakly, and it may be garbage-collected while its body is read.
  const onAbort = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    for (;;) {
      const piece = await idle(reader.read()).catch((error: unknown) => {
        throw unreachable(error);
      });
      if (signal.aborted) throw unreachable(signal.reason);
      // An event that was cut off is not one: it is sent again after the one before it.
      if (piece.done) return;
      parser.feed(decoder.decode(piece.value, { stream: true }));
      const all = events;
      events = [];
      yield* all;
    }
  } finally {
    release();
    connection.abort();
  }
}

function eventOf(id: string | undefined, text: string, subject: string): StreamEvent {
  if (id === undefined || !/^\d+$/.test(id)) throw unreadable(subject, undefined);
  try {
    return { kind: 'event', number: Number(id), data: JSON.parse(text) };
  } catch (error) {
    throw unreadable(subject, error);
  }
}

/** The stream has an event that this client cannot read. */
export function unreadable(subject: string, cause: unknown): ClientError {
  return new ClientError(
    'CLIENT_ANSWER_INVALID',
    `the ${subject} is no stream of events, or has one that cannot be read`,
    'Check that the address belongs to a TaskRunner server of this version or a later one.',
    { cause },
  );
}
