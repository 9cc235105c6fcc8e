import { canonical } from '@taskrunner/core/canonical';
import { BrandedError, isJsonArray, isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';

/**
 * Maximum size of an input in bytes of RFC 8785 text. The limit is part of the behaviour and not configurable: a verifier must reach the
 * same result.
 */
const MAX_CEDAR_INPUT = 1024 * 1024;
/**
 * Maximum of characters of policies times bytes of input. Each operator may read the whole input, so this limits the work (about ten
 * seconds at worst). The limit is part of the behaviour too.
 */
const MAX_CEDAR_COST = 1_000_000_000;
/** Maximum nesting of an input. */
const MAX_DEPTH = 64;

/** Why a value cannot be passed to Cedar. */
export class NotCedar extends BrandedError {
  static {
    this.brand('NotCedar');
  }
}

/**
 * Converts an input for Cedar. Cedar has records, sets, texts, booleans and 64-bit integers; a number with at most four decimals becomes
 * its `decimal`; a member that is null is absent. Throws `NotCedar` for everything else, and for Cedar's escapes (`__entity`, `__extn`,
 * `__expr`), with which a step could forge an entity. `policyLength`: characters of the policies that will read it.
 */
export function toCedar(input: JsonObject, policyLength: number): Record<string, CedarValueJson> {
  const bytes = new TextEncoder().encode(canonical(input)).length;
  if (bytes > MAX_CEDAR_INPUT) throw new NotCedar(`the input has more than ${MAX_CEDAR_INPUT} bytes`);
  if (bytes * policyLength > MAX_CEDAR_COST)
    throw new NotCedar('so long a policy over so large an input is too much work');
  return record(input, 0);
}

function record(value: JsonObject, depth: number): Record<string, CedarValueJson> {
  const members: [string, CedarValueJson][] = [];
  for (const [name, member] of Object.entries(value)) {
    if (name.startsWith('__')) throw new NotCedar('the input has a member whose name begins with two underscores');
    if (member !== null) members.push([name, valueOf(member, depth + 1)]);
  }
  return Object.fromEntries(members);
}

function valueOf(value: Json, depth: number): CedarValueJson {
  if (depth > MAX_DEPTH) throw new NotCedar(`the input is nested deeper than ${MAX_DEPTH} levels`);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return numberOf(value);
  if (isJsonArray(value)) return value.map((item) => valueOf(item, depth + 1));
  if (isJsonObject(value)) return record(value, depth);
  throw new NotCedar('the input has a list with null in it');
}

function numberOf(value: number): CedarValueJson {
  if (Number.isSafeInteger(value)) return value;
  const text = String(value);
  if (/^-?[0-9]{1,14}\.[0-9]{1,4}$/.test(text)) return { __extn: { fn: 'decimal', arg: text } };
  throw new NotCedar('the input has a number that is neither whole nor of at most four decimals');
}
