import type { Json } from '../../foundation/json';
import { evaluateNode } from '../evaluate';
import { parseExpression } from '../expression';
import { lex } from '../lexer';
import { Meter } from '../meter';
import { parseTokens } from '../parse';
import { evaluateTemplate } from '../json-template';
import { typeOfSchema } from '../schema-type';
import { lastPlaceOf, piecesOf, placeOf } from '../text-search';

const times = (count: number, piece: string): string => piece.repeat(count);
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

/** Counts what one evaluation spends. */
class Counter extends Meter {
  spent = 0;
  override spend(steps: number): void {
    this.spent += steps;
    super.spend(steps);
  }
}

describe('hostile texts are refused before anything is evaluated', () => {
  it.each<[string, string, string]>([
    ['100 000 parentheses', times(100_000, '('), 'EXPR_LIMIT'],
    ['1 000 parentheses', times(500, '(') + '1' + times(500, ')'), 'EXPR_LIMIT'],
    ['100 000 brackets', times(100_000, '['), 'EXPR_LIMIT'],
    ['negations', times(900, '!') + 'a', 'EXPR_LIMIT'],
    ['signs', times(900, '-') + 'a', 'EXPR_LIMIT'],
    ['choices', times(200, 'a ? b : '), 'EXPR_LIMIT'],
    ['a pipe of 10 000', 'a' + times(10_000, ' | b'), 'EXPR_LIMIT'],
    ['a text of a megabyte', `'${times(1_000_000, 'x')}'`, 'EXPR_LIMIT'],
    ['a literal of a megabyte', `\`"${times(1_000_000, 'x')}"\``, 'EXPR_LIMIT'],
    ['a literal 100 000 deep', `\`${times(100_000, '[')}\``, 'EXPR_LIMIT'],
    ['a literal 8 000 deep', `\`${times(8_000, '[')}${times(8_000, ']')}\``, 'EXPR_LIMIT'],
    ['a huge number', times(400, '9'), 'EXPR_SYNTAX'],
    ['hyphens after a dot', `a.b${times(5_000, '-')}`, 'EXPR_LIMIT'],
    ['filters inside filters', times(40, 'a[?') + 'b' + times(40, ']'), 'EXPR_COST'],
    [
      'a cartesian filter',
      'a[?contains($.b[?contains($.c[?contains($.d[?contains($.e[?f == `1`], g)], h)], i)], j)]',
      'EXPR_COST',
    ],
    [
      'sorts inside sorts',
      'sort_by(a, &sort_by(b, &sort_by(c, &sort_by(d, &sort_by(e, &f)[0].x)[0].x)[0].x)[0].x)',
      'EXPR_COST',
    ],
    ['maps inside maps', 'map(&map(&map(&map(&map(&a, @), @), @), @), b)', 'EXPR_COST'],
  ])('%s', (_, text, code) => {
    const read = parseExpression(text);
    expect(read.kind === 'faults' && read.faults[0]?.code).toBe(code);
  });

  it('types that share their parts are not walked once for each path', () => {
    const deep = (name: string): string => `inputs.${name}${times(40, ' | {a: @, b: @}')}`;
    expect(parseExpression(`let $x = ${deep('a')}, $y = ${deep('b')} in [$x, $y]`).kind).toBe('expression');
  });

  it('a schema whose references double is typed, and one that names itself ends', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `d${i}`,
        i === 59
          ? { type: 'string' }
          : { type: 'object', properties: { a: { $ref: `#/$defs/d${i + 1}` }, b: { $ref: `#/$defs/d${i + 1}` } } },
      ]),
    );
    expect(typeOfSchema({ $defs, allOf: [{ $ref: '#/$defs/d0' }, { $ref: '#/$defs/d1' }] }).kinds).toEqual(['object']);
    expect(typeOfSchema({ type: 'object', properties: { next: { $ref: '#' } } }).fields?.['next']?.kinds).toContain(
      'null',
    );
  });
});

describe('hostile evaluations end at the bound of work', () => {
  const long = times(1_000_000, 'a');
  const knot = `${times(250_000, 'a')}b${times(250_000, 'a')}`;
  let deep: Json = 1;
  let twin: Json = 1;
  for (let level = 0; level < 20_000; level++) [deep, twin] = [[deep], [twin]];
  const supplied = {
    inputs: {
      long,
      knot,
      deep,
      twin,
      list: Array(3_000).fill(1) as Json,
      none: Array(50_000).fill([]) as Json,
      a: long + 'x',
      b: `${long}x`,
    },
    names: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [times(1_000, 'k') + i, i])),
  };

  it.each<[string, string]>([
    ['a wide padding', 'pad_left(inputs.long, 1000000000)'],
    ['a doubling of text', `inputs.long${times(20, " | join('', [@, @])")}`],
    ['a growing replacement', `inputs.long${times(10, " | replace(@, 'a', 'aaaaaaaa')")}`],
    ['a split into characters, again and again', "length(inputs.list[*].[split($.inputs.long, '')])"],
    ['a search for a long text, again and again', 'length(inputs.list[*].[contains($.inputs.long, $.inputs.knot)])'],
    [
      'a comparison of long texts, again and again',
      'length(inputs.list[*].[inputs.list[?$.inputs.a == $.inputs.b]])'.replace('[inputs', '[$.inputs'),
    ],
    [
      'a prefix of a long text, again and again',
      'length(inputs.list[*].[$.inputs.list[?starts_with($.inputs.a, $.inputs.b)]])',
    ],
    ['empty lists made flat', 'length(inputs.list[*].[$.inputs.none[]])'],
    ['long names sorted', 'length(inputs.list[*].[keys($.names)])'],
    ['long names walked', 'length(inputs.list[*].[$.names.*])'],
    ['numbers of long texts', 'length(inputs.list[*].[to_number($.inputs.long)])'],
    ['deep values compared', 'inputs.deep == inputs.twin'],
    ['deep values sought', 'contains([inputs.deep], inputs.twin)'],
    ['deep values given back', 'inputs.deep'],
    ['deep values hashed', 'digest(inputs.deep)'],
  ])('%s', (_, text) => {
    expect(codeOf(() => evaluateNode(parseTokens(lex(text).tokens), supplied))).toBe('EXPR_COST');
  });

  it('counts all expressions of a field together', () => {
    const text = "{{ length(inputs.list[*].[split($.inputs.knot, 'b')]) }}";
    const some = { inputs: { list: Array(2).fill(1) as Json, knot } };
    expect(codeOf(() => evaluateTemplate([text], some))).toBe('ok');
    expect(codeOf(() => evaluateTemplate(Array<Json>(30).fill(text), some))).toBe('EXPR_COST');
  });

  it('searches in steps that grow with the sum of both lengths', () => {
    const meter = new Counter();
    expect(placeOf(long, knot, meter)).toBe(-1);
    expect(piecesOf(long, knot, meter)).toHaveLength(1);
    expect(lastPlaceOf(long, knot, meter)).toBe(-1);
    expect(meter.spent).toBeLessThan(4 * (long.length + knot.length));
  });
});

describe('the search for long texts', () => {
  it.each([
    [times(40, 'ab') + 'c', times(17, 'ab')],
    [times(40, 'ab') + times(40, 'ba') + 'c', times(17, 'ba')],
    [times(100, 'a'), times(33, 'a')],
    [`x${times(50, 'é')}y${times(50, 'é')}`, times(40, 'é')],
    [times(60, 'a') + 'b', times(40, 'a') + 'b'],
    ['short', times(40, 'a')],
    ['', times(40, 'a')],
  ])('finds what the engine finds (%#)', (text, sought) => {
    const meter = new Meter();
    expect(placeOf(text, sought, meter)).toBe(text.indexOf(sought));
    expect(placeOf(text, sought, meter, 3)).toBe(text.indexOf(sought, 3));
    expect(lastPlaceOf(text, sought, meter)).toBe(text.lastIndexOf(sought));
    expect(piecesOf(text, sought, meter)).toEqual(text.split(sought));
  });
});
