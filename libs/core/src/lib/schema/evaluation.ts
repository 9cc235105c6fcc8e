import { BrandedError } from '../foundation/branded-error';
import { isJsonArray, isJsonObject, type Json } from '../foundation/json';
import type { Resource } from './site';

/** A reason why a schema does not accept a value. It contains no part of the value except names of members in the place. */
export interface SchemaFinding {
  /** RFC 6901 place in the value. */
  readonly pointer: string;
  readonly message: string;
}

/** A place in the value; null: the whole value. */
export interface Place {
  readonly around: Place | null;
  readonly name: string | number;
}

/** Resources that were entered, the last one first (Core §7.1). */
export interface Scope {
  readonly resource: Resource;
  readonly outer: Scope | null;
}

/** Maximum number of findings about one value. */
export const MAX_FINDINGS = 100;
/** Maximum nesting of schema applications. */
const MAX_DEPTH = 1_000;
/** Work that is allowed for any value, and the addition for each of its parts; a unit is about 100 ns. */
const BASE_WORK = 1_000_000;
const WORK_PER_PART = 200;

/** A value takes more work than allowed. The error passes through every `not` and `anyOf`: the whole value is refused. */
export class SchemaLimit extends BrandedError {
  static {
    this.brand('SchemaLimit');
  }
}

/** The evaluation of one value against one schema: findings and work. */
export class Evaluation {
  readonly findings: SchemaFinding[] = [];
  scope: Scope | null = null;
  /** Above 0: findings are not needed. */
  quiet = 0;
  private depth = 0;
  private work: number;

  constructor(value: Json) {
    this.work = BASE_WORK + WORK_PER_PART * partsOf(value);
  }

  /** Counts work; throws `SchemaLimit` at the limit. */
  spend(work: number): void {
    this.work -= work;
    if (this.work < 0) throw new SchemaLimit('it takes more work to check than a value may');
  }

  enter(): void {
    if (++this.depth > MAX_DEPTH) throw new SchemaLimit(`its schemas go more than ${MAX_DEPTH} deep into each other`);
    this.spend(1);
  }

  leave(): void {
    this.depth--;
  }

  /** Names of the members. Reading them counts as work. */
  names(value: object): readonly string[] {
    const names = Object.keys(value);
    this.spend(names.length / 8);
    return names;
  }

  /** True if further findings would not be reported. */
  get isFull(): boolean {
    return this.findings.length >= MAX_FINDINGS * 4;
  }

  /** Always false, for use in `return`. */
  fail(at: Place | null, message: string): false {
    if (this.quiet === 0 && !this.isFull) this.findings.push({ pointer: pointerOf(at), message });
    return false;
  }
}

function pointerOf(place: Place | null): string {
  const names: string[] = [];
  for (let at = place; at !== null; at = at.around)
    names.push(`/${String(at.name).replaceAll('~', '~0').replaceAll('/', '~1')}`);
  return names.reverse().join('');
}

/** Number of values in a value; throws `SchemaLimit` if they are nested too deeply. Never recurses. */
function partsOf(value: Json): number {
  let count = 0;
  let levels = 0;
  for (let level: readonly Json[] = [value]; level.length > 0; levels++) {
    if (levels > MAX_DEPTH) throw new SchemaLimit(`it has more than ${MAX_DEPTH} levels`);
    count += level.length;
    const below: Json[] = [];
    for (const part of level) {
      if (isJsonArray(part)) for (const one of part) below.push(one);
      else if (isJsonObject(part)) for (const one of Object.values(part)) below.push(one);
      else if (typeof part === 'string') count += part.length / 64;
    }
    level = below;
  }
  return count;
}

/** The parts of a value to which schemas have been applied (Core §11), for `unevaluatedItems` and `unevaluatedProperties`. */
export class Seen {
  /** Names of members; null: all. */
  names: Set<string> | null = new Set();
  /** Number of evaluated items from the beginning. */
  items = 0;
  /** Other evaluated items: `contains`. */
  readonly indexes = new Set<number>();

  add(other: Seen, run: Evaluation): void {
    run.spend(((other.names?.size ?? 0) + other.indexes.size) / 4);
    if (other.names === null) this.names = null;
    else for (const name of other.names) this.names?.add(name);
    this.items = Math.max(this.items, other.items);
    for (const index of other.indexes) this.indexes.add(index);
  }
}

/** Checks one keyword against a value. `seen` is null if evaluated parts are not tracked. */
export type Check = (value: Json, at: Place | null, run: Evaluation, seen: Seen | null) => boolean;

/** A compiled schema. */
export interface Rule {
  /** Result of `true` and `false`; null: the checks decide. */
  readonly always: boolean | null;
  readonly resource: Resource;
  /** True if it needs the evaluated parts of the value. */
  readonly asksSeen: boolean;
  readonly checks: readonly Check[];
}

/** Applies a schema to a value. */
export function evaluate(rule: Rule, value: Json, at: Place | null, run: Evaluation, seen: Seen | null): boolean {
  if (rule.always !== null) {
    run.spend(1);
    return rule.always || run.fail(at, 'boolean schema is false');
  }
  run.enter();
  const outer = run.scope;
  if (outer?.resource !== rule.resource) run.scope = { resource: rule.resource, outer };
  // Parts that adjacent schemas have evaluated do not count for this one.
  const own = rule.asksSeen ? new Seen() : seen;
  let fits = true;
  for (const check of rule.checks) {
    if (check(value, at, run, own)) continue;
    fits = false;
    if (run.quiet > 0) break;
  }
  if (fits && own !== null && seen !== null && own !== seen) seen.add(own, run);
  run.scope = outer;
  run.leave();
  return fits;
}

/** Applies a schema without collecting findings. */
export function isFit(rule: Rule, value: Json, at: Place | null, run: Evaluation, seen: Seen | null): boolean {
  run.quiet++;
  const fits = evaluate(rule, value, at, run, seen);
  run.quiet--;
  return fits;
}
