import { tableOf, valuesIn } from './tables-in';

const findings = [
  { what: 'overread', where: 'libssl3', severity: 'high' },
  { severity: 'low', where: 'tar', what: 'stack', fixed: false },
];

it('a list of findings is a table that begins with how bad, where and what, in the order of the list', () => {
  expect(tableOf(findings)).toEqual({
    columns: ['severity', 'where', 'what', 'fixed'],
    rows: [
      ['high', 'libssl3', 'overread', null],
      ['low', 'tar', 'stack', 'false'],
    ],
    counts: ['1 high', '1 low'],
  });
});

it('what is worst stands first, in the order of the pack inside, with a count of each severity', () => {
  const severities = ['info', 'low', 'HIGH', 'critical', null, 'medium', 'high', 'low'];
  const table = tableOf(severities.map((severity, at) => ({ at, ...(severity === null ? {} : { severity }) })));
  expect(table?.rows).toEqual([
    ['critical', '3'],
    ['HIGH', '2'],
    ['high', '6'],
    ['medium', '5'],
    ['low', '1'],
    ['low', '7'],
    ['info', '0'],
    [null, '4'],
  ]);
  expect(table?.counts).toEqual(['1 critical', '2 high', '1 medium', '2 low', '1 info', '1 other']);
  expect(tableOf([{ at: 1 }, { at: 2 }])?.counts).toEqual([]);
});

it('a long list is a table, too', () => {
  const many = Array.from({ length: 1_001 }, (_, at) => ({ at, severity: at === 1_000 ? 'critical' : 'low' }));
  expect([tableOf(many)?.rows.length, tableOf(many)?.rows[0], tableOf(many)?.counts]).toEqual([
    1_001,
    ['critical', '1000'],
    ['1 critical', '1000 low'],
  ]);
});

it('what is no table stays a value', () => {
  const wide = [Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`c${at}`, at]))];
  for (const value of [
    [],
    ['a'],
    [{}],
    [{ deep: { a: 1 } }],
    [{ list: [1] }],
    [findings[0], null],
    { a: 1 },
    'x',
    null,
    wide,
  ])
    expect(tableOf(value as never)).toBeNull();
});

it('the members of a value are shown one by one: tables, short values, and the rest', () => {
  expect(valuesIn({ findings, window: 'night', count: 3, more: { a: [1] } })).toEqual([
    { name: 'findings', kind: 'table', table: tableOf(findings) },
    { name: 'window', kind: 'text', text: 'night' },
    { name: 'count', kind: 'text', text: '3' },
    { name: 'more', kind: 'value', value: { a: [1] } },
  ]);
  expect(valuesIn(findings)).toEqual([{ name: null, kind: 'table', table: tableOf(findings) }]);
  expect(valuesIn(7)).toEqual([{ name: null, kind: 'value', value: 7 }]);
});

it('a value without a table is not taken apart', () => {
  expect(valuesIn({ findings: 3, image: 'a' })).toEqual([
    { name: null, kind: 'value', value: { findings: 3, image: 'a' } },
  ]);
});
