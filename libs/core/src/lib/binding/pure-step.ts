import { canonical } from '../canonical/canonical';
import { isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { compileSchema, describeFindings } from '../schema/compile-schema';

/** The outcome of a built-in step that acts only in the journal. It depends on nothing but the parameters. */
export type PureOutcome =
  | { readonly kind: 'succeeded'; readonly outputs: JsonObject }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly retryable: boolean };

/** Built-in executors whose outcome follows from their parameters. */
export type PureBuiltin = 'builtin:noop' | 'builtin:fail' | 'builtin:transform' | 'builtin:validate-schema';

const NAMES: ReadonlySet<string> = new Set<PureBuiltin>([
  'builtin:noop',
  'builtin:fail',
  'builtin:transform',
  'builtin:validate-schema',
]);

/** True for an executor whose outcome `pureOutcome` computes. */
export function isPureBuiltin(uses: string): uses is PureBuiltin {
  return NAMES.has(uses);
}

/**
 * The outcome of such a step with these parameters (docs/guides/writing-packs.md, Executors). The executor returns it, and a verifier derives it again. Where
 * `with.schema` is a path in the pack, `schema` is that file as read.
 *
 * Codes: `STEP_FAILED` (what `builtin:fail` is for), `WITH_INVALID`, `SCHEMA_UNUSABLE`, `SCHEMA_INVALID`.
 */
export function pureOutcome(
  uses: PureBuiltin,
  parameters: JsonObject,
  schema: Json | undefined = parameters['schema'] ?? undefined,
): PureOutcome {
  switch (uses) {
    case 'builtin:noop':
      return { kind: 'succeeded', outputs: parameters };
    case 'builtin:fail':
      return failed('STEP_FAILED', textOf(parameters['message'] ?? 'the step is written to fail'), true);
    case 'builtin:transform': {
      const outputs = parameters['outputs'] ?? {};
      if (!isJsonObject(outputs)) return failed('WITH_INVALID', 'with.outputs must be an object');
      return { kind: 'succeeded', outputs };
    }
    case 'builtin:validate-schema':
      return validated(parameters['target'] ?? null, schema);
  }
}

function validated(target: Json, schema: Json | undefined): PureOutcome {
  if (schema === undefined) return failed('WITH_INVALID', 'with.schema is missing');
  const compiled = compileSchema(schema);
  if (compiled.kind === 'invalid') {
    const reasons = compiled.faults.map(({ pointer, message }) => `${pointer || '(root)'} ${message}`);
    return failed('SCHEMA_UNUSABLE', `the schema cannot be used: ${reasons.join('; ').slice(0, 500)}`);
  }
  const findings = compiled.findings(target);
  if (findings.length > 0) return failed('SCHEMA_INVALID', describeFindings(findings));
  return { kind: 'succeeded', outputs: { valid: true } };
}

function failed(code: string, message: string, retryable = false): PureOutcome {
  return { kind: 'failed', code, message, retryable };
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : canonical(value);
}
