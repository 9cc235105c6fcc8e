import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Json } from '../foundation/json';
import { canonical } from '../canonical/canonical';
import { evaluateNode } from './evaluate';
import { lex } from './lexer';
import { parseTokens } from './parse';
import { printNode } from './print';

// The JMESPath compliance suite, as far as the pack language keeps it. What it changes on purpose is listed here, with the reason.
const EXCLUDED: readonly { readonly reason: string; readonly expressions: readonly string[] }[] = [
  {
    reason: 'no truthiness: `&&`, `!` and filters take booleans; `||` gives the left side unless it is null or false',
    expressions: [
      'a && b && c && d && e && f && g && h && i && j && k && l && m && n && o && p && q && r && s && t && u && v && w && x && y && z',
      'outer.empty_string || outer.foo',
      'outer.nokey || outer.bool || outer.empty_list || outer.empty_string || outer.foo',
      'foo.[baz[*].not_there || baz[*].bar, qux[0]]',
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
      'foo[?key]',
      'foo[? !key]',
      'foo[? !!key]',
      'foo[?!key]',
    ],
  },
  {
    reason: '`<` and `>` take numbers: anything else is EXPR_TYPE, not null',
    expressions: ['emptylist < one', 'emptylist < nullvalue', 'emptylist < boolvalue', 'one < boolvalue'],
  },
  { reason: 'JMESPath Community reads \\\\ in a raw string as one backslash', expressions: ["'\\\\'"] },
  {
    reason: 'bare numbers are literals, so they are elements of a list',
    expressions: ['*.[0]', 'foo.[0]', 'foo.[abc, 1]', 'foo.[0, 1]'],
  },
];

interface Case {
  readonly expression: string;
  readonly result?: Json;
  readonly error?: string;
  readonly bench?: string;
}
interface Group {
  readonly given: Json;
  readonly cases: readonly Case[];
}

const vectors = process.env['TASKRUNNER_VECTORS'] ?? resolve(__dirname, '../../../../../../shared/vectors');
const folder = join(vectors, 'jmespath/tests/compliance');
const present = existsSync(folder);
if (!present) console.warn(`JMESPath compliance suite skipped: ${folder} is absent`);
const files = present ? readdirSync(folder).sort() : [];
const excluded = new Set(EXCLUDED.flatMap(({ expressions }) => expressions));
const groupsOf = (file: string): readonly Group[] => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Group[];
const order = (value: Json): string => canonical(value);

(present ? describe : describe.skip)('JMESPath compliance suite', () => {
  for (const file of files.length > 0 ? files : ['absent']) {
    it(`${file}: every case but the excluded ones`, () => {
      for (const { given, cases } of groupsOf(file)) {
        for (const { expression, result, error } of cases) {
          if (excluded.has(expression)) continue;
          const run = (): Json => evaluateNode(parseTokens(lex(expression).tokens), given);
          if (error !== undefined)
            expect(run).toThrow(expect.objectContaining({ code: expect.stringMatching(/^EXPR_/) as string }) as Error);
          else if (result !== undefined) expect([expression, order(run())]).toEqual([expression, order(result)]);
        }
      }
    });
  }

  it('has 908 cases, and every exclusion is one of them that fails', () => {
    const all = files.flatMap((file) =>
      groupsOf(file).flatMap(({ given, cases }) => cases.map((one) => ({ given, ...one }))),
    );
    expect(all).toHaveLength(908);
    const agrees = ({ given, expression, result, error }: Case & { given: Json }): boolean => {
      try {
        const value = evaluateNode(parseTokens(lex(expression).tokens), given);
        return error === undefined && result !== undefined && order(value) === order(result);
      } catch {
        return error !== undefined;
      }
    };
    for (const expression of excluded) {
      const cases = all.filter((one) => one.expression === expression);
      expect([expression, cases.length > 0 && cases.some((one) => !agrees(one))]).toEqual([expression, true]);
    }
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
