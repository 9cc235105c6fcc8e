import fc from 'fast-check';
import { readEvents, type StreamEvent } from './event-stream';

async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function read(text: string, sizes: readonly number[] = [1_000]): Promise<readonly StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of readEvents(cut(text, sizes))) events.push(event);
  return events;
}

describe('an event stream', () => {
  it.each<[string, string, readonly StreamEvent[]]>([
    ['fields with and without a space', 'id: 1\ndata:a\n\n', [{ id: '1', data: 'a' }]],
    ['comments and retry', ': at 1 head 2\n\nretry: 1000\n\ndata: x\n\n', [{ id: null, data: 'x' }]],
    ['several data lines', 'data: a\ndata: b\n\n', [{ id: null, data: 'a\nb' }]],
    [
      'an id that stays',
      'id: 7\ndata: a\n\ndata: b\n\n',
      [
        { id: '7', data: 'a' },
        { id: '7', data: 'b' },
      ],
    ],
    [
      'CRLF and CR',
      'id: 1\r\ndata: a\r\n\r\ndata: b\r\rdata: c\n\n',
      [
        { id: '1', data: 'a' },
        { id: '1', data: 'b' },
        { id: '1', data: 'c' },
      ],
    ],
    ['a last event that was cut off', 'data: a\n\ndata: b\n', [{ id: null, data: 'a' }]],
  ])('has %s', async (_what, text, events) => {
    expect(await read(text)).toEqual(events);
  });

  it('says the same however it is cut', async () => {
    const text = '\ufeffid: 1\r\ndata: grüße 漢字 😀\r\n\r\n: ping\n\nid: 2\ndata: {"a":1}\n\n';
    const whole = await read(text);
    expect(whole).toHaveLength(2);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (sizes) => {
        expect(await read(text, sizes)).toEqual(whole);
      }),
    );
  });
});
