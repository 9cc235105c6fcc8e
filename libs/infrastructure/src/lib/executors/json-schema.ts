import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020';
import { canonical, isJsonObject, type Json } from '@taskrunner/core';
import { refusal } from './executor-error';
import type * as SchemaValidator from './schema-validator';

/** One thing about a value that its schema does not allow. It never holds the value itself. */
export interface Violation {
  /** JSON pointer into the value. */
  readonly path: string;
  readonly message: string;
}

/** Judges a value; at most 100 violations. */
export type CompiledSchema = (value: Json) => readonly Violation[];

const MAX_VIOLATIONS = 100;
const MAX_CACHED = 200;
const cache = new Map<string, CompiledSchema>();

/**
 * Compiles a JSON Schema 2020-12. Remote references, patterns that RE2 does not know and anything else that is no schema are
 * `SCHEMA_UNUSABLE`. Compiled schemas are kept.
 */
export function compileSchema(schema: Json): CompiledSchema {
  const text = canonical(schema);
  const known = cache.get(text);
  if (known !== undefined) return known;
  if (typeof schema !== 'boolean' && !isJsonObject(schema))
    throw refusal('SCHEMA_UNUSABLE', 'a schema is an object, true or false');
  // One for each schema: the `$id`s of two packs never meet.
  const ajv = newValidator();
  let validate: ValidateFunction;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refusal('SCHEMA_UNUSABLE', `the schema cannot be used: ${reason.slice(0, 500)}`, { cause: error });
  }
  const compiled: CompiledSchema = (value) => (validate(value) === true ? [] : violationsOf(validate.errors ?? []));
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(text, compiled);
  return compiled;
}

/** The library is loaded with the first schema: most steps declare none. */
function newValidator(): Ajv2020 {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./schema-validator') as typeof SchemaValidator).newValidator();
}

function violationsOf(errors: readonly ErrorObject[]): readonly Violation[] {
  return errors
    .slice(0, MAX_VIOLATIONS)
    .map(({ instancePath, message }) => ({ path: instancePath, message: message ?? 'is not allowed' }));
}

/** Violations as one text: `/a/b must be string; (root) must have …`. */
export function describeViolations(violations: readonly Violation[], root = ''): string {
  const shown = violations
    .slice(0, 20)
    .map(({ path, message }) => `${root}${path || (root === '' ? '(root)' : '')} ${message}`);
  const more = violations.length - shown.length;
  return `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
