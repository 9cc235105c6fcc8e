import fc from 'fast-check';
import { matchesPart, PatternWalk } from './glob';

/** The plain definition: every `*` tries everything. */
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
      fc.property(text, name, (pattern, given) => matchesPart(pattern, given) === slow(pattern, given)),
      {
        numRuns: 2_000,
      },
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

  it('cost no more for hostile patterns', () => {
    const started = performance.now();
    expect(matchesPart('a*'.repeat(2_000) + 'b', 'a'.repeat(100_000))).toBe(false);
    const path = Array.from({ length: 200 }, () => 'a').join('/');
    expect(matches('**/a/'.repeat(100) + 'b', path)).toBe(false);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
