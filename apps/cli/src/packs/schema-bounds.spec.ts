import type { Json } from '@taskrunner/core/foundation';
import { boundsOf } from './schema-bounds';

it.each<[Json, readonly string[]]>([
  [{ minimum: 1, maximum: 9 }, ['1 to 9']],
  [{ minimum: 1 }, ['at least 1']],
  [{ exclusiveMinimum: 0, maximum: 0.5, multipleOf: 0.1 }, ['more than 0', 'at most 0.5', 'a multiple of 0.1']],
  [{ minimum: 0, maximum: 9, exclusiveMaximum: 8 }, ['0 to 9', 'less than 8']],
  [{ minLength: 1, maxLength: 1 }, ['exactly 1 character']],
  [{ minLength: 3, pattern: '^v' }, ['at least 3 characters', 'matching ^v']],
  [{ maxLength: 1, format: 'date' }, ['at most 1 character', 'format date']],
  [{ minItems: 1, maxItems: 3, uniqueItems: true }, ['1 to 3 items', 'no item twice']],
  [{ maxProperties: 2 }, ['at most 2 members']],
  [{ const: null }, ['exactly null']],
  // `enum` is listed by others; what is no bound says nothing.
  [{ type: 'string', enum: ['a'], minimum: '1', uniqueItems: false }, []],
  [true, []],
])('the bounds of %j', (schema, bounds) => {
  expect(boundsOf(schema)).toEqual(bounds);
});

it('a long pattern is cut', () => {
  expect(boundsOf({ pattern: 'a'.repeat(121) })).toEqual([`matching ${'a'.repeat(120)}…`]);
});
