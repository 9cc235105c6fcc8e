import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../foundation/json';
import { ExpressionError } from './expression-fault';

/** Maximum steps of one evaluation: one per visited node, per element produced or compared, and per 8 characters of text. */
export const MAX_STEPS = 10_000_000;
/** Longest text that an expression may make, UTF-16 units. */
const MAX_TEXT_LENGTH = 16 * 1024 * 1024;
/** Deepest value that an expression may make or compare. */
const MAX_VALUE_DEPTH = 200;

/** Counts the work of one evaluation. The count depends only on expression and values, so every machine stops at the same step. */
export class Meter {
  private left: number;

  constructor(steps = MAX_STEPS) {
    this.left = steps;
  }

  /** Throws `EXPR_COST` if no steps are left. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw this.exceeded(`it takes more than ${MAX_STEPS} steps`);
  }

  /** Counts a text before it is made or appended to a text of `before` units. */
  text(length: number, before = 0): void {
    if (before + length > MAX_TEXT_LENGTH)
      throw this.exceeded(`it makes a text longer than ${MAX_TEXT_LENGTH} characters`);
    this.spend(1 + length / 8);
  }

  /** Throws if a value is nested too deeply. */
  depth(levels: number): void {
    if (levels > MAX_VALUE_DEPTH) throw this.exceeded(`it meets a value deeper than ${MAX_VALUE_DEPTH} levels`);
  }

  /** Counts a whole value before it is traversed. A text with a lone surrogate is `EXPR_VALUE`, because it has no digest. */
  value(value: Json, depth = 0): void {
    this.depth(depth);
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

/** Deep equality of JSON values, counted. Throws `EXPR_COST` below `MAX_VALUE_DEPTH`. */
export function sameValue(a: Json, b: Json, meter: Meter): boolean {
  return same(a, b, meter, 0);
}

function same(a: Json, b: Json, meter: Meter, depth: number): boolean {
  meter.depth(depth);
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length !== b.length) return false;
    meter.text(a.length);
    return a === b;
  }
  meter.spend(1);
  if (a === b) return true;
  if (isJsonArray(a)) {
    return (
      isJsonArray(b) &&
      a.length === b.length &&
      a.every((item, index) => same(item, b[index] ?? null, meter, depth + 1))
    );
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  meter.spend(keys.length);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key] ?? null, b[key] ?? null, meter, depth + 1))
  );
}

/** The names of an object's members in order, counted. */
export function sortedNames(value: JsonObject, meter: Meter): readonly string[] {
  const names = Object.keys(value);
  const units = names.reduce((sum, name) => sum + 1 + name.length / 8, 0);
  meter.spend(units * Math.ceil(Math.log2(names.length + 2)));
  return names.sort();
}
