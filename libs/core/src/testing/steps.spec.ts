import { growthOf, stepsOf } from './steps';

const twice = (value: number): number => value * 2;
const line = (size: number): unknown => Array.from({ length: size }, (_, index) => twice(index));

describe('steps', () => {
  it('are the same of the same work', () => {
    line(1);
    const [first, second] = [stepsOf(() => line(1_000)), stepsOf(() => line(1_000))];
    expect(first).toBe(second);
    expect(first).toBeGreaterThanOrEqual(2_000);
  });

  it('grow as the work does', () => {
    expect(growthOf(line, 100)).toBeCloseTo(2);
    expect(growthOf((size) => Array.from({ length: size }, () => line(size)), 50)).toBeCloseTo(4, 0);
    expect(growthOf((size) => 'a'.repeat(size).indexOf('b'), 100)).toBe(0);
  });
});
