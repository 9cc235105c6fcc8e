import { isJsonArray, isJsonObject, type Json } from '../foundation/json';
import { ExpressionError } from './expression-fault';

/** Steps that one evaluation may take: one per node visited, element produced or compared, and per 8 characters of text. */
export const MAX_STEPS = 10_000_000;
/** Longest text an expression may make, UTF-16 units. */
export const MAX_TEXT_LENGTH = 16 * 1024 * 1024;
/** Deepest value an expression may make. */
export const MAX_VALUE_DEPTH = 200;

/** Counts the work of one evaluation. The count depends on expression and values alone, so every machine stops at the same step. */
export class Meter {
  private left: number;

  constructor(steps = MAX_STEPS) {
    this.left = steps;
  }

  /** Throws `EXPR_COST` when the steps are used up. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw this.exceeded(`it takes more than ${MAX_STEPS} steps`);
  }

  /** Counts a text about to be made. */
  text(length: number): void {
    if (length > MAX_TEXT_LENGTH) throw this.exceeded(`it makes a text longer than ${MAX_TEXT_LENGTH} characters`);
    this.spend(1 + length / 8);
  }

  /** Counts a whole value, before something walks all of it. Text with half a character in it is `EXPR_VALUE`: it has no digest. */
  value(value: Json, depth = 0): void {
    if (depth > MAX_VALUE_DEPTH) throw this.exceeded(`it makes a value deeper than ${MAX_VALUE_DEPTH} levels`);
    this.spend(1);
    if (typeof value === 'string') this.wellFormed(value);
    else if (isJsonArray(value)) for (const item of value) this.value(item, depth + 1);
    else if (isJsonObject(value)) {
      for (const key of Object.keys(value)) {
        this.wellFormed(key);
        this.value(value[key] ?? null, depth + 1);
      }
    }
  }

  private wellFormed(text: string): void {
    this.text(text.length);
    if (text.isWellFormed()) return;
    const message = 'a text holds half a character (a lone surrogate)';
    throw new ExpressionError('EXPR_VALUE', message, 'correct it where it is made', 0);
  }

  private exceeded(what: string): ExpressionError {
    return new ExpressionError(
      'EXPR_COST',
      `the expression costs too much: ${what}`,
      'select less before computing, or use a step',
      0,
    );
  }
}

/** Deep equality of JSON values, counted. */
export function sameValue(a: Json, b: Json, meter: Meter): boolean {
  meter.spend(1);
  if (a === b) return true;
  if (isJsonArray(a)) {
    return (
      isJsonArray(b) && a.length === b.length && a.every((item, index) => sameValue(item, b[index] ?? null, meter))
    );
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key] ?? null, b[key] ?? null, meter))
  );
}
