import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import type { Json, JsonObject } from '../foundation/json';

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

/** Patterns of callers run in linear time: RE2 syntax, no backtracking. */
const linear = Object.assign(
  (pattern: string): RegExp => {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
    // The validator asks a pattern for nothing but `test`.
    return {
      test: (text: string) => compiled.matcher(text).find(),
      toString: () => `/${pattern}/`,
    } as unknown as RegExp;
  },
  { code: 'new RegExp' },
);

function newValidator(): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    // Its check would run the patterns of the schema by the engine that backtracks.
    allowMatchingProperties: true,
    allErrors: true,
    logger: false,
    validateFormats: true,
    unicodeRegExp: false,
    code: { regExp: linear },
  });
  addFormats(ajv, {
    mode: 'fast',
    formats: [
      'date',
      'time',
      'date-time',
      'duration',
      'uri',
      'email',
      'hostname',
      'ipv4',
      'ipv6',
      'uuid',
      'json-pointer',
    ],
  });
  ajv.addFormat('regex', (text) => isPattern(text));
  return ajv;
}

function isPattern(text: string): boolean {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(text)) !== null;
  } catch {
    return false;
  }
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
