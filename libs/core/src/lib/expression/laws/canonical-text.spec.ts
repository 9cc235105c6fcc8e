import * as fc from 'fast-check';
import { searchedCases } from '../../../testing/runs-of-laws';
import { parsed, SCOPE } from '../../../testing/sample-expressions';
import { parseExpression, type Expression } from '../expression';

describe('the canonical text', () => {
  it.each([
    ['a.b&&!c.d', 'a.b and not c.d'],
    ['a.b||c', 'a.b or c'],
    ['( a . b )', 'a.b'],
    ["a == 'x' and (b or c)", "a == 'x' and (b or c)"],
    ['`"x"`', "'x'"],
    ['`1`', '1'],
    ['`{"b":1, "a":2}`', '`{"a":2,"b":1}`'],
    ['a."b-c"."d e"', 'a.b-c."d e"'],
    ['"and".x', '"and".x'],
    ['a[ 0 ].b[*] . c [? d>1 ]', 'a[0].b[*].c[?d > 1]'],
    ['a.*.b[]', 'a.*.b[]'],
    ['(a[*].b)[0]', '(a[*].b)[0]'],
    ['a[*].{b: c}[0]', '(a[*].{b: c})[0]'],
    ['a - -1 * -b', 'a - -1 * -b'],
    ['(a or b) and c == (d and e)', '(a or b) and c == (d and e)'],
    ['a - (b - c)', 'a - (b - c)'],
    ['a.[1]', 'a.[(1)]'],
    ['a × b − c', 'a * b - c'],
    ['{ "x":a , y : b.c }', '{x: a, y: b.c}'],
    ['sort_by(a,&b . c)', 'sort_by(a, &b.c)'],
    ['a[1:2:1]', 'a[1:2]'],
    ['(not a) == b', '(not a) == b'],
    ['-(a + b)', '-(a + b)'],
    ["'it\\'s'", "'it\\'s'"],
  ])('%s → %s', (text, canonical) => {
    expect(parsed(text).text).toBe(canonical);
    expect(parsed(canonical).text).toBe(canonical);
  });

  it('reads back to the same text and value, whatever the expression', () => {
    const name = fc.constantFrom(
      'inputs.size',
      'inputs.name',
      'inputs.users',
      'inputs.none',
      'steps.collect-stale.outputs.count',
      '$.inputs.list',
    );
    const { node } = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        name,
        fc.constantFrom('1', "'a'", 'true', 'null', '-2', '`[1]`', '`{"a":"`"}`'.replace('"`"', '"\\`"')),
        fc
          .tuple(tie('node'), fc.constantFrom('or', 'and', '==', '<', '+', ' - ', '*', '//', '|', '||'), tie('node'))
          .map(([a, op, b]) => `${a} ${op} ${b}`),
        tie('node').map((a) => `(${a})`),
        tie('node').map((a) => `not ${a}`),
        tie('node').map((a) => `-${a}`),
        fc
          .tuple(
            tie('node'),
            fc.constantFrom('[0]', '[*]', '[]', '[1:]', '.*', '.user', '.[@]', '.{a: @}', '[?admin]', '.b-c'),
          )
          .map(([a, b]) => `(${a})${b}`),
        fc
          .tuple(
            name,
            fc.constantFrom('[*]', '[]', '.*', '[?@ == 1]'),
            fc.constantFrom('[0]', '[*].a', '[].b', '[1:].user', '.length(@)'),
          )
          .map((parts) => parts.join('')),
        fc.tuple(tie('node'), tie('node'), tie('node')).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `[${a}, ${b}]`),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => `let $x = ${a} in {a: $x, b: ${b}}`),
        tie('node').map((a) => `map(&(${a}), inputs.list)`),
      ),
    }));
    let checked = 0;
    fc.assert(
      fc.property(node, (text) => {
        const result = parseExpression(text);
        if (result.kind === 'faults') return;
        checked++;
        const again = parsed(result.expression.text);
        expect(again.text).toBe(result.expression.text);
        const value = (expression: Expression): unknown => {
          try {
            return expression.evaluate(SCOPE);
          } catch (error) {
            return (error as { code: string }).code;
          }
        };
        expect(value(again)).toEqual(value(result.expression));
        const reads = (expression: Expression): unknown => expression.reads.map(({ root, path }) => [root, path]);
        expect(reads(again)).toEqual(reads(result.expression));
      }),
      searchedCases(300, 15_000),
    );
    expect(checked).toBeGreaterThan(100);
  });

  it('never throws for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-c.[\]{}()'"`$@&|!<>=*?:, \-+\d]*$/)),
        (text) => {
          const result = parseExpression(text);
          if (result.kind === 'faults')
            for (const { offset } of result.faults) expect(offset).toBeLessThanOrEqual(text.length);
        },
      ),
      searchedCases(150, 30_000),
    );
  });
});
