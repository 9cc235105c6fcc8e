import { CodedError } from '../foundation/coded-error';
import { isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { USES_PATTERN } from '../pack/shapes/scalar-shapes';
import { compileSchema } from '../schema/compile-schema';
import { builtinNamed } from './builtin-executors';
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
  const found = compiled.findings(descriptor).map(({ pointer, message }) => `${pointer || '(root)'} ${message}`);
  if (found.length > 0) return found;
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

/** Descriptors in documents, with whether they are usable. */
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
        'Correct the descriptor. docs/recipes.md describes its members.',
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
