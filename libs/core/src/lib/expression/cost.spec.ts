import type { Json } from '../foundation/json';
import { estimateCost } from './cost';
import { evaluateNode } from './evaluate';
import { parseExpression } from './expression';
import { lex } from './lexer';
import { Meter } from './meter';
import { parseTokens } from './parse';

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
const tree = (text: string) => parseTokens(lex(text).tokens);
const times = (count: number, piece: string): string => `inputs${piece.repeat(count)}`;

describe('the bound on cost', () => {
  const numbers = Array.from({ length: 2_000 }, (_, index) => index);

  it.each<[string, string, Json]>([
    ['a value shared 2^120 times', times(120, ' | [@, @]'), 1],
    ['a list doubled 120 times', times(120, ' | [@, @][]'), [1]],
    ['a text of a value shared 2^60 times', `to_string(${times(60, ' | [@, @]')})`, 1],
    ['a digest of it', `digest(${times(60, ' | [@, @]')})`, 1],
    ['a comparison of two of them', `(${times(60, ' | [@, @]')}) == (${times(60, ' | [@, @]')})`, 1],
    ['each of 2 000 sought among 2 000', 'length(inputs[?contains($.inputs, @)])', numbers],
    ['a value 230 levels deep', times(230, ' | [@]'), 1],
    ['a text that grows', times(30, " | replace(@, 'a', 'aaaaaaaaaaaaaaaaaaaa')"), 'a'],
    [
      'many copies of one object',
      `merge(${Array(200).fill('inputs').join(', ')})`,
      Object.fromEntries(numbers.map((n) => [`k${n}`, n])),
    ],
  ])('%s ends with EXPR_COST', (_, text, inputs) => {
    expect(codeOf(() => evaluateNode(tree(text), { inputs }, new Meter(200_000)))).toBe('EXPR_COST');
  });

  it('ends at the limit of every evaluation', () => {
    // One comparison of such a text counts a million steps and takes no time.
    const inputs = 'a'.repeat(8_000_000);
    const compared = (count: number): string => {
      const parsed = parseExpression(`[${Array(count).fill('inputs == inputs').join(', ')}]`);
      return codeOf(() => parsed.kind === 'expression' && parsed.expression.evaluate({ inputs }));
    };
    expect([compared(9), compared(10)]).toEqual(['ok', 'EXPR_COST']);
  });

  it('leaves room for a map of 100 000 children', () => {
    const inputs = Array.from({ length: 100_000 }, (_, index) => ({ code: index % 7, name: `host-${index}` }));
    expect(
      codeOf(() => evaluateNode(tree("length(inputs[?code > 3 and starts_with(name, 'host')].name)"), { inputs })),
    ).toBe('ok');
    expect(codeOf(() => evaluateNode(tree('sort_by(inputs, &name)[0].name'), { inputs }))).toBe('ok');
  });

  it('multiplies lists inside lists in the estimate', () => {
    expect(estimateCost(tree('a[*].b'))).toBeLessThan(1_000);
    expect(estimateCost(tree('a[*].b[*].c[*].d[*].e'))).toBeLessThan(1_000_000_000);
    expect(estimateCost(tree('a[*].b[*].c[*].d[*].e[*].f'))).toBeGreaterThan(1_000_000_000);
    expect(estimateCost(tree('map(&map(&x, @), a)'))).toBeGreaterThan(100 * 100);
  });
});
