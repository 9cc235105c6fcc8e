import fc from 'fast-check';
import { growthOf, searchedCases, stepsOf } from '@taskrunner/core/testing';
import { matchesPart, PatternWalk } from './glob';

/** Reference implementation: every `*` tries every length. */
function slow(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  if (pattern.startsWith('*')) return slow(pattern.slice(1), name) || (name !== '' && slow(pattern, name.slice(1)));
  return name.startsWith(pattern.charAt(0)) && name !== '' && slow(pattern.slice(1), name.slice(1));
}

function matches(pattern: string, path: string): boolean {
  let walk: PatternWalk | null = PatternWalk.of(pattern);
  for (const part of path.split('/')) walk = walk?.into(part) ?? null;
  return walk?.ended ?? false;
}

describe('patterns', () => {
  it('match as the plain definition says', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    fc.assert(
      fc.property(text, name, (pattern, supplied) => matchesPart(pattern, supplied) === slow(pattern, supplied)),
      searchedCases(500, 20_000),
    );
  });

  it.each<[string, string, boolean]>([
    ['*.json', 'a.json', true],
    ['*.json', '.json', false],
    ['.*', '.a', true],
    ['*.json', 'a/b.json', false],
    ['a/*/c', 'a/b/c', true],
    ['a/*/c', 'a/b/b/c', false],
    ['a/**/c', 'a/c', true],
    ['a/**/c', 'a/b/b/c', true],
    ['a/**/c', 'a/.b/c', false],
    ['**/*.txt', 'x.txt', true],
    ['**', 'a/b', true],
    ['**/**/**/x', 'a/b/c/d/y', false],
  ])('%s on %s: %s', (pattern, path, expected) => expect(matches(pattern, path)).toBe(expected));

  // Small patterns come first: an exponential implementation fails there instead of hanging on large ones.
  it.each([5, 500])('cost no more for hostile patterns: %d stars or parts', (size) => {
    const [pattern, name] = [`a${'*a'.repeat(size)}*ba`, 'a'.repeat(4 * size)];
    expect(stepsOf(() => expect(matchesPart(pattern, name)).toBe(false))).toBeLessThan(500);
    expect(growthOf((parts) => matches('**/a/'.repeat(4) + 'b', 'a/'.repeat(parts) + 'a'), size)).toBeLessThan(2.2);
  });
});
