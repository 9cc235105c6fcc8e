import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../foundation/json';

/**
 * Inputs of a large request. Small ones are values; the others are the text of one JSON object, which is parsed only where packs are
 * planned. A million values therefore do not block the event loop.
 */
export class PackedInputs {
  constructor(
    readonly values: JsonObject,
    readonly text: string,
  ) {}
}

/** Inputs as callers give them. No name is both among the values and in the packed text. */
export type SuppliedInputs = JsonObject | PackedInputs;

/** Inputs in the form that is passed between threads. */
export interface SentInputs {
  readonly values: JsonObject;
  /** Null: all are in `values`. */
  readonly text: string | null;
}

/** Maximum number of members that stay values. */
const MOST_SMALL = 1_000;
/** Maximum weight of all inputs that stay values, and maximum weight of one member beside large ones. A reference to a file weighs less. */
const SMALL = 4_000;
const SMALL_MEMBER = 32;
/** Characters of a text that weigh as much as one value. */
const CHARACTERS = 256;

/** Inputs without large values: the inverse of `unpackInputs`. */
export function packInputs(inputs: JsonObject): SentInputs {
  if (weighsLess(inputs, SMALL)) return { values: inputs, text: null };
  const values: Record<string, Json> = {};
  const rest: Record<string, Json> = {};
  let small = 0;
  for (const [name, value] of Object.entries(inputs)) {
    const staysSmall = small < MOST_SMALL && weighsLess(value, SMALL_MEMBER);
    if (staysSmall) small += 1;
    (staysSmall ? values : rest)[name] = value;
  }
  return { values, text: JSON.stringify(rest) };
}

/** All inputs as values. */
export function unpackInputs({ values, text }: SentInputs): JsonObject {
  return text === null ? values : { ...(JSON.parse(text) as JsonObject), ...values };
}

export function toSentInputs(inputs: SuppliedInputs): SentInputs {
  return inputs instanceof PackedInputs ? { values: inputs.values, text: inputs.text } : { values: inputs, text: null };
}

export function toSuppliedInputs({ values, text }: SentInputs): SuppliedInputs {
  return text === null ? values : new PackedInputs(values, text);
}

/**
 * True if a value weighs less than `most`: 1 for each value, plus the length of its texts and keys. Stops as soon as the limit is reached.
 */
export function weighsLess(value: Json, most: number): boolean {
  let left = most;
  const weigh = (one: Json): boolean => {
    left -= 1;
    if (typeof one === 'string') left -= Math.floor(one.length / CHARACTERS);
    if (left < 0) return false;
    if (isJsonArray(one)) return one.length <= left && one.every(weigh);
    if (!isJsonObject(one)) return true;
    // Does not list the keys: there may be a million.
    for (const key in one) {
      left -= Math.floor(key.length / CHARACTERS);
      if (!weigh(one[key] ?? null)) return false;
    }
    return true;
  };
  return weigh(value);
}
