import { ReadingTurns } from './reading-turns';

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
