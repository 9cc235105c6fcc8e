import { DatabaseClock } from './database-clock';

describe('the database clock', () => {
  it('is the measured time plus monotonic time since', () => {
    let elapsed = 100;
    const clock = new DatabaseClock(undefined, () => elapsed);
    const sent = clock.mark();
    elapsed = 110;
    clock.observe(5_000, sent);
    expect(clock.now()).toBe(5_005);
    elapsed = 1_110;
    expect(clock.now()).toBe(6_005);
  });

  it('never goes back for what a measurement may be off by', () => {
    let elapsed = 0;
    const steps: number[] = [];
    const clock = new DatabaseClock(
      (step) => steps.push(step),
      () => elapsed,
    );
    clock.observe(5_000, 0);
    elapsed = 50;
    expect(clock.now()).toBe(5_050);
    clock.observe(4_100, 50);
    expect(clock.now()).toBe(5_050);
    elapsed = 1_200;
    expect(clock.now()).toBe(5_250);
    // The answer was read six seconds after its arrival.
    elapsed = 8_000;
    clock.observe(7_000, 2_000);
    expect([clock.timesSetBack, steps]).toEqual([0, []]);
  });

  it('does not take an answer that an outage has delayed for a step of the clock, nor the next one', () => {
    let elapsed = 0;
    const steps: number[] = [];
    const clock = new DatabaseClock(
      (step) => steps.push(step),
      () => elapsed,
    );
    clock.observe(5_000, 0);
    // Sent at 1 s, answered at 31 s, with the time at the end of the outage.
    elapsed = 31_000;
    clock.observe(36_000, 1_000);
    expect(clock.now()).toBe(36_000);
    elapsed = 32_000;
    clock.observe(37_000, 32_000);
    expect([clock.now(), clock.timesSetBack, steps]).toEqual([37_000, 0, []]);
    // The first measurement was delayed.
    const late = new DatabaseClock(
      (step) => steps.push(step),
      () => elapsed,
    );
    late.observe(37_000, 22_000);
    late.observe(37_000, 32_000);
    expect([late.now(), late.timesSetBack, steps]).toEqual([37_000, 0, []]);
  });

  it('follows the clock of the database when that is set, and says by how much', () => {
    let elapsed = 0;
    const steps: number[] = [];
    const clock = new DatabaseClock(
      (step) => steps.push(step),
      () => elapsed,
    );
    clock.observe(5_000, 0);
    elapsed = 2_000;
    clock.observe(907_000, 2_000);
    expect([clock.now(), clock.timesSetBack]).toEqual([907_000, 0]);
    elapsed = 4_000;
    clock.observe(9_000, 4_000);
    expect([clock.now(), clock.timesSetBack]).toEqual([9_000, 1]);
    expect(steps).toEqual([900_000, -900_000]);
    elapsed = 5_000;
    expect(clock.now()).toBe(10_000);
  });

  it('refuses to guess before it was measured', () => {
    expect(() => new DatabaseClock().now()).toThrow(TypeError);
  });
});
