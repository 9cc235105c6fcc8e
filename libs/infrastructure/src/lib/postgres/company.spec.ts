import { Company } from './company';

describe('a shared statement', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('waits after one that carried several, and is told when the wait is over', () => {
    const arrived = jest.fn();
    const company = new Company(arrived);
    expect(company.isAwaitedBy(1)).toBe(false);
    company.sent(4);
    expect(company.isAwaitedBy(15)).toBe(true);
    expect(company.isAwaitedBy(16)).toBe(false);
    jest.advanceTimersByTime(9);
    expect(company.isAwaitedBy(1)).toBe(true);
    expect(arrived).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(arrived).toHaveBeenCalledTimes(1);
    expect(company.isAwaitedBy(1)).toBe(false);
  });

  it('waits for nobody after one that carried few', () => {
    const company = new Company(() => undefined);
    company.sent(3);
    expect(company.isAwaitedBy(1)).toBe(false);
  });
});
