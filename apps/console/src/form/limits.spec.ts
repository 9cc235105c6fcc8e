import { limitsOf } from './limits';

it.each([
  [{}, null],
  [{ type: 'string', minLength: 0 }, null],
  [{ minLength: 1 }, 'at least 1 character'],
  [{ minLength: 3, maxLength: 40 }, '3 to 40 characters'],
  [{ minLength: 8, maxLength: 8 }, 'exactly 8 characters'],
  [{ minimum: 0, maximum: 100 }, '0 to 100'],
  [{ minimum: 0 }, 'at least 0'],
  [{ exclusiveMinimum: 0, exclusiveMaximum: 1 }, 'more than 0, less than 1'],
  [{ maximum: 60, multipleOf: 5 }, 'at most 60, a multiple of 5'],
  [{ minItems: 1, maxItems: 1 }, 'exactly 1 item'],
  [{ maxItems: 5, uniqueItems: true }, 'at most 5 items, no item twice'],
  [{ type: 'integer', minimum: 1 }, 'a whole number, at least 1'],
  [{ type: 'array', maxItems: 4, items: { minLength: 3 } }, 'at most 4 items, each at least 3 characters'],
  [{ type: 'array', items: { type: 'string' } }, null],
  [{ format: 'date' }, 'in the format date'],
  [{ format: 'password', minLength: 12 }, 'at least 12 characters'],
  [{ pattern: '^CHG-[0-9]+$' }, 'matching ^CHG-[0-9]+$'],
  // Not of a known type: the check of the value says what is wrong.
  [{ minLength: '3', pattern: 4 }, null],
])('%j is said to be: %s', (schema, said) => expect(limitsOf(schema)).toBe(said));
