/**
 * Behaviour version of schemas, in the environment of a run. Raised only if the same schema would give another result for the same value.
 * Environments before version 2 do not name it: the planner and the executors had separate rules.
 */
export const JSON_SCHEMA_BEHAVIOUR = 2;

/** The form of a keyword's value. */
export type Shape =
  /** A schema: an object or a boolean. */
  | 'schema'
  /** A list of at least one schema. */
  | 'schemas'
  /** Schemas by name. */
  | 'schema-map'
  /** Schemas by name, or lists of names by name. */
  | 'dependencies'
  /** A list of different texts. */
  | 'names'
  /** Lists of different texts by name. */
  | 'names-map'
  /** A whole number, 0 or more. */
  | 'count'
  | 'number'
  /** A number above 0. */
  | 'positive'
  | 'boolean'
  | 'text'
  | 'list'
  | 'any'
  | 'choices'
  | 'type'
  | 'pattern'
  /** Like `schema-map`; the names are patterns. */
  | 'pattern-map'
  | 'format'
  | 'reference'
  | 'id'
  | 'anchor'
  | 'dialect'
  | 'flags';

/** `core`: defines the meaning of other keywords. `asserts`: may reject a value. `annotates`: is read, and rejects no value. */
export type Role = 'core' | 'asserts' | 'annotates';

interface Keyword {
  readonly shape: Shape;
  readonly role: Role;
}

const asserts = (shape: Shape): Keyword => ({ shape, role: 'asserts' });
const annotates = (shape: Shape): Keyword => ({ shape, role: 'annotates' });
const core = (shape: Shape): Keyword => ({ shape, role: 'core' });

/** All permitted keywords of a schema (JSON Schema 2020-12, Core §8–§11 and Validation §6–§9). */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(
  Object.entries({
    $schema: core('dialect'),
    $id: core('id'),
    $anchor: core('anchor'),
    $dynamicAnchor: core('anchor'),
    $ref: asserts('reference'),
    $dynamicRef: asserts('reference'),
    $defs: core('schema-map'),
    /** `$defs` of older drafts; read as such. */
    definitions: core('schema-map'),
    $comment: annotates('text'),
    $vocabulary: annotates('flags'),
    allOf: asserts('schemas'),
    anyOf: asserts('schemas'),
    oneOf: asserts('schemas'),
    not: asserts('schema'),
    if: asserts('schema'),
    then: asserts('schema'),
    else: asserts('schema'),
    dependentSchemas: asserts('schema-map'),
    /** Of older drafts: `dependentSchemas` and `dependentRequired` in one. */
    dependencies: asserts('dependencies'),
    prefixItems: asserts('schemas'),
    items: asserts('schema'),
    contains: asserts('schema'),
    properties: asserts('schema-map'),
    patternProperties: asserts('pattern-map'),
    additionalProperties: asserts('schema'),
    propertyNames: asserts('schema'),
    unevaluatedItems: asserts('schema'),
    unevaluatedProperties: asserts('schema'),
    type: asserts('type'),
    /** Of OpenAPI 3.0: with `true`, null fits beside `type`. */
    nullable: asserts('boolean'),
    enum: asserts('choices'),
    const: asserts('any'),
    multipleOf: asserts('positive'),
    maximum: asserts('number'),
    exclusiveMaximum: asserts('number'),
    minimum: asserts('number'),
    exclusiveMinimum: asserts('number'),
    maxLength: asserts('count'),
    minLength: asserts('count'),
    pattern: asserts('pattern'),
    maxItems: asserts('count'),
    minItems: asserts('count'),
    uniqueItems: asserts('boolean'),
    maxContains: asserts('count'),
    minContains: asserts('count'),
    maxProperties: asserts('count'),
    minProperties: asserts('count'),
    required: asserts('names'),
    dependentRequired: asserts('names-map'),
    format: asserts('format'),
    contentEncoding: annotates('text'),
    contentMediaType: annotates('text'),
    contentSchema: annotates('schema'),
    title: annotates('text'),
    description: annotates('text'),
    default: annotates('any'),
    deprecated: annotates('boolean'),
    readOnly: annotates('boolean'),
    writeOnly: annotates('boolean'),
    examples: annotates('list'),
  } satisfies Record<string, Keyword>),
);

/** Keywords of other drafts and dialects that are refused, with an alternative. */
export const REFUSED_KEYWORDS: ReadonlyMap<string, string> = new Map([
  ['id', 'Write $id.'],
  ['$recursiveRef', 'Write $dynamicRef.'],
  ['$recursiveAnchor', 'Write $dynamicAnchor.'],
  ['additionalItems', 'Write prefixItems for the first items, and items for the others.'],
  ['divisibleBy', 'Write multipleOf.'],
  ['discriminator', 'Write oneOf, with const in each alternative.'],
  ['formatMinimum', 'Remove it: formats have no order here.'],
  ['formatMaximum', 'Remove it: formats have no order here.'],
]);

/** Names that `type` may have. */
export const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'] as const;
