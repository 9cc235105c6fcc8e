import { documentsOf } from './documents-of';

describe('the documents of a text', () => {
  it.each<[string, string, [number, string][]]>([
    ['one', 'a: 1\n', [[1, 'a: 1\n']]],
    ['one behind its marker', '--- a\n', [[1, '    a\n']]],
    ['two', 'a\n---\nb\n', [[1, 'a\n'], [2, '   \nb\n']]],
    ['one after comments', '# a\n---\r\n# b\r\n---\nb', [[4, '   \nb']]],
    ['no markers', 'a\n ---\n----\n---b\n', [[1, 'a\n ---\n----\n---b\n']]],
    ['nothing', '', []],
    ['nothing but markers', '---\n---\n---', []],
  ])('%s', (_, text, expected) => {
    expect([...documentsOf(text)].map(({ firstLine, body }) => [firstLine, body])).toEqual(expected);
  }); // prettier-ignore

  it('are together no longer than the text', () => {
    const text = Array.from({ length: 1_000 }, (_, index) => `n: ${index}\n`).join('---\n');
    const found = [...documentsOf(text)];
    expect(found.at(-1)).toEqual({ body: '   \nn: 999\n', firstLine: 1_998 });
    expect(found.map(({ body }) => body).join('')).toBe(text.replaceAll('---', '   '));
  });

  it('are told from comments in one pass, however these are made', () => {
    const rows = `${'#'.repeat(50_000)}\n${' \t'.repeat(1_000)}# # #\r\n\n`;
    expect([...documentsOf(`${rows}---\n${rows}x`)].map(({ firstLine }) => firstLine)).toEqual([4]);
  });
});
