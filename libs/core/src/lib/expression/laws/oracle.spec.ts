import * as fc from 'fast-check';
import { getRegisteredFunctions, search } from '@jmespath-community/jmespath';
import type { Json, JsonObject } from '../../foundation/json';
import { canonical } from '../../canonical/canonical';
import { parseExpression } from '../expression';
import { FUNCTION_NAMES } from '../functions';
import { searchedCases } from '../../../testing/runs-of-laws';

/** Random expressions of one run. */
const RUNS = searchedCases(500, 10_000);

// The library is the oracle where both languages mean the same. It orders texts by locale, so only plain words are ordered here. What ours changes is kept out by construction: conditions are comparisons,
// `||` stands after paths, numbers are given between backticks, texts with `'`.

const names = ['a', 'b', 'c'];
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: -5, max: 12 }),
    fc.constantFrom<Json>('x', 'yz', '', true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
    fc.array(fc.constantFrom('x', 'yz'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...names), tie('value')), { selector: ([key]) => key, maxLength: 3 })
      // The library returns members in the order of the document, ours in the order of their names.
      .map((pairs) => Object.fromEntries([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)))),
  ),
}));
const scope = fc.record({ a: value, b: value, c: value });

const one = ['abs', 'avg', 'ceil', 'floor', 'length', 'lower', 'upper', 'reverse', 'sum', 'to_array', 'type', 'trim'];
const more = ['trim_left', 'trim_right'];
/** Over members in order, as those of the given values are. */
const ordered = ['items', 'keys', 'max', 'min', 'sort', 'to_string', 'values'];
const { node } = fc.letrec<{ node: string; path: string; condition: string }>((tie) => ({
  path: fc
    .tuple(
      fc.constantFrom(...names, '@'),
      fc.array(
        fc.constantFrom('.a', '.b', '[0]', '[-1]', '[*]', '[]', '[1:]', '[::-1]', '.[@]', '.{a: b}', "[?a == 'x']"),
        { maxLength: 4 },
      ),
    )
    .map(([first, steps]) => first + steps.join('')),
  condition: fc
    .tuple(
      tie('path'),
      fc.constantFrom('==', '!='),
      fc.oneof(tie('path'), fc.constantFrom('`3`', "'x'", '`[]`', 'null')),
    )
    .map(([left, operator, right]) => `(${left} ${operator} ${right === 'null' ? '`null`' : right})`),
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('path'),
    tie('condition'),
    fc.constantFrom("'x'", '`3`', '`[1, 2]`'),
    fc.tuple(fc.constantFrom(...one, ...more), tie('node')).map(([name, a]) => `${name}(${a})`),
    fc
      .tuple(
        fc.constantFrom('starts_with', 'ends_with', 'find_first', 'find_last', 'split', 'zip'),
        tie('node'),
        tie('node'),
      )
      .map(([name, a, b]) => `${name}(${a}, ${b})`),
    fc
      .tuple(fc.constantFrom('pad_left', 'pad_right'), tie('path'), fc.nat(9))
      .map(([name, a, n]) => `${name}(join('z', [to_string(${a}), 'x']), \`${n}\`)`),
    fc.tuple(tie('node'), tie('node'), tie('node')).map(([a, b, c]) => `replace(${a}, ${b}, ${c})`),
    fc
      .tuple(fc.constantFrom('sort_by', 'group_by'), tie('path'), tie('path'))
      .map(([name, a, b]) => `${name}(${a}, &${b})`),
    fc.tuple(tie('path'), tie('node')).map(([a, b]) => `map(&${a}, ${b})`),
    fc.tuple(tie('node'), fc.constantFrom("'x'", '`3`', '`true`')).map(([a, b]) => `contains(${a}, ${b})`),
    fc.tuple(fc.constantFrom(...ordered), tie('path')).map(([name, a]) => `${name}(${a})`),
    fc
      .tuple(tie('node'), fc.constantFrom('+', '-', '*', '/', '//', '%'), tie('node'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc.tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition')).map(([a, op, b]) => `${a} ${op} ${b}`),
    tie('condition').map((a) => `!${a}`),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `[${a}, ${b}]`),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `not_null(${a}, ${b})`),
    fc.tuple(tie('node'), tie('condition')).map(([a, b]) => `(${a})[?${b}]`),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `let $x = ${a} in [$x, ${b}]`),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}) | (${b})`),
  ),
}));

/** Where the two may differ, by what either said. */
const OURS_REFUSES: readonly string[] = ['EXPR_TYPE', 'EXPR_VALUE', 'EXPR_ARGUMENTS'];

/** Its `sort` orders numbers as texts, its `sort_by` as numbers. Here, `sort` is of paths only, which have no parentheses. */
const asOracleSorts = (text: string): string => text.replaceAll(/\bsort\(([^()]*)\)/g, 'sort_by($1, &@)');

describe('JMESPath Community as oracle', () => {
  it(`gives the same value for ${RUNS.numRuns} expressions, or ours refuses`, () => {
    let compared = 0;
    fc.assert(
      fc.property(node, scope, (text, supplied) => {
        const read = parseExpression(text);
        if (read.kind === 'faults') return;
        let ours: Json;
        try {
          ours = read.expression.evaluate(supplied);
        } catch (error) {
          expect(OURS_REFUSES).toContain((error as { code?: string }).code);
          return;
        }
        const theirs = (search(supplied as Parameters<typeof search>[0], asOracleSorts(text)) ?? null) as Json;
        compared++;
        expect([text, canonical(ours)]).toEqual([text, canonical(theirs)]);
      }),
      RUNS,
    );
    expect(compared).toBeGreaterThan(RUNS.numRuns / 5);
  });

  it.each<[string, string, Json, Json, Json]>([
    ['min_by over texts', 'min_by(a, &@)', { a: ['y', 'x'] }, null, 'x'],
    ['max_by over texts', 'max_by(a, &@)', { a: ['x', 'y'] }, null, 'y'],
    ['the order of numbers is that of texts', 'sort(a)', { a: [10, 2] }, [10, 2], [2, 10]],
    ['a list in a list', 'contains(a, `[1]`)', { a: [[1]] }, false, true],
    ['padding of an empty text', 'pad_left(a, `2`)', { a: '' }, '', '  '],
    ['the order of texts is that of a locale', 'max(a)', { a: ['é', 'x'] }, 'x', 'é'],
  ])('is not followed where it errs: %s', (_, text, supplied, theirs, ours) => {
    expect(search(supplied as Parameters<typeof search>[0], text)).toEqual(theirs);
    const read = parseExpression(text);
    expect(read.kind === 'expression' && read.expression.evaluate(supplied as JsonObject)).toEqual(ours);
  });

  it('has the functions that the library has, and digest', () => {
    expect(FUNCTION_NAMES.filter((name) => name !== 'digest')).toEqual([...getRegisteredFunctions()].sort());
  });
});
