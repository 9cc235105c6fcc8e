import { stepsOf } from '../../testing/steps';
import type { Json, JsonObject } from '../foundation/json';
import { compileSchema } from './compile-schema';

function findings(schema: Json, value: Json): readonly string[] {
  const compiled = compileSchema(schema);
  if (compiled.kind === 'invalid') throw new Error(JSON.stringify(compiled.faults));
  return compiled.findings(value).map(({ message }) => message);
}

const chain = (length: number, part: (next: Json) => JsonObject): JsonObject =>
  Object.fromEntries(
    Array.from({ length }, (_, index) => [
      `s${index}`,
      index === length - 1 ? { type: 'number' } : part({ $ref: `#/$defs/s${index + 1}` }),
    ]),
  );

function deep(levels: number): Json {
  let value: Json = 1;
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

describe('schemas of strangers', () => {
  // Each would take tens of millions of steps, or more stack than available. That much work would still end, and would be noticed.
  it.each<[string, Json, Json, RegExp]>([
    ['alternatives that double', { $ref: '#/$defs/s0', $defs: chain(21, (next) => ({ anyOf: [{ allOf: [next, false] }, next] })) }, 'x', /more work/], // prettier-ignore
    ['all of what doubles', { $ref: '#/$defs/s0', $defs: chain(21, (next) => ({ allOf: [next, next] })) }, 1, /more work/], // prettier-ignore
    ['what doubles inside not', { not: { $ref: '#/$defs/s0' }, $defs: chain(21, (next) => ({ allOf: [next, next] })) }, 1, /more work/], // prettier-ignore
    ['a long way of references', { $ref: '#/$defs/s0', $defs: chain(5_000, (next) => next as JsonObject) }, 1, /deep/],
    ['a value that is deep', { properties: { a: { $ref: '#' } } }, deep(20_000), /levels/],
    ['a value of values that are compared', { $ref: '#/$defs/s0', $defs: chain(12, (next) => ({ allOf: [{ uniqueItems: true }, next, next] })) }, Array.from({ length: 300 }, (_, index) => ({ index })), /more work/], // prettier-ignore
  ])('are bounded: %s', (_, schema, value, why) => {
    expect(stepsOf(() => expect(findings(schema, value)).toEqual([expect.stringMatching(why)]))).toBeLessThan(
      10_000_000,
    );
  });

  it('may be as deep as documents are, for values as deep', () => {
    expect(findings({ properties: { a: { anyOf: [{ $ref: '#' }, { $ref: '#' }] } } }, deep(64))).toEqual([]);
    expect(findings({ type: 'object', additionalProperties: { $ref: '#' } }, deep(64))).not.toEqual([]);
  });

  it('may have many items and members', () => {
    const items = Array.from({ length: 100_000 }, (_, index) => ({ id: index, name: `n${index}` }));
    const schema = {
      items: {
        type: 'object',
        required: ['id'],
        properties: { id: { type: 'integer' }, name: { pattern: '^n[0-9]+$' } },
      },
    };
    expect(findings(schema, items)).toEqual([]);
    expect(findings({ items: { type: 'string' } }, items)).toHaveLength(100);
  });

  it.each<[string, Json]>([
    ['too many schemas', { $defs: Object.fromEntries(Array.from({ length: 20_001 }, (_, index) => [`d${index}`, true])) }], // prettier-ignore
    ['too many levels', Array.from({ length: 70 }).reduce<Json>((inner) => ({ not: inner }), {})],
    ['too many meanings', { $dynamicRef: '#a', $defs: Object.fromEntries(Array.from({ length: 102 }, (_, index) => [`d${index}`, { $id: `https://x.test/${index}`, $dynamicAnchor: 'a' }])), $dynamicAnchor: 'a' }], // prettier-ignore
    ['a pattern that is too long', { pattern: 'a'.repeat(5_000) }],
  ])('are refused: %s', (_, schema) => {
    expect(compileSchema(schema)).toMatchObject({ kind: 'invalid', faults: [expect.anything()] });
  });

  it.each([null, 1, 'x', [], [[]]])('%j is no schema', (schema) => {
    expect(compileSchema(schema)).toMatchObject({ kind: 'invalid', faults: [{ pointer: '' }] });
  });

  it('leave no name behind: two with one $id', () => {
    const schema = (type: string) => ({ $id: 'https://example.org/same', $anchor: 'a', type });
    expect(findings(schema('string'), 'a')).toEqual([]);
    expect(findings(schema('number'), 'a')).toHaveLength(1);
  });
});
