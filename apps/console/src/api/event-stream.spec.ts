import { eventsOf, StreamSilent, type StreamEvent } from './event-stream';

/** A body that comes in these pieces; it stays open after them if it is `open`. */
function body(pieces: readonly string[], isOpen = false): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      if (!isOpen) controller.close();
    },
  });
}

async function read(pieces: readonly string[]): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const batch of eventsOf(body(pieces))) events.push(...batch);
  return events;
}

it('reads events, however they are cut, and leaves out comments', async () => {
  const text =
    'retry: 1000\n\n: at 1 head 2\n\nid: 2\ndata: {"a":"é: 1"}\n\nevent: stream.resume\nid: 3\ndata: one\ndata: two\n\n';
  const expected = [
    { name: '', id: '2', data: '{"a":"é: 1"}' },
    { name: 'stream.resume', id: '3', data: 'one\ntwo' },
  ];
  expect(await read([text])).toEqual(expected);
  expect(await read([...text])).toEqual(expected);
});

it('does not wait for a server that is silent', async () => {
  const reading = (async () => {
    for await (const _ of eventsOf(body(['data: 1\n\n'], true), 20));
  })();
  await expect(reading).rejects.toBeInstanceOf(StreamSilent);
});
