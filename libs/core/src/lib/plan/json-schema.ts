import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020';
import type { Json, JsonObject } from '../foundation/json';
import type * as SchemaValidator from './schema-validator';

/** One thing about a value that its schema does not accept. No part of the value is in it. */
export interface SchemaFinding {
  /** RFC 6901 place in the value. */
  readonly pointer: string;
  readonly message: string;
}

/** A schema ready to be asked, or why it is none. */
export type CompiledSchema =
  | { readonly kind: 'schema'; readonly findings: (value: Json) => readonly SchemaFinding[] }
  | {
      readonly kind: 'invalid';
      /** RFC 6901 place in the schema, as near as it is known. */
      readonly pointer: string;
      readonly message: string;
      /** It is a pattern that is refused. */
      readonly isPattern: boolean;
    };

/** Most findings about one value. */
const MAX_FINDINGS = 100;

/** The library is loaded with the first schema: most packs have none. */
function newValidator(): Ajv2020 {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./schema-validator') as typeof SchemaValidator).newValidator();
}

function firstPlace(errors: Ajv2020['errors']): string {
  return errors?.[0]?.instancePath ?? '';
}

let shared: Ajv2020 | null = null;

/**
 * Compiles a JSON Schema of draft 2020-12: strict (an unknown keyword or format is refused), no reference to anything outside
 * itself, patterns in RE2 syntax. Never throws for bad input.
 */
export function compileSchema(schema: JsonObject): CompiledSchema {
  // A schema that names itself must not stay known to later ones.
  const own = /"\$(?:id|anchor|dynamicAnchor)"/.test(JSON.stringify(schema));
  const ajv = own ? newValidator() : (shared ??= newValidator());
  let validate: ValidateFunction;
  ajv.errors = null;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    const pointer = firstPlace(ajv.errors);
    return {
      kind: 'invalid',
      pointer,
      message:
        error instanceof Error ? error.message.replace(/^schema is invalid: /, '').slice(0, 300) : 'it cannot be read',
      isPattern: error instanceof Error && /error parsing regexp|must match format "regex"/.test(error.message),
    };
  } finally {
    ajv.removeSchema(schema);
  }
  const findings = (value: Json): readonly SchemaFinding[] => {
    if (validate(value)) return [];
    const found = new Map<string, SchemaFinding>();
    for (const { instancePath, message, keyword } of validate.errors ?? []) {
      if (found.size >= MAX_FINDINGS) break;
      const said = message ?? `${keyword} is not met`;
      found.set(`${instancePath} ${said}`, { pointer: instancePath, message: said });
    }
    return [...found.values()];
  };
  return { kind: 'schema', findings };
}
