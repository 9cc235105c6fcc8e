import type { Fault } from '../../foundation/fault';
import { isDigest, type Digest } from '../../foundation/ids';
import { isJsonArray, isJsonObject, type Json } from '../../foundation/json';
import { EvidenceError, type EvidenceCode } from './evidence-error';

/** Describes a value of a document. Faults are collected with their JSON pointers; the value that is returned for a fault is not used. */
export type Shape<T> = (value: Json | undefined, path: string, note: (path: string, message: string) => void) => T;

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** Placeholder for paths while no caller needs them. */
const UNTOLD = 'untold';

function below(path: string, key: string | number): string {
  return path === UNTOLD ? UNTOLD : `${path}/${key}`;
}

function want<T>(holds: (value: Json | undefined) => boolean, message: string): Shape<T> {
  return (value, path, note) => {
    if (!holds(value)) note(path, value === undefined ? `missing: ${message}` : message);
    return value as T;
  };
}

/** Any string: a message, code or reason. Its length is limited where it is made. */
export const longText = want<string>((v) => typeof v === 'string', 'a string is expected');
/** Any string of at most 65 536 characters, such as a name or an id. */
export const text = want<string>((v) => typeof v === 'string' && v.length <= 65_536, 'a string is expected');
/** `sha256:` and 64 lower-case hexadecimal digits. */
export const digest = want<Digest>((v) => isDigest(v), 'a sha256 digest is expected');
/** RFC 3339, in UTC with `Z`. */
export const instant = want<string>(
  (v) => typeof v === 'string' && INSTANT.test(v) && Number.isFinite(Date.parse(v)),
  'an RFC 3339 time in UTC is expected',
);
/** A whole number from 0. */
export const whole = want<number>((v) => Number.isSafeInteger(v) && (v as number) >= 0, 'a whole number is expected');
/** True or false. */
export const flag = want<boolean>((v) => typeof v === 'boolean', 'true or false is expected');
/** Any JSON value; the member must be present. */
export const anyJson = want<Json>((v) => v !== undefined, 'a value is expected');

/** One of these strings. */
export function oneOf<const T extends string>(...allowed: readonly T[]): Shape<T> {
  return want<T>((v) => allowed.includes(v as T), `one of ${allowed.join(', ')} is expected`);
}

/** Null or a value of that shape. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, path, note) => (value === null ? null : shape(value, path, note));
}

/** A list of that shape. */
export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, path, note) => {
    if (isJsonArray(value)) return value.map((item, i) => shape(item, below(path, i), note));
    note(path, 'a list is expected');
    return [];
  };
}

/** An object whose members all have that shape, under any name. */
export function mapOf<T>(shape: Shape<T>): Shape<{ readonly [key: string]: T }> {
  return (value, path, note) => {
    if (isJsonObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, shape(v, below(path, key), note)]));
    }
    note(path, 'an object is expected');
    return {};
  };
}

/** A value of that shape, or no member. Used for members that were added after a document's first version. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, path, note) => (value === undefined ? undefined : shape(value, path, note));
}

/** An object with exactly these members. A missing member (unless optional) and an unknown member are faults. */
export function closed<T extends object>(members: { readonly [K in keyof T]: Shape<T[K]> }): Shape<T> {
  const names = Object.keys(members) as (keyof T & string)[];
  return (value, path, note) => {
    if (!isJsonObject(value)) {
      note(path, 'an object is expected');
      return value as unknown as T;
    }
    for (const key of Object.keys(value)) if (!Object.hasOwn(members, key)) note(`${path}/${key}`, 'an unknown member');
    for (const key of names) {
      members[key](Object.hasOwn(value, key) ? value[key] : undefined, below(path, key), note);
    }
    return value as unknown as T;
  };
}

/** An object whose `kind` selects its shape. */
export function byKind<T extends object>(variants: { readonly [kind: string]: Shape<T> }): Shape<T> {
  return (value, path, note) => {
    const kind = isJsonObject(value) && Object.hasOwn(value, 'kind') ? value['kind'] : undefined;
    const shape = typeof kind === 'string' && Object.hasOwn(variants, kind) ? variants[kind] : undefined;
    if (shape) return shape(value, path, note);
    note(`${path}/kind`, `one of ${Object.keys(variants).join(', ')} is expected`);
    return value as unknown as T;
  };
}

/** Returns the value if it has the shape; otherwise throws, reporting all faults together. */
export function readShape<T>(shape: Shape<T>, value: Json, what: string, code: EvidenceCode = 'EVIDENCE_SHAPE'): T {
  // Most documents have the right shape, so paths are computed only for a document that does not.
  let isSound = true;
  const sound = shape(value, UNTOLD, () => {
    isSound = false;
  });
  if (isSound) return sound;
  const faults: Fault[] = [];
  const read = shape(value, '', (path, message) => {
    faults.push({ code, path, line: null, column: null, message, remediation: `See the shape of ${what}.` });
  });
  const first = faults[0];
  if (first === undefined) return read;
  throw new EvidenceError(code, `${what}: ${first.path || '/'}: ${first.message}`, `See the shape of ${what}.`, faults);
}
