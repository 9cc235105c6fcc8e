import { CodedError } from '../foundation/coded-error';
import { isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { USES_PATTERN } from '../pack/shapes/scalar-shapes';
import { compileSchema } from '../schema/compile-schema';
import type { SchemaFinding } from '../schema/evaluation';
import { BUILTIN_EXECUTORS, builtinNamed } from './builtin-executors';
import type { ExecutorDescriptor } from './executor-descriptor';
import type { Environment } from './profile';

// Executors that a platform team adds. The environment document contains their descriptors, so a worker or a verifier can plan a pack again
// from the documents of its run.

export type ExecutorCode = 'EXECUTOR_DESCRIPTOR_INVALID' | 'EXECUTOR_TWICE' | 'EXECUTOR_MISSING';

const VALUE_SCHEMA: JsonObject = { anyOf: [{ type: 'object' }, { const: true }] };

/**
 * JSON Schema of an extension's descriptor. A binding knows only built-in executors, so no text of an extension is verbatim. A verifier
 * derives no outcome of an extension, so an extension is never pure.
 */
const EXTENSION_SCHEMA: JsonObject = {
  type: 'object',
  required: ['uses', 'behaviour', 'effects', 'parameters', 'declares', 'outputs'],
  properties: {
    uses: { type: 'string', pattern: USES_PATTERN, allOf: [{ pattern: '^ext:' }] },
    behaviour: { type: 'integer', minimum: 1, maximum: 1_000_000 },
    effects: { enum: ['idempotent', 'once'] },
    parameters: {
      type: ['object', 'null'],
      maxProperties: 64,
      propertyNames: { pattern: '^[A-Za-z][A-Za-z0-9_-]{0,62}$' },
      additionalProperties: {
        type: 'object',
        required: ['schema'],
        properties: { schema: VALUE_SCHEMA, required: { const: true }, reading: { enum: ['plain', 'argument'] } },
        additionalProperties: false,
      },
    },
    declares: { type: 'boolean' },
    outputs: {
      type: 'object',
      required: ['from', 'schema'],
      properties: { from: { const: 'schema' }, schema: VALUE_SCHEMA },
      additionalProperties: false,
    },
    sealed: { const: true },
  },
  additionalProperties: false,
};

/** Faults of an extension's descriptor; empty: none. Total, because a bundle may hold anything in its place. */
export function objectionsTo(descriptor: Json): readonly string[] {
  const compiled = compileSchema(EXTENSION_SCHEMA);
  if (compiled.kind === 'invalid') throw new TypeError('the schema of descriptors is no schema');
  const found = compiled.findings(descriptor);
  if (found.length > 0) return [...new Set(found.flatMap((finding) => objectionsOf(finding, descriptor)))];
  const { parameters, outputs } = descriptor as unknown as ExecutorDescriptor;
  const schemas: [string, Json][] = Object.entries(parameters ?? {}).map(([name, { schema }]) => [
    `/parameters/${name}/schema`,
    schema,
  ]);
  if (outputs.from === 'schema') schemas.push(['/outputs/schema', outputs.schema]);
  return schemas.flatMap(([at, schema]) => {
    const reading = compileSchema(schema);
    return reading.kind === 'invalid' ? reading.faults.map(({ pointer, message }) => `${at}${pointer} ${message}`) : [];
  });
}

const UNKNOWN_MEMBER = 'must NOT have additional properties';
const OTHER_VALUE = 'must be equal to one of the allowed values';

/** A finding, with what may stand there instead. A platform team sees it at the start of its own program. */
function objectionsOf({ pointer, message }: SchemaFinding, descriptor: Json): readonly string[] {
  const at = pointer || '(root)';
  if (pointer === '/uses') return [`${at} must be ext:<name>@<version>, such as ext:deployment@1.0.0`];
  const schema = schemaAt(pointer);
  if (message === UNKNOWN_MEMBER) {
    const known = Object.keys((schema?.['properties'] ?? {}) as JsonObject);
    const value = partAt(descriptor, pointer);
    const members = isJsonObject(value) ? Object.keys(value).filter((name) => !known.includes(name)) : [];
    return members.map((name) => `${at} has the unknown member ${name}; known are ${known.join(', ')}`);
  }
  const values = schema?.['enum'];
  if (message === OTHER_VALUE && Array.isArray(values)) return [`${at} must be one of: ${values.join(', ')}`];
  return [`${at} ${message}`];
}

/** The part of the schema of descriptors that judges what stands at a pointer; undefined: several do, or none. */
function schemaAt(pointer: string): JsonObject | undefined {
  let schema: Json | undefined = EXTENSION_SCHEMA;
  for (const name of namesOf(pointer)) {
    if (!isJsonObject(schema)) return undefined;
    const { properties, additionalProperties }: JsonObject = schema;
    schema = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
  }
  return isJsonObject(schema) ? schema : undefined;
}

function partAt(value: Json, pointer: string): Json | undefined {
  let part: Json | undefined = value;
  for (const name of namesOf(pointer)) part = isJsonObject(part) && Object.hasOwn(part, name) ? part[name] : undefined;
  return part;
}

function namesOf(pointer: string): readonly string[] {
  const names = pointer.split('/').slice(1);
  return names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Descriptors of documents, by whether they can be used. */
const usable = new WeakMap<JsonObject, boolean>();

/**
 * The executor that `uses` names in this environment: a built-in one, or an extension that the environment describes; null: there is none.
 */
export function executorNamed(
  uses: string,
  { extensions }: Pick<Environment, 'extensions'>,
): ExecutorDescriptor | null {
  const described: Json = isJsonObject(extensions as unknown as Json) ? (extensions as unknown as JsonObject) : {};
  const descriptor = Object.hasOwn(described, uses) ? described[uses] : undefined;
  if (descriptor === undefined || !isJsonObject(descriptor)) return builtinNamed(uses);
  let isUsable = usable.get(descriptor);
  if (isUsable === undefined) usable.set(descriptor, (isUsable = objectionsTo(descriptor).length === 0));
  return isUsable && descriptor['uses'] === uses ? (descriptor as unknown as ExecutorDescriptor) : null;
}

/** The executors that a pack may use in this environment, sorted by `uses`. The planner finds exactly these. */
export function availableExecutors(
  environment: Pick<Environment, 'executors' | 'extensions'>,
): readonly ExecutorDescriptor[] {
  const named = [...BUILTIN_EXECUTORS.map(({ uses }) => uses), ...Object.keys(environment.extensions)];
  return [...new Set(named)].sort().flatMap((uses) => {
    const descriptor = executorNamed(uses, environment);
    return descriptor === null || isUnlisted(descriptor, environment) ? [] : [descriptor];
  });
}

/** True for an executor that its operator must configure, and has not. */
export function isUnlisted(
  { uses, configured }: ExecutorDescriptor,
  { executors }: Pick<Environment, 'executors'>,
): boolean {
  return configured === true && !Object.hasOwn(executors, uses);
}

/**
 * Refuses unusable extensions. Throws `EXECUTOR_DESCRIPTOR_INVALID` with all faults of a descriptor, and `EXECUTOR_TWICE` if two have the
 * same `uses`.
 */
export function checkExtensions(descriptors: readonly ExecutorDescriptor[]): void {
  const seen = new Set<string>();
  for (const descriptor of descriptors) {
    const value = descriptor as unknown as Json;
    const objections = objectionsTo(value);
    const uses = isJsonObject(value) && typeof value['uses'] === 'string' ? value['uses'] : '(without a name)';
    if (objections.length > 0)
      throw refusal(
        'EXECUTOR_DESCRIPTOR_INVALID',
        `the descriptor of the executor ${uses} is invalid: ${objections.join('; ')}`,
        'Correct the descriptor. docs/guides/extending.md describes its members.',
      );
    if (seen.has(uses))
      throw refusal(
        'EXECUTOR_TWICE',
        `the executor ${uses} is registered twice`,
        'Register each executor once. Give another version to another executor.',
      );
    seen.add(uses);
  }
}

function refusal(code: ExecutorCode, message: string, remediation: string): CodedError<ExecutorCode> {
  return new CodedError(code, message, remediation);
}
