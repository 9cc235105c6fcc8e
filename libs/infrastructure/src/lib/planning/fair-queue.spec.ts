import { FairQueue } from './fair-queue';

const anybody = () => true;

describe('a fair queue', () => {
  it('gives turns to owners, whatever each of them brought', () => {
    const queue = new FairQueue<string>(100);
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) expect(queue.enqueue(item.charAt(0), item)).toBe(true);
    const order = Array.from({ length: 6 }, () => queue.take(anybody)?.item);
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect(queue.take(anybody)).toBeNull();
  });

  it('passes over owners who may not have a turn', () => {
    const queue = new FairQueue<string>(100);
    queue.enqueue('a', 'a1');
    queue.enqueue('b', 'b1');
    expect(queue.take((owner) => owner !== 'a')).toEqual({ owner: 'b', item: 'b1' });
    expect(queue.take((owner) => owner !== 'a')).toBeNull();
    expect(queue.take(anybody)?.item).toBe('a1');
  });

  it('has half of its room for one owner, and no more than all of it', () => {
    const queue = new FairQueue<number>(4);
    expect([1, 2, 3].map((item) => queue.enqueue('a', item))).toEqual([true, true, false]);
    expect([1, 2, 3].map((item) => queue.enqueue('b', item))).toEqual([true, true, false]);
    expect(queue.enqueue('c', 1)).toBe(false);
    expect(queue.drain()).toHaveLength(4);
    expect(queue.enqueue('c', 1)).toBe(true);
  });

  it('gives more of one owner, in order, up to what is not wanted, and takes it back', () => {
    const queue = new FairQueue<string>(4);
    for (const item of ['a1', 'a2', 'b1']) queue.enqueue(item.charAt(0), item);
    expect(queue.take(anybody)?.item).toBe('a1');
    queue.enqueue('a', 'a3');
    expect(queue.waiting('a')).toBe(2);
    expect(queue.takeMore('a', 0, anybody)).toEqual([]);
    expect(queue.takeMore('a', 5, (item) => item !== 'a3')).toEqual(['a2']);
    queue.putBack('a', ['a1', 'a2']);
    expect(queue.enqueue('b', 'b2')).toBe(false);
    expect(queue.takeMore('a', 2, anybody)).toEqual(['a1', 'a2']);
    expect(queue.takeMore('a', 2, anybody)).toEqual(['a3']);
    expect([queue.waiting('a'), queue.takeMore('a', 2, anybody)]).toEqual([0, []]);
    expect(queue.drain()).toEqual(['b1']);
  });
});
