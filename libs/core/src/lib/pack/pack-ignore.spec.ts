import { matchGlob } from './glob';
import { parseIgnore } from './pack-ignore';

it.each([
  ['*.log', 'a.log', true],
  ['*.log', 'deep/in/b.log', true],
  ['*.log', 'a.logs', false],
  ['/a.txt', 'b/a.txt', false],
  ['docs/', 'docs/usage.md', true],
  ['docs/', 'docs', false],
  ['docs/*.md', 'docs/a.md', true],
  ['docs/*.md', 'docs/deep/a.md', false],
  ['docs/**/*.md', 'docs/deep/er/a.md', true],
  ['?.txt', 'ab.txt', false],
  ['*\n!keep', 'keep', false],
  ['# *', 'a', false],
])('%j on %s', (rules, path, ignored) => {
  expect(parseIgnore(rules)(path)).toBe(ignored);
});

it('takes no time that grows faster than pattern times text', () => {
  const began = performance.now();
  expect(matchGlob(['*a'.repeat(100) + 'b'], ['a'.repeat(10_000)])).toBe(false);
  expect(
    matchGlob(
      Array.from({ length: 50 }, () => ['**', 'a'])
        .flat()
        .concat('b'),
      new Array<string>(1_000).fill('a'),
    ),
  ).toBe(false);
  expect(performance.now() - began).toBeLessThan(10_000);
});
