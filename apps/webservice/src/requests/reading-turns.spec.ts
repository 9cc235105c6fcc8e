import { PacedTurns, ReadingTurns } from './reading-turns';

const turn = async () => new Promise((resolve) => void setImmediate(resolve));

it('lets a few go on in each turn of the event loop, in order, and who asks again after all others', async () => {
  const turns = new ReadingTurns(4);
  const went: string[] = [];
  const again = (name: string, left: number) => (): void => {
    went.push(name);
    if (left > 0) turns.next(again(name, left - 1));
  };
  for (const name of 'abcdef') turns.next(again(name, 1));
  const seen: string[] = [];
  while (went.length < 12) {
    const before = went.length;
    await turn();
    if (went.length > before) seen.push(went.slice(before).join(''));
  }
  expect(seen).toEqual(['abcd', 'efab', 'cdef']);
});

describe('turns at a pace', () => {
  const PART = 64 * 1024;

  /** Parts that `senders` deliver within `ms`, if each sends as fast as it may. */
  const deliver = (rate: number, senders: number, ms: number): number => {
    jest.useFakeTimers();
    try {
      const turns = new PacedTurns(rate);
      let parts = 0;
      const send = (): void => {
        parts++;
        turns.next(send, PART);
      };
      for (let i = 0; i < senders; i++) turns.next(send, PART);
      jest.advanceTimersByTime(ms);
      return parts;
    } finally {
      jest.useRealTimers();
    }
  };

  it.each([1, 2, 50])('let %i senders deliver what the rate permits in all, and not less', (senders) => {
    const second = (64 * 1024 ** 2) / PART;
    const parts = deliver(64 * 1024 ** 2, senders, 1_000);
    // 10 ms in advance, and one part more that may exceed them.
    expect(parts).toBeLessThanOrEqual(second * 1.01 + 2);
    expect(parts).toBeGreaterThan(second * 0.9);
  });
});
