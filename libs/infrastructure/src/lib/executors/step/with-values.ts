import { canonical } from '@taskrunner/core/canonical';
import { isJsonArray, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { refusal } from './executor-error';

/** A list of texts in `with`: argv. Numbers and booleans are converted as in JSON. */
export function textsOf(parameters: JsonObject, name: string): readonly string[] {
  const value = parameters[name] ?? [];
  if (!isJsonArray(value)) throw refusal('WITH_INVALID', `with.${name} must be a list of texts`);
  return value.map((part, index) => argument(part, `with.${name}[${index}]`));
}

function argument(value: Json, name: string): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string' || value.includes('\0')) throw refusal('WITH_INVALID', `${name} must be a string`);
  return value;
}

/** Exit codes that count as success; default: only 0. */
export function okExitCodesOf(parameters: JsonObject): ReadonlySet<number> {
  const value = parameters['okExitCodes'] ?? [0];
  const isCode = (code: Json) => Number.isInteger(code) && Number(code) >= 0 && Number(code) <= 255;
  if (!isJsonArray(value) || !value.every(isCode))
    throw refusal('WITH_INVALID', 'with.okExitCodes must be a list of numbers from 0 to 255');
  return new Set(value.map(Number));
}

/** A value as file content or standard input: texts unchanged, everything else as canonical JSON. */
export function contentOf(value: Json): string {
  return typeof value === 'string' ? value : canonical(value);
}
