import { kernelThread, processorTime, timeLeft } from './thread-time';

describe('the time of a task', () => {
  it.each([
    ['has all of its limit at the beginning', 0, 0, 2_000],
    ['goes on where the machine was busy with others', 2_500, 300, 1_700],
    ['ends when its processor time is used', 2_100, 2_000, 'spent'],
    ['ends when its processor time is used, also late', 12_000, 2_010, 'spent'],
    ['is looked at again at the wall bound', 19_500, 300, 500],
    ['is looked at again after a tick at the earliest', 5_000, 1_999, 10],
    ['is starved at the wall bound', 20_000, 300, 'starved'],
    ['is wall time where the platform does not tell', 1_500, null, 500],
    ['is wall time where the platform does not tell, and ends at the limit', 2_000, null, 'spent'],
  ] as const)('%s', (_name, wall, processor, left) => {
    expect(timeLeft({ limit: 2_000, wall, processor })).toBe(left);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('grows while a thread works', () => {
    const thread = kernelThread();
    const before = processorTime(thread) ?? NaN;
    while ((processorTime(thread) ?? NaN) < before + 50);
    expect(processorTime(thread)).toBeGreaterThanOrEqual(before + 50);
  });

  it('is unknown for a thread that is none of this process', () => {
    expect([processorTime(null), processorTime(1)]).toEqual([null, null]);
  });
});
