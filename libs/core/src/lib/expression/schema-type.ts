import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import {
  ANY_TYPE,
  joinTypes,
  KINDS,
  memberType,
  nullable,
  typeOfValue,
  type StaticType,
  type ValueKind,
} from './static-type';
import { remembered } from './pair-memo';

/**
 * The type that a JSON Schema (2020-12) describes: `type`, `nullable`, `enum`, `const`, `items`, `properties`, `required`,
 * `additionalProperties: false`, `allOf`, `anyOf`, `oneOf`, and `$ref` to a place in the same schema. Other keywords are ignored, so the
 * type may allow more than the schema, but never less.
 */
export function typeOfSchema(schema: Json | undefined): StaticType {
  return new SchemaReading(schema).type(schema);
}

class SchemaReading {
  /** Types by reference. A type that is still being read counts as any type, so that cycles end. */
  private readonly references = new Map<string, StaticType>();
  private rebased: boolean | null = null;

  constructor(private readonly root: Json | undefined) {}

  type(schema: Json | undefined): StaticType {
    if (!isJsonObject(schema)) return ANY_TYPE;
    if (schema['const'] !== undefined) return typeOfValue(schema['const']);
    const { enum: choices, allOf, $ref } = schema;
    if (isJsonArray(choices) && choices.length > 0) return choices.map(typeOfValue).reduce(joinTypes);
    let type = this.own(schema);
    if (typeof $ref === 'string') type = meet(type, this.referred($ref));
    if (isJsonArray(allOf)) for (const part of allOf) type = meet(type, this.type(part));
    for (const alternatives of [schema['anyOf'], schema['oneOf']]) {
      if (!isJsonArray(alternatives) || alternatives.length === 0) continue;
      type = meet(type, alternatives.map((one) => this.type(one)).reduce(joinTypes));
    }
    return type;
  }

  /** The type from the keywords of the schema itself. */
  private own(schema: JsonObject): StaticType {
    const kinds = kindsOf(schema);
    const { items, properties, required } = schema;
    const tuple = schema['prefixItems'] !== undefined;
    const fields = Object.entries(isJsonObject(properties) ? properties : {}).map(([name, property]) => {
      const type = this.type(property);
      return [name, isJsonArray(required) && required.includes(name) ? type : nullable(type)] as const;
    });
    const closed = schema['additionalProperties'] === false && schema['patternProperties'] === undefined;
    return {
      kinds,
      ...(kinds.includes('array') && !tuple && isJsonObject(items) && { items: this.type(items) }),
      ...(kinds.includes('object') && { fields: Object.fromEntries(fields) }),
      ...(kinds.includes('object') && closed && { closed }),
    };
  }

  private referred(reference: string): StaticType {
    const known = this.references.get(reference);
    if (known !== undefined) return known;
    this.references.set(reference, ANY_TYPE);
    const type = this.type(this.find(reference));
    this.references.set(reference, type);
    return type;
  }

  /** The schema at `#` or `#/…`; undefined for other references, and if an inner `$id` changes their meaning. */
  private find(reference: string): Json | undefined {
    if (!/^#(?:\/|$)/.test(reference)) return undefined;
    this.rebased ??= isJsonObject(this.root) && Object.values(this.root).some(namesItself);
    if (this.rebased) return undefined;
    let at: Json | undefined = this.root;
    for (const step of reference.split('/').slice(1)) {
      const name = unescaped(step);
      if (isJsonArray(at)) at = /^\d+$/.test(name) ? at[Number(name)] : undefined;
      else at = isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
    }
    return at;
  }
}

function unescaped(step: string): string {
  let text = step;
  try {
    text = decodeURIComponent(step);
  } catch {
    // Not a valid percent-encoding: the name is used unchanged.
  }
  return text.replaceAll('~1', '/').replaceAll('~0', '~');
}

function namesItself(value: Json): boolean {
  if (isJsonArray(value)) return value.some(namesItself);
  return isJsonObject(value) && ('$id' in value || Object.values(value).some(namesItself));
}

function kindsOf({ type, nullable: orNull }: JsonObject): readonly ValueKind[] {
  const names = (isJsonArray(type) ? type : [type]).map((name) => (name === 'integer' ? 'number' : name));
  const kinds = KINDS.filter((kind) => names.includes(kind) || (orNull === true && kind === 'null'));
  return type === undefined || kinds.length === 0 ? KINDS : kinds;
}

/** The intersection of two types; the first one if they contradict each other. */
const meet = remembered((a: StaticType, b: StaticType): StaticType => {
  if (b === ANY_TYPE) return a;
  const kinds = a.kinds.filter((kind) => b.kinds.includes(kind));
  if (kinds.length === 0) return a;
  const items = a.items && b.items ? meet(a.items, b.items) : (a.items ?? b.items);
  const names = [...new Set([...Object.keys(a.fields ?? {}), ...Object.keys(b.fields ?? {})])].sort();
  const fields = Object.fromEntries(names.map((name) => [name, meet(memberType(a, name), memberType(b, name))]));
  const closed = a.closed === true || b.closed === true;
  return {
    kinds,
    ...(kinds.includes('array') && items && { items }),
    ...(kinds.includes('object') && (a.fields ?? b.fields) && { fields }),
    ...(kinds.includes('object') && closed && { closed }),
  };
});
