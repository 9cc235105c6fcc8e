import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Json } from '../../foundation/json';
import { canonical } from '../../canonical/canonical';
import { evaluateNode } from '../evaluate';
import { ExpressionError } from '../expression-fault';
import { lex } from '../lexer';
import { parseTokens } from '../parse';
import { printNode } from '../print';

/** Intentional differences of the pack language: the cases of the compliance suite that it does not satisfy, each with its reason. */
const CHANGED: readonly { readonly file: string; readonly reason: string; readonly expressions: readonly string[] }[] =
  [
    {
      file: 'boolean.json',
      reason: 'no truthiness: `&&` and `!` take booleans; `||` gives the left side unless it is null or false',
      expressions: [
        'outer.empty_string || outer.foo',
        'outer.nokey || outer.bool || outer.empty_list || outer.empty_string || outer.foo',
        'True && Number',
        'Number && True',
        'Number && False',
        'Number && EmptyList',
        'EmptyList && True',
        'EmptyList && False',
        '(Number || True) && False',
        '!Number',
        '!EmptyList',
        'True && !EmptyList',
        '!False && !EmptyList',
        '!Zero',
        '!!Zero',
      ],
    },
    {
      file: 'boolean.json',
      reason: '`<` and `>` take numbers: anything else is EXPR_TYPE, not null',
      expressions: ['emptylist < one', 'emptylist < nullvalue', 'emptylist < boolvalue', 'one < boolvalue'],
    },
    {
      file: 'benchmarks.json',
      reason: 'no truthiness: `&&` takes booleans, not objects',
      expressions: [[...'abcdefghijklmnopqrstuvwxyz'].join(' && ')],
    },
    {
      file: 'benchmarks.json',
      reason: 'brackets go 64 levels deep: 104 projections inside each other are EXPR_LIMIT',
      expressions: [[...'abcdefghijklmnopqrstuvwxyz'.repeat(4)].map((name) => `${name}[*]`).join('.')],
    },
    {
      file: 'filters.json',
      reason: 'no truthiness: the condition of a filter is a boolean',
      expressions: ['foo[?key]', 'foo[? !key]', 'foo[? !!key]', 'foo[?!key]'],
    },
    {
      file: 'multiselect.json',
      reason: 'no truthiness: an empty list on the left of `||` is a value',
      expressions: ['foo.[baz[*].not_there || baz[*].bar, qux[0]]'],
    },
    {
      file: 'literal.json',
      reason: 'JMESPath Community reads \\\\ in a raw string as one backslash, and so do we',
      expressions: ["'\\\\'"],
    },
    {
      file: 'syntax.json',
      reason: 'bare numbers are literals, so they are elements of a list',
      expressions: ['*.[0]', 'foo.[0]', 'foo.[abc, 1]', 'foo.[0, 1]'],
    },
  ];

interface ComplianceCase {
  readonly expression: string;
  readonly result?: Json;
  readonly error?: string;
  readonly bench?: string;
}
interface Group {
  readonly given: Json;
  readonly cases: readonly ComplianceCase[];
}

const vectors = process.env['TASKRUNNER_VECTORS'] ?? resolve(__dirname, '../../../../../../../shared/vectors');
const folder = join(vectors, 'jmespath/tests/compliance');
const present = existsSync(folder);
if (!present) console.warn(`JMESPath compliance suite skipped: ${folder} is absent`);
const files = present ? readdirSync(folder).sort() : [];
const named = (file: string, expression: string): string => `${file} ${expression}`;
const changed = new Set(CHANGED.flatMap(({ file, expressions }) => expressions.map((one) => named(file, one))));
const groupsOf = (file: string): readonly Group[] => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Group[];

const order = (value: Json): string => canonical(value);

/** True if the pack language gives the suite's result: the value, or an error if the suite expects one. */
function keeps({ expression, result, error }: ComplianceCase, supplied: Json): boolean {
  try {
    const value = evaluateNode(parseTokens(lex(expression).tokens), supplied);
    return error === undefined && (result === undefined || order(value) === order(result));
  } catch (refusal) {
    if (!ExpressionError.is(refusal)) throw refusal;
    return error !== undefined;
  }
}

(present ? describe : describe.skip)('JMESPath compliance suite', () => {
  for (const file of files.length > 0 ? files : ['absent']) {
    it(`${file}: every case is kept, or listed as changed`, () => {
      for (const { given: supplied, cases } of groupsOf(file)) {
        for (const one of cases) {
          const { expression } = one;
          expect([expression, keeps(one, supplied)]).toEqual([expression, !changed.has(named(file, expression))]);
        }
      }
    });
  }

  it('has 908 cases, and everything listed is one of them', () => {
    const all = files.flatMap((file) =>
      groupsOf(file).flatMap(({ cases }) => cases.map(({ expression }) => named(file, expression))),
    );
    expect(all).toHaveLength(908);
    expect([...changed].filter((one) => !all.includes(one))).toEqual([]);
  });

  it('prints every expression so that it reads back as the same tree', () => {
    for (const { expression } of files.flatMap((file) => groupsOf(file).flatMap(({ cases }) => cases))) {
      let text: string;
      try {
        text = printNode(parseTokens(lex(expression).tokens));
      } catch {
        continue;
      }
      expect([expression, printNode(parseTokens(lex(text).tokens))]).toEqual([expression, text]);
    }
  });
});
