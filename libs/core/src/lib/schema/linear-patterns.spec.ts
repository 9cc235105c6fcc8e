import { compileSchema } from './compile-schema';
import type { JsonObject } from '../foundation/json';

const TRAP = `${'a'.repeat(50_000)}!`;

function findings(schema: JsonObject, value: JsonObject[string]): readonly string[] | string {
  const compiled = compileSchema(schema);
  return compiled.kind === 'invalid'
    ? compiled.faults.map(({ message }) => message).join()
    : compiled.findings(value).map(({ pointer }) => pointer);
}

describe('patterns of callers run in linear time', () => {
  // A backtracking engine would take practically forever for each of these.
  it.each<[string, JsonObject, JsonObject[string]]>([
    ['a pattern', { type: 'string', pattern: '^(a+)+$' }, TRAP],
    ['alternatives', { type: 'string', pattern: '^(a|a)*$' }, TRAP],
    ['a pattern of names', { type: 'object', propertyNames: { pattern: '^(a+)+$' } }, { [TRAP]: 1 }],
    [
      'patterns of members',
      { type: 'object', patternProperties: { '^(a+)+$': { type: 'string' } }, additionalProperties: false },
      { [TRAP]: 1 },
    ],
    [
      'patterns beside properties',
      { type: 'object', properties: { [TRAP]: { type: 'string' } }, patternProperties: { '^(a+)+$': true } },
      { [TRAP]: 1 },
    ],
  ])('%s', (_, schema, value) => {
    const found = findings(schema, value);
    expect(Array.isArray(found) && found.length > 0).toBe(true);
  });

  it.each<[string, string, boolean]>([
    ['^[a-z]+$', 'abc', true],
    ['^\\d{2}$', '12', true],
    ['^\\/x$', '/x', true],
    ['^\\u00e9$', 'é', true],
    ['^(?<name>a)$', 'a', true],
    ['b', 'abc', true],
    ['^b', 'abc', false],
  ])('%s on %s', (pattern, text, fits) => {
    expect(findings({ type: 'string', pattern }, text)).toHaveLength(fits ? 0 : 1);
  });

  it.each(['(?=a)', '(a)\\1', '(', '(?<!a)b'])('%s is no pattern here', (pattern) => {
    expect(compileSchema({ type: 'string', pattern }).kind).toBe('invalid');
  });
});
