import { BatchPause } from './batch-pause';

describe('a shared statement', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('waits after one that carried several, and is told when the wait is over', () => {
    const arrived = jest.fn();
    const pause = new BatchPause(arrived);
    expect(pause.holds(1)).toBe(false);
    pause.sent(4);
    pause.ended(4);
    expect(pause.holds(3)).toBe(true);
    jest.advanceTimersByTime(9);
    expect(pause.holds(1)).toBe(true);
    expect(arrived).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(arrived).toHaveBeenCalledTimes(1);
    expect(pause.holds(1)).toBe(false);
  });

  it('waits for nobody after one that carried few', () => {
    const pause = new BatchPause(() => undefined);
    pause.sent(3);
    pause.ended(3);
    expect(pause.holds(1)).toBe(false);
  });

  it('waits for no more than were in play together, apart from those that are being executed', () => {
    const pause = new BatchPause(() => undefined);
    pause.sent(4);
    pause.sent(4);
    pause.ended(4);
    // Eight in all, four of which are being executed.
    expect([3, 4].map((waiting) => pause.holds(waiting))).toEqual([true, false]);
    pause.ended(4);
    expect([7, 8].map((waiting) => pause.holds(waiting))).toEqual([true, false]);
  });

  it('waits for no more than sixteen', () => {
    const pause = new BatchPause(() => undefined);
    pause.sent(60);
    pause.ended(60);
    expect([15, 16].map((waiting) => pause.holds(waiting))).toEqual([true, false]);
  });

  it('expects fewer after some statements that carried fewer', () => {
    const pause = new BatchPause(() => undefined);
    pause.sent(30);
    pause.ended(30);
    for (let i = 0; i < 30; i++) {
      pause.sent(4);
      pause.ended(4);
    }
    expect([3, 4].map((waiting) => pause.holds(waiting))).toEqual([true, false]);
  });
});
