import { canonical } from '../canonical/canonical';
import { isJsonArray, isJsonObject, type Json } from '../foundation/json';
import { Matcher } from './matcher';
import { PatternSet } from './pattern-set';
import { Redaction } from './redaction';
import { spellingsOf } from './spellings';

/** Looks for secrets in a stream without changing it. */
interface SecretScan {
  push(bytes: Uint8Array): void;
  /** True as soon as one was found. */
  readonly found: boolean;
}

/** Keeps some secrets out of stored data. Without secrets it changes nothing, at no cost. */
export class Redactor {
  private constructor(private readonly patterns: PatternSet | null) {}

  /** A redactor for these values, in all their spellings. */
  static of(values: readonly Uint8Array[]): Redactor {
    return new Redactor(values.length === 0 ? null : new PatternSet(values.flatMap(spellingsOf)));
  }

  /** True if there are no secrets. */
  get isIdle(): boolean {
    return this.patterns === null;
  }

  /** A redaction for one stream; null if there are no secrets. */
  stream(): Redaction | null {
    return this.patterns && new Redaction(this.patterns);
  }

  text(text: string): string {
    if (!this.patterns || text === '') return text;
    const redaction = new Redaction(this.patterns);
    const parts = [redaction.push(new TextEncoder().encode(text)), redaction.end()];
    const decoder = new TextDecoder();
    return parts.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode();
  }

  /** Calls back for every text in a value, and for every name of a member. */
  json<T>(value: T): T {
    return this.patterns ? (this.redacted(value as Json) as T) : value;
  }

  scan(): SecretScan {
    let found = false;
    const matcher = this.patterns && new Matcher(this.patterns, () => (found = true));
    return {
      push: (bytes) => matcher?.feed(bytes),
      get found() {
        return found;
      },
    };
  }

  holds(bytes: Uint8Array): boolean {
    const scan = this.scan();
    scan.push(bytes);
    return scan.found;
  }

  /** True if a text in the value holds a secret, or its JSON text does. */
  holdsIn(value: Json): boolean {
    if (!this.patterns) return false;
    const encoder = new TextEncoder();
    return (
      this.holds(encoder.encode(canonical(value))) ||
      [...textsIn(value)].some((text) => this.holds(encoder.encode(text)))
    );
  }

  private redacted(value: Json): Json {
    if (typeof value === 'string') return this.text(value);
    if (isJsonArray(value)) return value.map((one) => this.redacted(one));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [this.text(name), this.redacted(one)]));
  }
}

/** A redactor without secrets. */
export const NO_REDACTOR = Redactor.of([]);

function* textsIn(value: Json): Iterable<string> {
  const pending: Json[] = [value];
  for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
    if (typeof one === 'string') yield one;
    else if (isJsonArray(one)) pending.push(...one);
    else if (isJsonObject(one)) {
      yield* Object.keys(one);
      pending.push(...Object.values(one));
    }
  }
}
