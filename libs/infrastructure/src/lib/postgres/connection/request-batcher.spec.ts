import { RequestBatcher } from './request-batcher';

/** Work that the test completes. */
function held(atOnce = 1, most = 3) {
  const groups: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const batcher = new RequestBatcher(
    async (asked: readonly number[]) => {
      groups.push(asked);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (asked.includes(13)) throw new Error('thirteen');
      return asked.map((one) => one * 2);
    },
    { atOnce, most },
  );
  return { batcher, groups, end: () => ends.shift()?.() };
}

describe('grouped work', () => {
  it('does one at once, and what comes meanwhile together; each gets its own answer', async () => {
    const { batcher, groups, end } = held();
    const answers = [1, 2, 3, 4, 5].map((one) => batcher.ask(one));
    expect(groups).toEqual([[1]]);
    for (let i = 0; i < 3; i++) {
      end();
      await new Promise(setImmediate);
    }
    expect(groups).toEqual([[1], [2, 3, 4], [5]]);
    expect(await Promise.all(answers)).toEqual([2, 4, 6, 8, 10]);
  });

  it('has as many groups under way as allowed, the second one with several', async () => {
    const { batcher, groups, end } = held(2, 4);
    for (const one of [1, 2, 3, 4]) void batcher.ask(one);
    expect(groups).toEqual([[1]]);
    for (const one of [5, 6]) void batcher.ask(one);
    expect(groups).toEqual([[1], [2, 3, 4, 5]]);
    for (const one of [7, 8, 9]) void batcher.ask(one);
    expect(groups).toHaveLength(2);
    end();
    await new Promise(setImmediate);
    expect(groups).toEqual([[1], [2, 3, 4, 5], [6, 7, 8, 9]]);
  });

  it('waits for others shortly after a group of several, also while nothing is under way', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    try {
      const { batcher, groups, end } = held(1, 4);
      for (const one of [1, 2, 3, 4, 5]) void batcher.ask(one);
      for (let i = 0; i < 2; i++) {
        end();
        await new Promise(setImmediate);
      }
      for (const one of [6, 7]) void batcher.ask(one);
      expect(groups).toEqual([[1], [2, 3, 4, 5]]);
      jest.advanceTimersByTime(10);
      expect(groups.slice(2)).toEqual([[6, 7]]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('fails all of a group whose work fails, and goes on', async () => {
    const { batcher, end } = held();
    const first = batcher.ask(1);
    const failed = Promise.allSettled([batcher.ask(2), batcher.ask(13)]);
    end();
    await first;
    await new Promise(setImmediate);
    const after = batcher.ask(3);
    end();
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await new Promise(setImmediate);
    end();
    expect(await after).toBe(6);
  });
});
