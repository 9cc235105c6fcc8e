import { isFiltered, readRunFilter, runQuery, withFilter } from './run-filter';

it('is read from an address', () => {
  const filter = { status: 'failed', q: 'image-remediation', requester: 'me', stuck: 'any', label: 'ticket:SEC-42' };
  expect(readRunFilter(filter)).toEqual(filter);
  expect(readRunFilter({ q: 7, pack: 'a', from: '2026-11-01', to: '2026-11-29' })).toEqual({
    q: '7',
    pack: 'a',
    from: '2026-11-01',
    to: '2026-11-29',
  });
});

it('leaves out what is no filter', () => {
  const filter = readRunFilter({
    status: 'lost',
    q: '  ',
    stuck: 'some',
    page: 3,
    label: 'ticket',
    from: '2026-13-01',
  });
  expect(filter).toEqual({});
  expect(isFiltered(filter)).toBe(false);
  expect(isFiltered({ stuck: 'any' })).toBe(true);
});

it('is changed member by member; a span of time takes the place of days', () => {
  const days = withFilter({ status: 'failed' }, 'from', '2026-11-01');
  expect(days).toEqual({ status: 'failed', from: '2026-11-01' });
  expect(withFilter(days, 'since', '24h')).toEqual({ status: 'failed', since: '24h' });
  expect(withFilter(days, 'from', '')).toEqual({ status: 'failed' });
});

it('asks the API for times', () => {
  const now = Date.parse('2026-11-29T12:00:00Z');
  expect(runQuery({ since: '24h', pack: 'a' }, now)).toEqual({ pack: 'a', createdAfter: '2026-11-28T12:00:00.000Z' });
  expect(runQuery({ status: 'failed', label: 'ticket:7' }, now)).toEqual({ status: ['failed'], label: ['ticket:7'] });
  const { createdAfter = '', createdBefore = '' } = runQuery({ from: '2026-11-28', to: '2026-11-28' }, now);
  expect(Date.parse(createdBefore) - Date.parse(createdAfter)).toBe(86_400_000);
});
