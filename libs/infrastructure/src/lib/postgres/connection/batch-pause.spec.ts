import { BatchPause } from './batch-pause';

describe('a shared statement', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('waits after one that carried several, and is told when the wait is over', () => {
    const arrived = jest.fn();
    const pause = new BatchPause(arrived);
    expect(pause.holds(1)).toBe(false);
    pause.sent(4);
    expect(pause.holds(15)).toBe(true);
    expect(pause.holds(16)).toBe(false);
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
    expect(pause.holds(1)).toBe(false);
  });
});
