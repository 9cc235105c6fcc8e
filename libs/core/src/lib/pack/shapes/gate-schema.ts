import type { JsonObject } from '../../foundation/json';
import { type FieldSchemas, having, objectSchema } from './object-schema';

/** The entries of a gate of each kind. */
export interface GateEntries {
  readonly approval: FieldSchemas;
  readonly policy: FieldSchemas;
}

type GateKind = keyof GateEntries;

/** `gate: {…}` of one kind. Its members are beside the name, or (published spelling) inside `approval: {…}` or `policy: {…}`. */
export function gateSchema(entries: GateEntries): JsonObject {
  return {
    type: 'object',
    oneOf: (['approval', 'policy'] as const).map((kind) => gateBody(entries, kind)),
  };
}

/** `gate.approval: {…}` or `gate.policy: {…}`; the name alone is a shorthand for the gate. */
export function dottedGate(entries: GateEntries, kind: GateKind): JsonObject {
  const named = objectSchema(withInner(entries[kind], kind), [
    ...spellingsOf(kind),
    { name: 'id', of: kind, schema: null },
  ]);
  return {
    anyOf: [
      nameOf(entries[kind], kind),
      withoutDoubles(withoutDoubles(named, entries[kind], kind), entries[kind], kind, 'id'),
    ],
  };
}

/** The entries of a gate beside a step's `id`. */
export function gateBody(entries: GateEntries, kind: GateKind, step: FieldSchemas = NOTHING): JsonObject {
  const own = withInner(entries[kind], kind);
  const joined = {
    properties: { ...step.properties, ...own.properties },
    required: [...step.required, ...own.required],
  };
  return withoutDoubles(objectSchema(joined, spellingsOf(kind)), entries[kind], kind);
}

const NOTHING: FieldSchemas = { properties: {}, required: [] };

function spellingsOf(kind: GateKind) {
  return kind === 'policy' ? [{ name: 'parameters', of: 'with', schema: null }] : [];
}

/** The kind's own entry is the name, or an object with the name and any of the other members. */
function withInner(fields: FieldSchemas, kind: GateKind): FieldSchemas {
  const { description } = fields.properties[kind] ?? {};
  const inner = objectSchema(fields, [...spellingsOf(kind), { name: 'id', of: kind, schema: null }]);
  const either = { description: description ?? '', anyOf: [nameOf(fields, kind), { ...inner, deprecated: true }] };
  return { ...fields, properties: { ...fields.properties, [kind]: either } };
}

function nameOf(fields: FieldSchemas, kind: GateKind): JsonObject {
  return fields.properties[kind] ?? {};
}

/** No member may be both inside and beside. */
function withoutDoubles(schema: JsonObject, fields: FieldSchemas, kind: GateKind, key: string = kind): JsonObject {
  const spelled = new Map([['with', ['with', 'parameters']]]);
  const doubles = Object.keys(fields.properties)
    .filter((name) => name !== kind)
    .map((name): JsonObject => {
      const names = spelled.get(name) ?? [name];
      const inside = { type: 'object', anyOf: names.map((one) => having(one)) };
      return { not: { anyOf: names.map((one) => having(one)), properties: { [key]: inside }, required: [key] } };
    });
  return { ...schema, allOf: [...((schema['allOf'] as readonly JsonObject[] | undefined) ?? []), ...doubles] };
}
