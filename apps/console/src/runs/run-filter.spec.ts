import { isFiltered, readRunFilter } from './run-filter';

it('is read from an address', () => {
  const filter = { status: 'failed', q: 'image-remediation', requester: 'me', stuck: 'any' };
  expect(readRunFilter(filter)).toEqual(filter);
  expect(readRunFilter({ q: 7 })).toEqual({ q: '7' });
});

it('leaves out what is no filter', () => {
  const filter = readRunFilter({ status: 'lost', q: '  ', requester: 'grace', stuck: 'some', page: 3 });
  expect(filter).toEqual({});
  expect(isFiltered(filter)).toBe(false);
  expect(isFiltered({ stuck: 'any' })).toBe(true);
});
