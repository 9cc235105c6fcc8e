import { areKeysOn, stepIn, switchKeys } from './keys';

it('moves through a list, and stops at its ends', () => {
  expect([stepIn(3, -1, 1), stepIn(3, -1, -1), stepIn(3, 1, 1), stepIn(3, 2, 1), stepIn(3, 0, -1)]).toEqual([
    0, 2, 2, 2, 0,
  ]);
  expect(stepIn(0, -1, 1)).toBe(-1);
});

it('act unless a person has turned them off', () => {
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  };
  expect(areKeysOn(storage)).toBe(true);
  switchKeys(false, storage);
  expect(areKeysOn(storage)).toBe(false);
});
