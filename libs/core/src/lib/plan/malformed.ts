import type { Json } from '../foundation/json';
import { MAX_LEVELS } from './plan-request';

/** Why a value is not JSON that every reader reads alike: lone surrogates, numbers out of range, nesting; null if it is. Never recurses. */
export function malformed(value: Json): string | null {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_LEVELS) return `has more than ${MAX_LEVELS} levels`;
    const below: unknown[] = [];
    for (const part of level) {
      if (typeof part === 'string') {
        if (!part.isWellFormed()) return 'holds half a character (a lone surrogate)';
      } else if (typeof part === 'number') {
        if (!Number.isFinite(part) || (Number.isInteger(part) && !Number.isSafeInteger(part)))
          return 'holds a number outside ±9007199254740991';
      } else if (Array.isArray(part)) {
        for (const one of part) below.push(one);
      } else if (typeof part === 'object' && part !== null) {
        for (const name of Object.keys(part)) {
          if (FORBIDDEN.has(name)) return `holds a member ${name}`;
          if (!name.isWellFormed()) return 'holds half a character (a lone surrogate)';
          below.push((part as Readonly<Record<string, unknown>>)[name]);
        }
      } else if (part !== null && typeof part !== 'boolean') return 'is not JSON';
    }
    level = below;
  }
  return null;
}

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
