/** A JSON value: what plans, events and documents are made of. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** A JSON object. Keys are own, enumerable strings. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** True for a JSON object (not an array, not null). */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a JSON array. */
export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
