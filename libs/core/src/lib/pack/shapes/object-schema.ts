import type { JsonObject } from '../../foundation/json';

/** The entries of an object as a JSON Schema tells them. */
export interface FieldSchemas {
  readonly properties: Readonly<Record<string, JsonObject>>;
  readonly required: readonly string[];
}

/** A published spelling of a field, as its JSON Schema tells it. */
export interface Published {
  readonly name: string;
  /** The canonical field, by its name in the manifest. */
  readonly of: string;
  /** The schema of a value that is written in another way; null: as that of the field. */
  readonly schema: (() => JsonObject) | null;
}

/** A closed object; each published spelling stands for its field, never beside it. */
export function objectSchema(
  { properties, required }: FieldSchemas,
  published: readonly Published[] = [],
  rules: readonly JsonObject[] = [],
): JsonObject {
  const respelled = new Set(published.map(({ of }) => of));
  const all = [...rules, ...published.map((spelling) => either(spelling, required.includes(spelling.of)))];
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...properties,
      ...Object.fromEntries(published.map((spelling) => [spelling.name, deprecated(spelling, properties)])),
    },
    required: required.filter((name) => !respelled.has(name)),
    ...(all.length === 0 ? {} : { allOf: all }),
  };
}

/** A schema of values for which none of these holds. */
export function noneOf(...schemas: readonly JsonObject[]): JsonObject {
  return { not: { anyOf: schemas } };
}

/** A schema of objects that have all these entries. */
export function having(...names: readonly string[]): JsonObject {
  return { required: names };
}

function either({ name, of }: Published, isRequired: boolean): JsonObject {
  return isRequired ? { oneOf: [having(of), having(name)] } : { not: having(of, name) };
}

function deprecated({ of, schema }: Published, properties: FieldSchemas['properties']): JsonObject {
  const { description = '', default: _, ...same } = properties[of] ?? {};
  const said = `Published spelling of \`${of}\`. ${description as string}`;
  return { description: said.trim(), deprecated: true, ...(schema === null ? same : schema()) };
}
