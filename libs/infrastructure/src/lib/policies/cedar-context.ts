import { canonical } from '@taskrunner/core/canonical';
import { BrandedError, isJsonArray, isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';

/** Most bytes of an input as RFC 8785 text. A bound of the behaviour, not of an installation: a verifier has to find the same. */
const MAX_CEDAR_INPUT = 1024 * 1024;
/**
 * Most characters of policies times bytes of input: each operator may look at all of the input, so this bounds the work (some ten
 * seconds at worst). A bound of the behaviour too.
 */
const MAX_CEDAR_COST = 1_000_000_000;
/** Deepest nesting of an input. */
const MAX_DEPTH = 64;

/** Why Cedar cannot be asked about a value. */
export class NotCedar extends BrandedError {
  static {
    this.brand('NotCedar');
  }
}

/**
 * An input as Cedar takes it. Cedar has records, sets, texts, booleans and 64-bit integers; a number with at most four decimals
 * becomes its `decimal`; a member that is null is absent. Everything else, and what Cedar would read as an escape (`__entity`,
 * `__extn`, `__expr`: a step could forge an entity with it), cannot be asked about: throws `NotCedar`. `policyLength`: characters of the policies that will read it.
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
