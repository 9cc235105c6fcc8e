import type { CelInput, CelResult } from '@bufbuild/cel';
import { isCelError, isCelList, isCelMap } from '@bufbuild/cel';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';

/** A JSON value as CEL sees it: whole numbers are `int`, others `double`; objects are maps that hold their own members only. */
function toCel(value: Json): CelInput {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (isJsonArray(value)) return value.map(toCel);
  if (!isJsonObject(value)) return value;
  return new Map<string, CelInput>(Object.entries(value).map(([name, member]) => [name, toCel(member)]));
}

/** The variables of a policy. Only own members count: `constructor` is not a variable. */
export function toBindings(input: JsonObject): Record<string, CelInput> {
  const bindings = Object.create(null) as Record<string, CelInput>;
  for (const [name, value] of Object.entries(input)) bindings[name] = toCel(value);
  return bindings;
}

/** The answer of a policy: `{allow, reasons}`, or why it is invalid. */
export type Verdict = { readonly allow: boolean; readonly reasons: readonly string[] } | { readonly wrong: string };

/** Reads the answer of a CEL policy: a boolean, or a map of exactly `allow` (a boolean) and `reasons` (a list of strings). */
export function verdictOf(result: CelResult): Verdict {
  if (isCelError(result)) return { wrong: `it failed: ${result.message}` };
  if (typeof result === 'boolean') return { allow: result, reasons: [] };
  if (!isCelMap(result)) return { wrong: 'its answer is neither a boolean nor {allow, reasons}' };
  const allow = result.get('allow');
  const reasons = result.get('reasons');
  if (result.size !== 2 || typeof allow !== 'boolean' || !isCelList(reasons)) {
    return { wrong: 'its answer is not exactly {allow: bool, reasons: list of strings}' };
  }
  const texts: string[] = [];
  for (const reason of reasons) {
    if (typeof reason !== 'string') return { wrong: 'one of its reasons is not a string' };
    texts.push(reason);
  }
  return { allow, reasons: texts };
}
