import { readJsonColumn, UNREADABLE_DOCUMENT } from './json-column';

const nested = (levels: number, open = '[', close = ']') => open.repeat(levels) + close.repeat(levels);

describe('a column of the type json', () => {
  it.each([
    '7',
    'null',
    '{"a":["b",{"c":null}]}',
    nested(1_000),
    JSON.stringify(Array.from({ length: 5_000 }, () => [{}])),
    JSON.stringify({ text: '['.repeat(5_000), escaped: `\\"${'{'.repeat(5_000)}\\`, end: [[]] }),
    JSON.stringify(['\\', '"[', '\\"', '\\\\', '['.repeat(3_000)]),
  ])('is read as JSON: %.40s', (text) => {
    expect(readJsonColumn(text)).toEqual(JSON.parse(text));
  });

  it.each([
    nested(1_001),
    nested(30_000),
    nested(30_000, '{"a":', '}').replace('}', '1}'),
    `{"code":"DOCUMENT_ALTERED","message":"x","more":${nested(30_000)},"type":"a"}`,
    `["${'\\\\'.repeat(999)}",${nested(1_000)}]`,
  ])('is no document if nobody can walk through it: %.40s', (text) => {
    expect(readJsonColumn(text)).toBe(UNREADABLE_DOCUMENT);
  });
});
