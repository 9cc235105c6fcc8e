import { clockStep } from './clock-step';

it.each([
  ['goes on as it should', 10_000, 10_000, 2, 0],
  ['differs by what latency and drift make', 10_000, 10_999, 0, 0],
  ['is set ahead', 10_000, 3_610_000, 2, 3_600_000],
  ['is set back', 3_610_000, 10_000, 2, -3_600_000],
  ['differs by no more than the answer took', 10_000, 7_500, 2_500, 0],
  ['differs by more than the answer took and a second', 10_000, 6_000, 2_500, -4_000],
])('a clock that %s', (_, expected, shown, uncertainty, step) => {
  expect(clockStep(expected, shown, uncertainty)).toBe(step);
});
