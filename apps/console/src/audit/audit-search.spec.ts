import { lastEntry, readAuditSearch } from './audit-search';

it('is read from an address', () => {
  expect(readAuditSearch({ after: 200 })).toEqual({ after: 200 });
  expect(readAuditSearch({ after: '200' })).toEqual({ after: 200 });
  for (const after of ['x', -1, 0.5, undefined]) expect(readAuditSearch({ after })).toEqual({});
});

it.each([0, 1, 2, 3, 7, 8, 1_000, 123_457])(
  'finds the end of a chain of %i entries with few questions',
  async (count) => {
    let asked = 0;
    const has = async (seq: number): Promise<boolean> => {
      asked++;
      return seq <= count;
    };
    expect(await lastEntry(has)).toBe(count);
    expect(asked).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(count + 2)) + 2);
  },
);
