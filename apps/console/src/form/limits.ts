import type { Json } from '@taskrunner/core/foundation';

type Schema = { readonly [keyword: string]: Json };

/** What a JSON Schema demands of a value, in words for who enters it. Null: nothing that can be said in a few words. */
export function limitsOf(schema: Schema): string | null {
  const number = (name: string): number | null => (typeof schema[name] === 'number' ? schema[name] : null);
  const word = (name: string): string | null => (typeof schema[name] === 'string' ? schema[name] : null);
  const step = number('multipleOf');
  const [format, pattern] = [word('format'), word('pattern')];
  const items = schema['items'];
  const each = typeof items === 'object' && items !== null && !Array.isArray(items) ? limitsOf(items as Schema) : null;
  const said = [
    schema['type'] === 'integer' ? 'a whole number' : null,
    rangeText(number('minimum'), number('maximum'), ''),
    number('exclusiveMinimum') === null ? null : `more than ${number('exclusiveMinimum')}`,
    number('exclusiveMaximum') === null ? null : `less than ${number('exclusiveMaximum')}`,
    step === null ? null : `a multiple of ${step}`,
    rangeText(number('minLength'), number('maxLength'), 'character'),
    rangeText(number('minItems'), number('maxItems'), 'item'),
    schema['uniqueItems'] === true ? 'no item twice' : null,
    each === null ? null : `each ${each}`,
    format === null || format === 'password' ? null : `in the format ${format}`,
    pattern === null ? null : `matching ${pattern}`,
  ].filter((one) => one !== null);
  return said.length === 0 ? null : said.join(', ');
}

function rangeText(least: number | null, most: number | null, unit: string): string | null {
  const of = (count: number): string => (unit === '' ? '' : ` ${unit}${count === 1 ? '' : 's'}`);
  // Every text and every list has at least nothing.
  const from = unit !== '' && least === 0 ? null : least;
  if (from === null) return most === null ? null : `at most ${most}${of(most)}`;
  if (most === null) return `at least ${from}${of(from)}`;
  return from === most ? `exactly ${from}${of(from)}` : `${from} to ${most}${of(most)}`;
}
