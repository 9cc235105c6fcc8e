import { stepsOf } from '../../testing/steps';
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

// Small ones first: an implementation that backtracks every star fails there and does not hang at the large ones.
it.each([
  [4, 16],
  [100, 1_000],
])('takes no more steps than pattern times text: %d stars on %d characters or parts', (stars, length) => {
  const parts = Array.from({ length: stars }, () => ['**', 'a']).flat();
  for (const [pattern, path] of [
    [['*a'.repeat(stars) + 'b'], ['a'.repeat(length)]],
    [[...parts, 'b'], new Array<string>(length).fill('a')],
  ] as const) {
    matchGlob(pattern, path);
    expect(stepsOf(() => expect(matchGlob(pattern, path)).toBe(false))).toBeLessThan(200 + 4 * stars * length);
  }
});
