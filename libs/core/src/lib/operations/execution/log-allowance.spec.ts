import { LogAllowance } from './log-allowance';

describe('what an execution may keep of its output', () => {
  it('ends at so many bytes, for good', () => {
    const allowance = new LogAllowance({ bytes: 100, bytesPerSecond: 1_000 });
    expect([allowance.take(60, 0), allowance.take(40, 0), allowance.take(1, 0)]).toEqual(['kept', 'kept', 'full']);
    expect(allowance.take(1, 1_000_000)).toBe('full');
  });

  it('that had no room for a line has none for a shorter one: what is kept is the beginning', () => {
    const allowance = new LogAllowance({ bytes: 100, bytesPerSecond: 1_000 });
    expect([allowance.take(101, 0), allowance.take(1, 0)]).toEqual(['full', 'full']);
  });

  it('is one second of the rate at once, then the rate', () => {
    const allowance = new LogAllowance({ bytes: 1_000_000, bytesPerSecond: 1_000 });
    expect([allowance.take(1_000, 5), allowance.take(10, 5)]).toEqual(['kept', 'fast']);
    expect(allowance.take(10, 204)).toBe('fast');
    expect(allowance.take(200, 305)).toBe('kept');
    expect(allowance.take(100, 305)).toBe('kept');
    expect(allowance.take(1, 305)).toBe('fast');
  });

  it('does not grow when the clock goes back', () => {
    const allowance = new LogAllowance({ bytes: 1_000_000, bytesPerSecond: 1_000 });
    expect(allowance.take(1_000, 10_000)).toBe('kept');
    expect(allowance.take(1, 0)).toBe('fast');
    expect(allowance.take(1, 10_000)).toBe('fast');
  });
});
