import { compile, search } from '@jmespath-community/jmespath';
import * as fc from 'fast-check';
import { searchedCases } from '../../../testing/runs-of-laws';
import type { Json } from '../../foundation/json';
import { parseExpression } from '../expression';
import { FUNCTION_NAMES } from '../functions';

describe('JMESPath Community as oracle', () => {
  const names = ['a', 'b', 'c'];
  const json = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.integer({ min: -5, max: 5 }),
      fc.constantFrom<Json>('x', 'yz', true, false, null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc
        .uniqueArray(fc.tuple(fc.constantFrom(...names), tie('value')), { selector: ([key]) => key, maxLength: 3 })
        .map((pairs) => {
          return Object.fromEntries([...pairs].sort(([a], [b]) => (a < b ? -1 : 1)));
        }),
    ),
  })).value;
  const step = fc.constantFrom(
    '.a',
    '.b',
    '.c',
    '[0]',
    '[-1]',
    '[*]',
    '[]',
    '[1:]',
    '[::2]',
    '.[@]',
    '.{a: b}',
    "[?a == 'x']",
    '[?b == `1`].c',
    ' | @',
    ' | [0]',
    ' | a',
  );
  const path = fc
    .tuple(fc.constantFrom(...names), fc.array(step, { maxLength: 5 }))
    .map(([first, steps]) => first + steps.join(''));

  it('paths, projections and comparisons give what the library gives', () => {
    fc.assert(
      fc.property(path, fc.dictionary(fc.constantFrom(...names), json), (text, scope) => {
        const result = parseExpression(text);
        if (result.kind === 'faults') return;
        const theirs = search(scope as Parameters<typeof search>[0], text) ?? null;
        let ours: Json;
        try {
          ours = result.expression.evaluate(scope);
        } catch (error) {
          expect((error as { code: string }).code).toBe('EXPR_TYPE');
          return;
        }
        expect(ours).toEqual(theirs);
      }),
      searchedCases(500, 20_000),
    );
  });

  it('knows every function the library knows', () => {
    const unknown = FUNCTION_NAMES.filter((name) => name !== 'digest').filter((name) => {
      try {
        search(null, `${name}()`);
        return false;
      } catch (error) {
        return /unknown function/i.test((error as Error).message);
      }
    });
    expect(unknown).toEqual([]);
    expect(FUNCTION_NAMES).toHaveLength(42);
    expect(compile('a')).toEqual({ type: 'Field', name: 'a' });
  });
});
