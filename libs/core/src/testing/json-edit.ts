import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../lib/foundation/json';

/** The names and places in a JSON pointer (RFC 6901). */
export function parsePointer(at: string): readonly string[] {
  return at
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A copy with another value at a pointer; undefined takes the member out. */
export function replacedAt(value: JsonObject, at: string, to: Json | undefined): JsonObject {
  return replaced(value, parsePointer(at), to) as JsonObject;
}

function replaced(value: Json, [first, ...rest]: readonly string[], to: Json | undefined): Json | undefined {
  if (first === undefined) return to;
  if (isJsonArray(value)) {
    return value.flatMap((one, index) => {
      const made = index === Number(first) ? replaced(one, rest, to) : one;
      return made === undefined ? [] : [made];
    });
  }
  if (!isJsonObject(value)) throw new TypeError(`nothing stands at ${first}`);
  const { [first]: old = {}, ...others } = value;
  const made = replaced(old, rest, to);
  return made === undefined ? others : { ...others, [first]: made };
}
