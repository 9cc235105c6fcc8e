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

it('draws a pause in which people were waited for so wide that it is seen, however many there are', () => {
  const waits = [{ from: 300, to: 10_300 }];
  const { place } = timeScale(busy, true, waits);
  expect(place(10_300) - place(300)).toBeCloseTo(0.12);
  expect([place(100), place(10_500)].map((at) => Math.round(at * 1_000))).toEqual([0, 1_000]);
  const many = Array.from({ length: 10 }, (_, n) => ({ from: n * 10_000, to: n * 10_000 + 10 }));
  const gates = many.slice(0, -1).map(({ to }, n) => ({ from: to, to: (n + 1) * 10_000 }));
  const scale = timeScale(many, true, gates);
  const seen = gates.map(({ from, to }) => scale.place(to) - scale.place(from));
  expect(seen.reduce((sum, one) => sum + one)).toBeCloseTo(0.4);
});

it('knows where there is nothing to fold', () => {
  expect([hasPauses(busy), hasPauses(busy.slice(0, 2)), hasPauses([])]).toEqual([true, false, false]);
});
