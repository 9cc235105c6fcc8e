import type { Json, JsonObject } from '../foundation/json';

/**
 * RFC 8785 (JSON Canonicalization Scheme): one text for equal values, whatever the key order. Throws a `TypeError` for what
 * JSON cannot say: `undefined`, functions, dates, NaN, infinities, big integers, lone surrogates (§3.1 wants an error).
 */
export function canonical(value: Json): string {
  const sorted = inOrder(value);
  return sorted === undefined ? spelled(value) : JSON.stringify(sorted);
}

/**
 * The same value with every object's members in canonical order, so that the engine's own printer can write it (ECMA-262
 * prints strings and numbers as RFC 8785 asks); what is in order already is shared. Undefined where no object of the language
 * can have that order: names like `10` and `9`, which it keeps in numeric order, and `__proto__`. Throws as `canonical`.
 */
function inOrder(value: Json): Json | undefined {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('lone surrogate');
    return value;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('not a JSON number');
    return value;
  }
  if (Array.isArray(value)) return listInOrder(value as readonly Json[]);
  if (typeof value !== 'object' || !isPlain(value)) throw new TypeError('not a JSON value');
  return objectInOrder(value as JsonObject);
}

function listInOrder(list: readonly Json[]): readonly Json[] | undefined {
  let copy: Json[] | null = null;
  for (let i = 0; i < list.length; i++) {
    const part = list[i] as Json;
    const sorted = inOrder(part);
    if (sorted === undefined) return undefined;
    if (sorted !== part) copy ??= list.slice(0, i);
    copy?.push(sorted);
  }
  return copy ?? list;
}

/** Each member is visited once, also if the object has to be copied: a copy that began again would visit deep ones many times. */
function objectInOrder(object: JsonObject): JsonObject | undefined {
  let before = '';
  let isSorted = true;
  let changed: Map<string, Json> | null = null;
  // Most objects are in order and hold nothing undefined. They are checked once and returned unchanged.
  for (const name in object) {
    if (!isWellFormed(name)) throw new TypeError('lone surrogate');
    if (name < before) isSorted = false;
    before = name;
    const part = object[name] as Json;
    const sorted = inOrder(part);
    if (sorted === undefined) return undefined;
    if (sorted !== part) (changed ??= new Map<string, Json>()).set(name, sorted);
  }
  return isSorted && changed === null ? object : reordered(object, changed);
}

/** The same members in order, as an object of its own. `changed`: members that are in order as copies. */
function reordered(object: JsonObject, changed: ReadonlyMap<string, Json> | null): JsonObject | undefined {
  const copy: Record<string, Json> = {};
  for (const name of Object.keys(object).sort()) {
    const first = name.charCodeAt(0);
    if ((first >= 48 && first <= 57) || name === '__proto__') return undefined;
    copy[name] = changed?.get(name) ?? (object[name] as Json);
  }
  return copy;
}

/** Names recur often, so the results for short names are cached. */
const KNOWN_NAMES = new Set<string>();
const MOST_NAMES = 4_096;

function isWellFormed(name: string): boolean {
  if (KNOWN_NAMES.has(name)) return true;
  if (!name.isWellFormed()) return false;
  if (name.length <= 64 && KNOWN_NAMES.size < MOST_NAMES) KNOWN_NAMES.add(name);
  return true;
}

/** The text of a value, part by part. */
function spelled(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('not a JSON number');
    return JSON.stringify(value);
  }
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) {
    let text = '[';
    for (let i = 0; i < value.length; i++) text += (i > 0 ? ',' : '') + spelled(value[i] as Json);
    return `${text}]`;
  }
  if (typeof value !== 'object' || !isPlain(value)) throw new TypeError('not a JSON value');
  let text = '{';
  // Array.prototype.sort compares UTF-16 code units, which is the order that §3.2.3 asks for.
  for (const key of Object.keys(value).sort()) {
    text += (text.length > 1 ? ',' : '') + quoted(key) + ':' + spelled((value as Record<string, Json>)[key] as Json);
  }
  return `${text}}`;
}

function quoted(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('lone surrogate');
  return JSON.stringify(text);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
