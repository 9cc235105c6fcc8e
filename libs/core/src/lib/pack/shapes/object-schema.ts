import type { JsonObject } from '../../foundation/json';

/** The entries of an object in a JSON Schema. */
export interface FieldSchemas {
  readonly properties: Readonly<Record<string, JsonObject>>;
  readonly required: readonly string[];
}

/** A published spelling of a field in a JSON Schema. */
export interface Published {
  readonly name: string;
  /** The canonical field, by its name in the manifest. */
  readonly of: string;
  /** The schema of a value with a different form; null: the same schema as the field. */
  readonly schema: (() => JsonObject) | null;
}

/** A closed object. A published spelling replaces its field and may not be beside it. */
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

/** A schema that excludes these schemas. */
export function noneOf(...schemas: readonly JsonObject[]): JsonObject {
  return { not: { anyOf: schemas } };
}

/** A schema that requires all these entries. */
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
