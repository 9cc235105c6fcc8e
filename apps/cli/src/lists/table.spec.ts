import { tableLines, type Column } from './table';
import { ageText, durationText, untilText } from './time-text';

interface Row {
  readonly id: string;
  readonly why: string;
  readonly name: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'WHY', text: ({ why }) => why },
  { title: 'NAME', text: ({ name }) => name },
];

describe('a list', () => {
  it('has a header and aligned columns, and no spaces at ends of lines', () => {
    const rows = [
      { id: 'a', why: 'late', name: '' },
      { id: 'long', why: '', name: 'x' },
    ];
    expect(tableLines(COLUMNS, rows)).toEqual(['ID    WHY   NAME', 'a     late', 'long        x']);
  });

  it('has a record for each row on a terminal that is too narrow', () => {
    const rows = [
      { id: 'a', why: 'late', name: '' },
      { id: 'long', why: '', name: 'x' },
    ];
    expect(tableLines(COLUMNS, rows, 16)).toEqual(['ID    a', 'WHY   late', '', 'ID    long', 'NAME  x']);
    expect(tableLines(COLUMNS, rows, 17)).toHaveLength(3);
  });

  it('folds long values of a record between words, and leaves single words whole', () => {
    const rows = [{ id: 'x'.repeat(30), why: 'the owners have not decided yet', name: '' }];
    expect(tableLines(COLUMNS, rows, 24)).toEqual([
      `ID   ${'x'.repeat(30)}`,
      'WHY  the owners have ',
      '    not decided yet',
    ]);
  });

  it('omits columns that are empty, and has no lines without rows', () => {
    expect(tableLines(COLUMNS, [{ id: 'a', why: '', name: 'x' }])).toEqual(['ID  NAME', 'a   x']);
    expect(tableLines(COLUMNS, [])).toEqual([]);
  });

  it('escapes its cells, and counts wide characters as two columns', () => {
    const rows = [
      { id: '界', why: 'w', name: 'x\ny\u001b[2J' },
      { id: 'abc', why: 'w', name: '' },
    ];
    expect(tableLines(COLUMNS, rows)).toEqual(['ID   WHY  NAME', '界   w    x\\u{a}y\\u{1b}[2J', 'abc  w']);
  });
});

describe('times in words', () => {
  it.each([
    [0, '0ms'],
    [-5, '0ms'],
    [999, '999ms'],
    [12_900, '12s'],
    [200_000, '3m20s'],
    [180_000, '3m'],
    [7_500_000, '2h5m'],
    [356_400_000, '4d3h'],
  ])('a duration of %i ms', (ms, text) => expect(durationText(ms)).toBe(text));

  it('an age and the rest of a time', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const now = Date.parse(at);
    expect([5_000, 90_000, 7_200_000, 200_000_000].map((ms) => ageText(at, now + ms))).toEqual([
      '5s',
      '1m',
      '2h',
      '2d',
    ]);
    expect([ageText(at, now - 9), untilText(at, now - 90_000), untilText(at, now)]).toEqual(['0s', '1m30s', 'expired']);
  });
});
