import type { PackDetail } from '@taskrunner/client';
import type { Json } from '@taskrunner/core/foundation';
import { limitsOf } from './limits';

/** How an entry is made. `lines`: a list of texts, one in a line. `json`: any other value, written as JSON. */
type FieldKind = 'text' | 'lines' | 'number' | 'switch' | 'choice' | 'json' | 'file';

export type Schema = { readonly [keyword: string]: Json };

/** An entry of a form. */
export interface Field {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly isRequired: boolean;
  readonly kind: FieldKind;
  /** Of a `choice`. */
  readonly choices: readonly Json[];
  /** What the value must be, in words. Null: a choice, or there is nothing to say. */
  readonly limits: string | null;
  /** The initial content of the entry. */
  readonly initial: string;
  /** JSON Schemas that the value must match. */
  readonly schemas: readonly Schema[];
  readonly isSensitive: boolean;
  /** Its entry is not kept over a reload: it is sensitive, or its schema marks a part of it as one that is not to be shown again. */
  readonly isSecret: boolean;
}

/** The form for the inputs of a pack. */
export function fieldsOfInputs(inputs: PackDetail['inputs']): readonly Field[] {
  return inputs.map(({ name, type, description, required, default: initial, enum: values, schema, sensitive }) => {
    const written = isObject(schema) ? schema : null;
    const typed = type === 'file' ? [] : [{ type }];
    return fieldOf({
      name,
      title: null,
      description,
      type,
      schema: written,
      schemas: written === null ? typed : [...typed, written],
      values: values as readonly Json[] | null,
      initial: (initial ?? null) as Json,
      isRequired: required,
      isSensitive: sensitive,
      isSecret: sensitive || (written !== null && hasSecret(written)),
    });
  });
}

/** The form for a JSON Schema of an object, in the order of its members; null: it has none that could be entered one by one. */
export function fieldsOfSchema(schema: Schema): readonly Field[] | null {
  const { properties, required } = schema;
  if (schema['type'] !== 'object' || !isObject(properties) || Object.keys(properties).length === 0) return null;
  const needed: readonly Json[] = Array.isArray(required) ? required : [];
  return Object.keys(properties).map((name) => {
    const of = properties[name];
    const member = isObject(of) ? of : {};
    const { title, description, type, enum: values, default: initial } = member;
    return fieldOf({
      name,
      title: typeof title === 'string' ? title : null,
      description: typeof description === 'string' ? description : null,
      type: typeof type === 'string' ? type : 'any',
      schema: member,
      // Its references point into the whole schema, which is asked about the whole value.
      schemas: [],
      values: Array.isArray(values) ? (values as readonly Json[]) : null,
      initial: initial ?? null,
      isRequired: needed.includes(name),
      isSensitive: false,
      isSecret: hasSecret(member) || (refersElsewhere(member) && hasSecret(schema)),
    });
  });
}

/** True if a schema marks a value, or a part of it, as one that is not to be shown again. */
export function hasSecret(schema: Json): boolean {
  return someIn(schema, ({ writeOnly, format }) => writeOnly === true || format === 'password');
}

/** True if a schema has a reference, which may lead to any part of the whole schema. */
function refersElsewhere(schema: Json): boolean {
  return someIn(schema, (part) => '$ref' in part || '$dynamicRef' in part);
}

function someIn(schema: Json, is: (part: Schema) => boolean): boolean {
  if (Array.isArray(schema)) return (schema as readonly Json[]).some((part) => someIn(part, is));
  if (!isObject(schema)) return false;
  return is(schema) || Object.values(schema).some((part) => someIn(part, is));
}

interface Declared {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly type: string;
  readonly schema: Schema | null;
  readonly schemas: readonly Schema[];
  readonly values: readonly Json[] | null;
  readonly initial: Json;
  readonly isRequired: boolean;
  readonly isSensitive: boolean;
  readonly isSecret: boolean;
}

function fieldOf(declared: Declared): Field {
  const { type, schema, values, initial, ...rest } = declared;
  const kind = values !== null ? 'choice' : kindOf(type, schema, initial !== null);
  const choices = values ?? (kind === 'choice' ? [true, false] : []);
  const limits = kind === 'choice' || kind === 'switch' || schema === null ? null : limitsOf(schema);
  return { ...rest, kind, choices, limits, initial: textOf(kind, initial) };
}

function kindOf(type: string, schema: Schema | null, hasValue: boolean): FieldKind {
  switch (type) {
    case 'string':
      return 'text';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      // A box that is not ticked would say no where nobody has said anything, also where an answer is required.
      return hasValue ? 'switch' : 'choice';
    case 'file':
      return 'file';
    case 'array':
      return isObject(schema?.['items']) && schema['items']['type'] === 'string' ? 'lines' : 'json';
    default:
      return 'json';
  }
}

function textOf(kind: FieldKind, value: Json): string {
  if (kind === 'switch') return String(value === true);
  if (value === null) return '';
  if (kind === 'lines' && Array.isArray(value)) return value.join('\n');
  if (kind === 'text' && typeof value === 'string') return value;
  return kind === 'json' ? JSON.stringify(value, null, 2) : JSON.stringify(value);
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
