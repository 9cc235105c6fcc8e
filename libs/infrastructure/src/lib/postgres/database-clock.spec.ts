import { DatabaseClock } from './database-clock';

describe('the database clock', () => {
  it('is the measured time plus monotonic time since', () => {
    let elapsed = 100;
    const clock = new DatabaseClock(() => elapsed);
    const sent = clock.mark();
    elapsed = 110;
    clock.observe(5_000, sent);
    expect(clock.now()).toBe(5_005);
    elapsed = 1_110;
    expect(clock.now()).toBe(6_005);
  });

  it('never goes back, also when a later measurement says so', () => {
    let elapsed = 0;
    const clock = new DatabaseClock(() => elapsed);
    clock.observe(5_000, 0);
    elapsed = 50;
    expect(clock.now()).toBe(5_050);
    clock.observe(4_000, 50);
    expect(clock.now()).toBe(5_050);
    elapsed = 1_200;
    expect(clock.now()).toBe(5_150);
  });

  it('refuses to guess before it was measured', () => {
    expect(() => new DatabaseClock().now()).toThrow(TypeError);
  });
});
