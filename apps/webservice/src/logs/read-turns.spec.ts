import { ReadTurns } from './read-turns';

const settle = () => new Promise((go) => setImmediate(go));

describe('turns of reads', () => {
  it('are so many at once, in the order in which they came, also after one that fails', async () => {
    const turns = new ReadTurns(2);
    const begun: number[] = [];
    const ends: ((error?: Error) => void)[] = [];
    const reads = [0, 1, 2, 3].map((number) =>
      turns
        .take(
          () =>
            new Promise<number>((resolve, reject) => {
              begun.push(number);
              ends[number] = (error) => (error ? reject(error) : resolve(number));
            }),
        )
        .catch((error: Error) => error.message),
    );
    await settle();
    expect(begun).toEqual([0, 1]);
    ends[1]?.(new Error('away'));
    await settle();
    expect(begun).toEqual([0, 1, 2]);
    ends[0]?.();
    await settle();
    expect(begun).toEqual([0, 1, 2, 3]);
    ends[2]?.();
    ends[3]?.();
    expect(await Promise.all(reads)).toEqual([0, 'away', 2, 3]);
    expect(await turns.take(async () => 4)).toBe(4);
  });
});
