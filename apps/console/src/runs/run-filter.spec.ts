import { isFiltered, readRunFilter } from './run-filter';

it('is read from an address', () => {
  expect(readRunFilter({ status: 'failed', pack: 'image-remediation', stuck: 'any' })).toEqual({
    status: 'failed',
    pack: 'image-remediation',
    stuck: 'any',
  });
  expect(readRunFilter({ pack: 7 })).toEqual({ pack: '7' });
});

it('leaves out what is no filter', () => {
  const filter = readRunFilter({ status: 'lost', pack: '  ', stuck: 'some', page: 3 });
  expect(filter).toEqual({});
  expect(isFiltered(filter)).toBe(false);
  expect(isFiltered({ stuck: 'any' })).toBe(true);
});
