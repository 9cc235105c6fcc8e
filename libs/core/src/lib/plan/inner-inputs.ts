import { canonical } from '../canonical/canonical';
import { ExpressionError } from '../expression/expression-fault';
import { evaluateTemplate, readsOfTemplate } from '../expression/json-template';
import { isDigest } from '../foundation/ids';
import { isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { isOfType } from '../pack/check-names';
import type { ValueType } from '../pack/model/value-type';
import { compileSchema } from '../schema/compile-schema';
import { malformed } from './malformed';
import type { InnerInput, PackNode } from './plan';

/** A fault of one input of an inner pack. It contains no part of the value. */
interface InnerFinding {
  readonly name: string;
  readonly code: 'INPUT_MISSING' | 'INPUT_TYPE' | 'INPUT_ENUM' | 'INPUT_INVALID' | 'INPUT_MALFORMED';
  readonly message: string;
}

/** The inputs of an inner pack with defaults applied, or their faults. */
type HeldInputs =
  | { readonly kind: 'values'; readonly values: JsonObject }
  | { readonly kind: 'refused'; readonly findings: readonly InnerFinding[] };

/** Validates a caller's values against the inputs that the inner pack declares: at planning, and when the step begins. */
export function holdInputs(rules: readonly InnerInput[], supplied: JsonObject): HeldInputs {
  const findings: InnerFinding[] = [];
  const values: Record<string, Json> = {};
  for (const rule of rules) {
    const own = Object.hasOwn(supplied, rule.name) ? (supplied[rule.name] ?? null) : null;
    const held = holdInput(rule, own ?? rule.default);
    if (held.kind === 'value') values[rule.name] = held.value;
    else findings.push(...held.findings);
  }
  return findings.length > 0 ? { kind: 'refused', findings } : { kind: 'values', values };
}

/** Validates one value against the declared input of the inner pack. */
export function holdInput(
  rule: InnerInput,
  value: Json,
): { readonly kind: 'value'; readonly value: Json } | { readonly kind: 'refused'; readonly findings: InnerFinding[] } {
  const { name, type } = rule;
  const refuse = (code: InnerFinding['code'], message: string) => {
    return { kind: 'refused' as const, findings: [{ name, code, message }] };
  };
  if (value === null)
    return rule.required ? refuse('INPUT_MISSING', `the input ${name} is missing`) : { kind: 'value', value };
  const wrong = malformed(value);
  if (wrong !== null) return refuse('INPUT_MALFORMED', `the input ${name} ${wrong}`);
  const file = type === 'file' ? fileOf(value) : null;
  if (type === 'file' ? file === null : !isOfType(value, type as ValueType))
    return refuse('INPUT_TYPE', `the input ${name} must be ${type === 'file' ? 'a file' : `of type ${type}`}`);
  if (rule.enum !== null && !rule.enum.some((one) => canonical(one) === canonical(value)))
    return refuse('INPUT_ENUM', `the input ${name} is none of the values that the inner pack lists`);
  // A plan that was admitted under older rules may contain an invalid schema. No value matches it.
  const compiled = rule.schema === null ? null : compileSchema(rule.schema);
  if (compiled?.kind === 'invalid') return refuse('INPUT_INVALID', `the schema of the input ${name} cannot be used`);
  const found = compiled?.findings(value) ?? [];
  if (found.length === 0) return { kind: 'value', value: file ?? value };
  return {
    kind: 'refused',
    findings: found.map(({ pointer, message }) => {
      return { name, code: 'INPUT_INVALID', message: `the input ${name}${pointer} is not valid: ${message}` };
    }),
  };
}

/**
 * The `inputs` of an inner pack if the inputs of its caller determine them; null if results, items or the run itself do. `around` are
 * `inputs` and `pack` of the caller; null if they are not known.
 */
export function knownInputs(node: Pick<PackNode, 'inputs' | 'with'>, around: JsonObject | null): JsonObject | null {
  const supplied = around === null ? undefined : knownValue(node.with, around);
  const held = supplied === undefined ? null : holdInputs(node.inputs, isJsonObject(supplied) ? supplied : {});
  return held?.kind === 'values' ? held.values : null;
}

/** The value of a template that reads only inputs and pack; undefined if it reads more or has no value. */
export function knownValue(template: Json, around: JsonObject): Json | undefined {
  if (readsOfTemplate(template).some(({ root }) => root !== 'inputs' && root !== 'pack')) return undefined;
  try {
    return evaluateTemplate(template, around);
  } catch (error) {
    if (ExpressionError.is(error)) return undefined;
    throw error;
  }
}

/** A file by its content, without other members. An artifact is a file too. */
function fileOf(value: Json): JsonObject | null {
  if (!isJsonObject(value)) return null;
  const { digest, size } = value;
  if (!isDigest(digest) || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return null;
  return { digest, size };
}
