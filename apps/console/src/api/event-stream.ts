/** One server-sent event. */
export interface StreamEvent {
  /** Empty: an event without a name. */
  readonly name: string;
  /** Null: the event has none. */
  readonly id: string | null;
  readonly data: string;
}

/**
 * A server sends at least a comment every ten seconds. One that is silent for longer is gone, although no error was reported: a laptop slept, or
 * a network dropped its connections.
 */
const LONGEST_SILENCE_MS = 35_000;

/** A stream whose server has been silent for too long. */
export class StreamSilent extends Error {
  override readonly name = 'StreamSilent';
}

/**
 * The server-sent events of a body (WHATWG HTML §9.2), in the batches in which they come. Rejects with `StreamSilent`, or with the error of the
 * connection. The body is cancelled when the reader stops.
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  silenceMs = LONGEST_SILENCE_MS,
): AsyncGenerator<readonly StreamEvent[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read(), silenceMs);
      if (done) return;
      const frames = (rest + decoder.decode(value, { stream: true })).split('\n\n');
      rest = frames.pop() ?? '';
      const events = frames.flatMap(eventIn);
      if (events.length > 0) yield events;
    }
  } finally {
    // Not awaited: a connection that is gone answers nothing.
    void reader.cancel().catch(() => undefined);
  }
}

function withinSilence<T>(reading: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new StreamSilent('the server has sent nothing')), ms);
  });
  return Promise.race([reading, silence]).finally(() => clearTimeout(timer));
}

/** The event of a frame; none if the frame is a comment or has no data. */
function eventIn(frame: string): readonly StreamEvent[] {
  let [name, data]: [string, string | null] = ['', null];
  let id: string | null = null;
  for (const line of frame.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const field = line.slice(0, colon);
    const value = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') data = data === null ? value : `${data}\n${value}`;
    else if (field === 'event') name = value;
    else if (field === 'id') id = value;
  }
  return data === null ? [] : [{ name, id, data }];
}
