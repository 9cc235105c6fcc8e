import { RateLimiter } from './rate-limiter';

describe('RateLimiter', () => {
  it('lets so many pass, then as many as time brings back', () => {
    let now = 0;
    const limiter = new RateLimiter(() => now);
    const take = (key = 'a') => limiter.take(key, 10, 60);
    expect(Array.from({ length: 10 }, () => take())).toEqual(Array.from({ length: 10 }, () => 0));
    expect(take()).toBe(6);
    expect(take('b')).toBe(0);
    now += 3_000;
    expect(limiter.peek('a', 10, 60)).toBe(3);
    now += 3_000;
    expect([limiter.peek('a', 10, 60), limiter.peek('a', 10, 60), take(), take()]).toEqual([0, 0, 0, 6]);
  });
});
