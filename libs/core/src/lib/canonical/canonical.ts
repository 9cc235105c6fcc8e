import type { Json } from '../foundation/json';

/**
 * RFC 8785 (JSON Canonicalization Scheme): one text for equal values, whatever the key order. Throws a `TypeError` for what
 * JSON cannot say: `undefined`, functions, dates, NaN, infinities, big integers, lone surrogates (§3.1 wants an error).
 */
export function canonical(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('not a JSON number');
    return JSON.stringify(value);
  }
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) {
    let text = '[';
    for (let i = 0; i < value.length; i++) text += (i > 0 ? ',' : '') + canonical(value[i] as Json);
    return `${text}]`;
  }
  if (typeof value !== 'object' || !isPlain(value)) throw new TypeError('not a JSON value');
  let text = '{';
  // Array.prototype.sort compares UTF-16 code units, which is the order that §3.2.3 asks for.
  for (const key of Object.keys(value).sort()) {
    text += (text.length > 1 ? ',' : '') + quoted(key) + ':' + canonical((value as Record<string, Json>)[key] as Json);
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
