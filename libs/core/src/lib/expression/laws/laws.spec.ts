import * as fc from 'fast-check';
import { isJsonArray, isJsonObject, type Json } from '../../foundation/json';
import { evaluateNode } from '../evaluate';
import { ExpressionError } from '../expression-fault';
import { inspect } from '../inspect';
import { lex } from '../lexer';
import { parseTokens } from '../parse';
import { printNode } from '../print';
import { arrayType, joinTypes, kindOf, nullable, objectType, type StaticType, type ValueKind } from '../static-type';
import type { SyntaxNode } from '../syntax';
import { searchedCases } from '../../../testing/runs-of-laws';

/** Random expressions of one property. */
const RUNS = searchedCases(500, 10_000);

const parse = (text: string): SyntaxNode => parseTokens(lex(text).tokens);
const names = ['a', 'b', 'c', 'd-e'];
const name = fc.constantFrom(...names);

/** Any text that reads as an expression over the members `a`, `b`, `c` and `d-e`: of good types or not. */
const { text } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c', '"d-e"', '@', '$.a', '1', '-2', "'x'", 'true', 'null', '`[1, 2]`', '`{"a": [1]}`'),
    fc
      .tuple(
        tie('text'),
        fc.constantFrom(
          '.a',
          '.d-e',
          '.*',
          '[*]',
          '[]',
          '[0]',
          '[-1]',
          '[1:]',
          '[::-1]',
          '.[@]',
          '.{a: @, "d-e": a}',
          '[?a == 1]',
          '[?@]',
        ),
      )
      .map(([a, step]) => `(${a})${step}`),
    fc
      .tuple(tie('text'), fc.constantFrom('.a', '[*].b', '[].c', '.*.a', '[?a == b].c', '[1:].{a: b}'))
      .map(([a, steps]) => (/^[a-c@]/.test(a) ? a : `(${a})`) + steps),
    fc
      .tuple(
        tie('text'),
        fc.constantFrom('==', '!=', '<', '>=', 'and', 'or', '||', '&&', ' + ', ' - ', '*', '/', '//', '%', '|'),
        tie('text'),
      )
      .map(([a, operator, b]) => `(${a}) ${operator} (${b})`),
    fc.tuple(fc.constantFrom('not ', '!', '-', '+'), tie('text')).map(([mark, a]) => `${mark}(${a})`),
    fc.tuple(tie('text'), tie('text'), tie('text')).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `[${a}, ${b}]`),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `{a: ${a}, b: ${b}}`),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `let $x = ${a} in [$x, ${b}, $x]`),
    fc
      .tuple(
        fc.constantFrom(
          ...[
            'abs',
            'avg',
            'ceil',
            'digest',
            'floor',
            'from_items',
            'items',
            'keys',
            'length',
            'lower',
            'max',
            'min',
            'reverse',
          ],
          ...['sort', 'sum', 'to_array', 'to_number', 'to_string', 'trim', 'type', 'upper', 'values'],
        ),
        tie('text'),
      )
      .map(([call, a]) => `${call}(${a})`),
    fc
      .tuple(
        fc.constantFrom(
          'contains',
          'ends_with',
          'find_first',
          'join',
          'merge',
          'not_null',
          'pad_left',
          'split',
          'starts_with',
          'trim',
          'zip',
        ),
        tie('text'),
        tie('text'),
      )
      .map(([call, a, b]) => `${call}(${a}, ${b})`),
    fc
      .tuple(fc.constantFrom('sort_by', 'max_by', 'min_by', 'group_by'), tie('text'), tie('text'))
      .map(([call, a, b]) => `${call}(${a}, &(${b}))`),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `map(&(${a}), ${b})`),
    fc.tuple(tie('text'), tie('text'), tie('text')).map(([a, b, c]) => `replace(${a}, ${b}, ${c})`),
  ),
}));

const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true, false, 0, -1, 2.5, 1e300, '', 'x', 'é😀', '__proto__'),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(name, fc.constantFrom('constructor', '__proto__', '')), tie('json'), { maxKeys: 4 }),
  ),
}));

const SCALARS: readonly ValueKind[] = ['null', 'boolean', 'number', 'string'];
const { type } = fc.letrec<{ type: StaticType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    fc.subarray([...SCALARS], { minLength: 1, maxLength: 2 }).map((kinds) => ({ kinds })),
    tie('type').map((items) => arrayType(items)),
    fc
      .tuple(fc.dictionary(name, tie('type'), { maxKeys: 3 }), fc.boolean())
      .map(([fields, open]) => objectType(fields, open)),
    tie('type').map((one) => nullable(one)),
    fc.tuple(tie('type'), tie('type')).map(([a, b]) => joinTypes(a, b)),
  ),
}));

/** A value of a type; an open object has members that the type does not name. */
function valueOf(of: StaticType, random: () => number): Json {
  const kind = of.kinds[Math.floor(random() * of.kinds.length)] ?? 'null';
  switch (kind) {
    case 'null':
      return null;
    case 'boolean':
      return random() < 0.5;
    case 'number':
      return Math.floor(random() * 7) - 2;
    case 'string':
      return ['', 'x', 'yz'][Math.floor(random() * 3)] ?? '';
    case 'array':
      return Array.from({ length: Math.floor(random() * 4) }, () => (of.items ? valueOf(of.items, random) : random()));
    case 'object': {
      const known = Object.entries(of.fields ?? {}).map(([key, one]) => [key, valueOf(one, random)] as const);
      const others = of.closed === true ? [] : names.filter(() => random() < 0.3).map((key) => [key, key] as const);
      return Object.fromEntries([...others, ...known]);
    }
  }
}

/** Where a value is not of a type, as a path; null: it is. */
function misfit(value: Json, of: StaticType, at = 'value'): string | null {
  if (!of.kinds.includes(kindOf(value))) return `${at} is ${kindOf(value)}, not ${of.kinds.join('|')}`;
  if (isJsonArray(value))
    return (
      value.map((one, i) => (of.items ? misfit(one, of.items, `${at}[${i}]`) : null)).find((one) => one !== null) ??
      null
    );
  if (!isJsonObject(value)) return null;
  const fields = of.fields ?? {};
  const extra = of.closed === true ? Object.keys(value).find((key) => !Object.hasOwn(fields, key)) : undefined;
  if (extra !== undefined) return `${at} has ${extra}`;
  return (
    Object.entries(fields)
      .map(([key, one]) => misfit(Object.hasOwn(value, key) ? (value[key] ?? null) : null, one, `${at}.${key}`))
      .find((one) => one !== null) ?? null
  );
}

/** The tree without its places in the text, and without what only faults look at. */
function shape(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(shape);
  if (typeof node !== 'object' || node === null) return node;
  const kept = Object.entries(node).filter(([key]) => key !== 'at' && key !== 'quoted' && key !== 'dotted');
  return Object.fromEntries(kept.map(([key, one]) => [key, key === 'step' ? (one ?? 1) : shape(one)]));
}

describe('laws of expressions', () => {
  it('the printed text reads back as the same tree', () => {
    fc.assert(
      fc.property(text, (written) => {
        const node = parse(written);
        expect(shape(parse(printNode(node)))).toEqual(shape(node));
      }),
      RUNS,
    );
  });

  it('evaluation gives a value or an ExpressionError, whatever expression and values', () => {
    let values = 0;
    fc.assert(
      fc.property(text, json, (written, supplied) => {
        try {
          evaluateNode(parse(written), supplied);
          values++;
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
        }
      }),
      RUNS,
    );
    expect(values).toBeGreaterThan(RUNS.numRuns / 20);
  });

  it('a value is of the type that was foreseen', () => {
    let sound = 0;
    const scope = fc.tuple(type, type, type, type).map(([a, b, c, d]) => objectType({ a, b, c, 'd-e': d }));
    fc.assert(
      fc.property(
        text,
        scope,
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        (written, of, stream) => {
          const node = parse(written);
          const { type: foreseen, faults } = inspect(node, of);
          if (faults.some(({ code }) => code !== 'EXPR_ROOT')) return;
          const supplied = valueOf(of, () => stream.next().value as number);
          let value: Json;
          try {
            value = evaluateNode(node, supplied);
          } catch (error) {
            expect(error).toBeInstanceOf(ExpressionError);
            return;
          }
          sound++;
          expect([written, misfit(value, foreseen)]).toEqual([written, null]);
        },
      ),
      RUNS,
    );
    expect(sound).toBeGreaterThan(RUNS.numRuns / 20);
  });
});
