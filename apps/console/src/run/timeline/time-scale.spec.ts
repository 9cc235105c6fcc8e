import { hasPauses, timeScale } from './time-scale';

const busy = [
  { from: 100, to: 200 },
  { from: 150, to: 300 },
  { from: 10_300, to: 10_500 },
];

it('draws times in proportion where it does not fold', () => {
  const { place, folded } = timeScale(busy, false);
  expect([place(100), place(10_500), folded]).toEqual([0, 1, []]);
  expect(place(5_300)).toBeCloseTo(0.5);
  expect([place(0), place(99_999)]).toEqual([0, 1]);
});

it('draws a long pause short, and the rest in proportion', () => {
  const { place, folded } = timeScale(busy, true);
  expect(folded).toEqual([{ from: 300, to: 10_300 }]);
  expect(place(100)).toBe(0);
  expect(place(300)).toBeCloseTo(0.49);
  expect(place(10_300)).toBeCloseTo(0.51);
  expect(place(5_300)).toBeCloseTo(0.5);
  expect(place(10_500)).toBeCloseTo(1);
});

it('knows where there is nothing to fold', () => {
  expect([hasPauses(busy), hasPauses(busy.slice(0, 2)), hasPauses([])]).toEqual([true, false, false]);
});
