import { isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';

/** Maximum number of characters of a pattern that a line shows. */
const SHOWN_PATTERN = 120;

/**
 * The bounds of a schema for a value, in words: `1 to 10`, `at most 40 characters`, `matching ^v[0-9]+$`. Allowed values (`enum`) and schemas
 * of parts are not included.
 */
export function boundsOf(schema: Json): readonly string[] {
  if (!isJsonObject(schema)) return [];
  const { pattern, format, multipleOf, uniqueItems } = schema;
  return [
    ...rangeOf(schema),
    ...(typeof multipleOf === 'number' ? [`a multiple of ${multipleOf}`] : []),
    ...sizeOf(schema, 'minLength', 'maxLength', 'character'),
    ...sizeOf(schema, 'minItems', 'maxItems', 'item'),
    ...sizeOf(schema, 'minProperties', 'maxProperties', 'member'),
    ...(uniqueItems === true ? ['no item twice'] : []),
    ...(typeof format === 'string' ? [`format ${format}`] : []),
    ...(typeof pattern === 'string' ? [`matching ${shownPattern(pattern)}`] : []),
    ...(Object.hasOwn(schema, 'const') ? [`exactly ${JSON.stringify(schema['const'])}`] : []),
  ];
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonObject): readonly string[] {
  const isClosed = typeof minimum === 'number' && typeof maximum === 'number';
  const bounds: readonly (readonly [Json | undefined, string])[] = [
    ...(isClosed ? [] : ([[minimum, 'at least']] as const)),
    [exclusiveMinimum, 'more than'],
    ...(isClosed ? [] : ([[maximum, 'at most']] as const)),
    [exclusiveMaximum, 'less than'],
  ];
  return [
    ...(isClosed ? [`${minimum} to ${maximum}`] : []),
    ...bounds.flatMap(([bound, words]) => (typeof bound === 'number' ? [`${words} ${bound}`] : [])),
  ];
}

function sizeOf(schema: JsonObject, least: string, most: string, noun: string): readonly string[] {
  const [from, to] = [schema[least], schema[most]];
  const counted = (count: number): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  if (typeof from === 'number' && typeof to === 'number')
    return [from === to ? `exactly ${counted(to)}` : `${from} to ${counted(to)}`];
  if (typeof from === 'number') return [`at least ${counted(from)}`];
  return typeof to === 'number' ? [`at most ${counted(to)}`] : [];
}

/** A pattern that is cut ends with `…`. */
function shownPattern(pattern: string): string {
  const characters = [...pattern];
  return characters.length > SHOWN_PATTERN ? `${characters.slice(0, SHOWN_PATTERN).join('')}…` : pattern;
}
