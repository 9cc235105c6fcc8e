import { canonical } from '../../canonical/canonical';
import type { Json } from '../../foundation/json';
import { EvidenceError } from './evidence-error';

const MAX_DEPTH = 100;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /true|false|null/y;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

function refuse(message: string, at: number): never {
  throw new EvidenceError('EVIDENCE_JSON', `${message} at offset ${at}`, 'Use JSON (RFC 8259) without duplicate keys.');
}

/**
 * Reads JSON (RFC 8259) so that no two readers can interpret it differently: duplicate keys, keys that reach a prototype, integers outside
 * ±(2^53 - 1), lone surrogates and nesting above 100 are refused with `EVIDENCE_JSON`.
 */
export function parseStrictJson(text: string): Json {
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) return null;
    at = pattern.lastIndex;
    return found[0];
  };
  const skipTo = (character: string): boolean => {
    take(SPACE);
    if (text[at] !== character) return false;
    at += 1;
    take(SPACE);
    return true;
  };
  const string = (): string => {
    const start = at;
    const raw = take(STRING) ?? refuse('a string is expected', at);
    const value = JSON.parse(raw) as string;
    return value.isWellFormed() ? value : refuse('a lone surrogate', start);
  };
  const list = (depth: number): Json => {
    const items: Json[] = [];
    if (skipTo(']')) return items;
    do items.push(value(depth + 1));
    while (skipTo(','));
    return skipTo(']') ? items : refuse('`]` is expected', at);
  };
  const object = (depth: number): Json => {
    const members: { [key: string]: Json } = {};
    if (skipTo('}')) return members;
    do {
      const start = at;
      const key = string();
      if (FORBIDDEN.has(key)) refuse('a forbidden key', start);
      if (Object.hasOwn(members, key)) refuse('a duplicate key', start);
      if (!skipTo(':')) refuse('`:` is expected', at);
      members[key] = value(depth + 1);
    } while (skipTo(','));
    return skipTo('}') ? members : refuse('`}` is expected', at);
  };
  const value = (depth: number): Json => {
    if (depth > MAX_DEPTH) refuse('nested too deep', at);
    if (skipTo('{')) return object(depth);
    if (skipTo('[')) return list(depth);
    if (text[at] === '"') return string();
    const word = take(WORD);
    if (word !== null) return JSON.parse(word) as Json;
    const start = at;
    const number = Number(take(NUMBER) ?? refuse('a value is expected', at));
    if (!Number.isFinite(number) || (Number.isInteger(number) && !Number.isSafeInteger(number))) {
      refuse('a number that other readers may round', start);
    }
    return number;
  };
  const whole = value(0);
  take(SPACE);
  return at === text.length ? whole : refuse('something follows the document', at);
}

/** Bytes as text. Refuses what is not UTF-8, and a byte order mark. */
export function parseUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new EvidenceError('EVIDENCE_JSON', 'not UTF-8', 'Use UTF-8 without a byte order mark.', [], { cause });
  }
}

/**
 * What `read` returns. If it refuses a text with `EVIDENCE_JSON` or `EVIDENCE_NOT_CANONICAL`, which say nothing about the place, the error
 * names `what`: a file of the bundle, or a kind of document.
 */
export function named<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!EvidenceError.is(error) || (error.code !== 'EVIDENCE_JSON' && error.code !== 'EVIDENCE_NOT_CANONICAL'))
      throw error;
    const { code, message, remediation, faults } = error;
    throw new EvidenceError(code, `${what}: ${message}`, remediation, faults, { cause: error });
  }
}

/** UTF-8 bytes of a text. */
export function toUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/**
 * Reads a canonical document. The bytes must be the RFC 8785 text of their value, which also excludes duplicate keys, other spellings of
 * numbers and unpaired surrogates. Throws `EVIDENCE_JSON` or `EVIDENCE_NOT_CANONICAL`.
 */
export function parseCanonical(text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw new EvidenceError('EVIDENCE_JSON', 'not JSON', 'Use the document as it was signed.', [], { cause });
  }
  if (spelling(value) !== text) {
    throw new EvidenceError('EVIDENCE_NOT_CANONICAL', 'not in RFC 8785 form', 'Use the document as it was signed.');
  }
  return value;
}

function spelling(value: Json): string | null {
  try {
    return canonical(value);
  } catch {
    return null;
  }
}
