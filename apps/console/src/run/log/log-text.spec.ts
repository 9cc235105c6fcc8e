import { partsOf, plainText } from './log-text';

it('reads as it would in a terminal, without its colours', () => {
  expect(plainText('\u001b[31mred\u001b[0m\tand \u001b]8;;https://example.org\u0007link\u001b]8;;\u0007\r')).toBe(
    'red\tand link',
  );
});

it('is cut where it contains what is searched', () => {
  const hits = (text: string, mark: string) =>
    partsOf(text, mark).map(({ text: part, isHit }) => (isHit ? `[${part}]` : part));
  expect(hits('Index of the index', 'index')).toEqual(['[Index]', ' of the ', '[index]']);
  expect(hits('nothing', 'index')).toEqual(['nothing']);
  expect(hits('aaa', 'aa')).toEqual(['[aa]', 'a']);
  expect(hits('İndex', 'index')).toEqual(['İndex']);
});
