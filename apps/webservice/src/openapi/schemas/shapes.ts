import type { Schema } from '../operation';

export const text: Schema = { type: 'string' };
export const maybeText: Schema = { type: ['string', 'null'] };
export const whole: Schema = { type: 'integer', minimum: 0 };
export const offset: Schema = { type: 'integer' };
export const maybeOffset: Schema = { type: ['integer', 'null'] };
export const flag: Schema = { type: 'boolean' };
export const anything: Schema = {};
export const instant: Schema = { type: 'string', format: 'date-time' };
export const maybeInstant: Schema = { type: ['string', 'null'], format: 'date-time' };
export const digest: Schema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
export const maybeDigest: Schema = { type: ['string', 'null'], pattern: '^sha256:[0-9a-f]{64}$' };
export const link: Schema = { type: 'string', format: 'uri' };
export const object: Schema = { type: 'object' };

/** An object with these properties and no others. All are required, except those in `optional`. */
export function closed(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', additionalProperties: false, required, properties };
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/**
 * The same, or null. As alternatives, because some generators of clients lose the items of `type: [array, null]` and the members of
 * `type: [object, null]`.
 */
export function maybe(schema: Schema): Schema {
  return { anyOf: [{ type: 'null' }, schema] };
}

/** A list with exactly these values. */
export function tupleOf(...values: readonly Schema[]): Schema {
  return { type: 'array', items: false, prefixItems: values, minItems: values.length };
}

export function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** One of several named schemas, which the value of a property tells apart. `mapping`: names of schemas by value. */
export function oneOfNamed(propertyName: string, mapping: Readonly<Record<string, string>>): Schema {
  const refTo = (name: string): string => `#/components/schemas/${name}`;
  return {
    oneOf: [...new Set(Object.values(mapping))].map((name) => ({ $ref: refTo(name) })),
    discriminator: {
      propertyName,
      mapping: Object.fromEntries(Object.entries(mapping).map(([value, name]) => [value, refTo(name)])),
    },
  };
}
