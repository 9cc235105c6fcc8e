import { canonical } from '../../lib/canonical/canonical';
import { digestOf } from '../../lib/canonical/digest';
import { isJsonArray, isJsonObject, type Json } from '../../lib/foundation/json';

/** A change of one place in a JSON value. */
export interface JsonMutation {
  /** The class of the place: list indexes, digests and free names are `*`. */
  readonly field: string;
  readonly mutation: string;
  readonly apply: (root: Json) => Json;
}

type Path = readonly (string | number)[];

/** Every change of every place: another value, another type, null, nothing; lists doubled, swapped, cut; objects with a member more. */
export function* mutationsOf(root: Json, path: Path = [], value: Json = root): Iterable<JsonMutation> {
  const field = fieldOf(path);
  const at = (mutation: string, change: (old: Json) => Json): JsonMutation => ({
    field,
    mutation,
    apply: (supplied) => replaced(supplied, path, change),
  });
  if (path.length > 0) {
    yield { field, mutation: 'dropped', apply: (supplied) => without(supplied, path) };
    if (value !== null) yield at('null', () => null);
    yield at('retyped', retyped);
  }
  if (isJsonArray(value)) {
    yield at('element added', (old) => [...(old as Json[]), (old as Json[])[0] ?? 'forged']);
    if (value.length > 0) yield at('emptied', () => []);
    if (value.length > 1) yield at('swapped', (old) => [...(old as Json[])].reverse());
    for (const [i, one] of value.entries()) yield* mutationsOf(root, [...path, i], one);
  } else if (isJsonObject(value)) {
    yield at('member added', (old) => ({ ...(old as object), forged: 1 }));
    for (const [name, one] of Object.entries(value)) yield* mutationsOf(root, [...path, name], one);
  } else yield at('changed', changed);
}

/** Another value of the same type and shape. */
export function changed(value: Json): Json {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (value === null) return 'forged';
  if (typeof value !== 'string') return isJsonArray(value) ? [] : {};
  if (/^sha256:[0-9a-f]{64}$/.test(value)) return digestOf(`forged ${value}`);
  if (/^[0-9a-f]{64}$/.test(value)) return digestOf(`forged ${value}`).slice(7);
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return new Date(Date.parse(value) + 1_000).toISOString();
  return OTHER[value] ?? `${value}x`;
}

const OTHER: { readonly [text: string]: string } = {
  approved: 'rejected',
  rejected: 'approved',
  succeeded: 'failed',
  failed: 'succeeded',
  skipped: 'succeeded',
  cancelled: 'succeeded',
  service: 'key',
  person: 'program',
  gate: 'plan',
  open: 'sealed',
  sealed: 'open',
};

function retyped(value: Json): Json {
  if (typeof value === 'string') return 7;
  if (value === null) return {};
  return canonical(value);
}

function replaced(value: Json, path: Path, change: (old: Json) => Json): Json {
  const [first, ...rest] = path;
  if (first === undefined) return change(value);
  if (isJsonArray(value)) return value.map((one, i) => (i === first ? replaced(one, rest, change) : one));
  if (!isJsonObject(value)) return value;
  return { ...value, [first]: replaced(value[first] ?? null, rest, change) };
}

function without(value: Json, path: Path): Json {
  const [first, ...rest] = path;
  if (isJsonArray(value))
    return rest.length === 0
      ? value.filter((_, i) => i !== first)
      : value.map((one, i) => (i === first ? without(one, rest) : one));
  if (!isJsonObject(value) || first === undefined) return value;
  if (rest.length > 0) return { ...value, [first]: without(value[first] ?? null, rest) };
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== first));
}

/** Below these members names and values are the author's, or anything. */
const FREE = new Set([
  'reads',
  'with',
  'env',
  'inputs',
  'response',
  'executors',
  'limits',
  'engines',
  'values',
  'params',
  'graph',
  'spec',
  'images',
  'detail',
]);

function fieldOf(path: Path): string {
  const parts: string[] = [];
  for (const part of path) {
    parts.push(typeof part === 'number' || /^sha256:|[:[\]/]/.test(part) ? '*' : part);
    if (typeof part === 'string' && FREE.has(part) && path.length > parts.length) return `${parts.join('.')}.*`;
  }
  return parts.length === 0 ? 'root' : parts.join('.');
}
