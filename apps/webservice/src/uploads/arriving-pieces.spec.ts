import { PassThrough } from 'node:stream';
import type { Request } from 'express';
import { arrivingPieces } from './arriving-pieces';

/** A request whose body a test writes. */
const arriving = (length?: string) =>
  Object.assign(new PassThrough(), { get: () => length }) as unknown as PassThrough & Request;

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += Buffer.from(piece).toString();
  return text;
}

describe('the pieces of an upload', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] }));
  afterEach(() => void jest.useRealTimers());
  const turn = async () => new Promise((resolve) => void setImmediate(resolve));

  it('are all that arrive', async () => {
    const request = arriving();
    const text = textOf(arrivingPieces(request, 30_000));
    for (const piece of ['a', 'b', 'c'.repeat(200_000)]) request.write(piece);
    request.end('d');
    expect(await text).toBe(`ab${'c'.repeat(200_000)}d`);
    expect(await textOf(arrivingPieces(request, 30_000))).toBe('');
  });

  it.each([0, 1])('end with 408 if nothing more arrives after %d pieces', async (count) => {
    const request = arriving('9');
    const text = textOf(arrivingPieces(request, 30_000));
    const refused = expect(text).rejects.toMatchObject({
      code: 'BODY_TIMEOUT',
      message: `nothing has arrived for 30000 ms, after ${count} bytes`,
      headers: { Connection: 'close' },
    });
    for (let n = 0; n < count; n++) request.write('a');
    await turn();
    jest.advanceTimersByTime(30_000);
    await refused;
    expect([request.destroyed, request.listenerCount('data')]).toEqual([false, 0]);
  });

  it('may arrive slowly, and be read slowly', async () => {
    const request = arriving();
    const pieces = arrivingPieces(request, 30_000);
    for (let n = 0; n < 5; n++) {
      const piece = pieces.next();
      await turn();
      jest.advanceTimersByTime(29_000);
      request.write('a');
      expect((await piece).value).toEqual(Buffer.from('a'));
      jest.advanceTimersByTime(60_000);
    }
    request.end();
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
  });

  it('end with 400 if the client disconnects', async () => {
    const request = arriving('9');
    const text = textOf(arrivingPieces(request, 30_000));
    const refused = expect(text).rejects.toMatchObject({
      code: 'BODY_UNREADABLE',
      message: 'the body is incomplete: 1 bytes have come, fewer than the 9 of Content-Length',
    });
    request.write('a');
    await turn();
    request.destroy(new Error('aborted'));
    await refused;
  });
});
