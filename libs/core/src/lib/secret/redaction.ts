import { joinBytes } from '../foundation/join-bytes';
import { Matcher } from './matcher';
import type { PatternSet } from './pattern-set';

/** Replacement for a secret. */
export const REDACTED = '[redacted]';
const MARKER = new TextEncoder().encode(REDACTED);

/**
 * Removes secrets from a stream. `push` returns the bytes that are decided, with `[redacted]` in place of each secret. Bytes that may be
 * the beginning of a secret are held back until more bytes or the end arrive. The output does not depend on how the stream is split.
 */
export class Redaction {
  private readonly matcher: Matcher;
  private held = new Uint8Array(0);
  /** Position of the first held byte in the stream. */
  private from = 0;
  private readonly hits: { from: number; to: number }[] = [];

  constructor(patterns: PatternSet) {
    this.matcher = new Matcher(patterns, (from, to) => this.hit(from, to));
  }

  push(bytes: Uint8Array): Uint8Array {
    this.matcher.feed(bytes);
    const whole = new Uint8Array(this.held.length + bytes.length);
    whole.set(this.held);
    whole.set(bytes, this.held.length);
    this.held = whole;
    return this.release(this.matcher.decided);
  }

  /** Ends the stream and returns the held bytes. */
  end(): Uint8Array {
    return this.release(this.from + this.held.length);
  }

  /**
   * In order, and those that overlap become one. A hit may come late: behind an escape that turned out to be text the same bytes are
   * read twice, and what was given out before is not marked again.
   */
  private hit(from: number, to: number): void {
    if (to <= this.from) return;
    let after = this.hits.length;
    while (after > 0 && (this.hits[after - 1]?.from ?? 0) >= to) after--;
    let first = after;
    const one = { from, to };
    for (let last = this.hits[first - 1]; last !== undefined && last.to > from; last = this.hits[--first - 1]) {
      one.from = Math.min(one.from, last.from);
      one.to = Math.max(one.to, last.to);
    }
    this.hits.splice(first, after - first, one);
  }

  private release(decided: number): Uint8Array {
    const open = this.hits.find(({ to }) => to > decided);
    const until = Math.min(decided, open?.from ?? decided);
    if (until <= this.from) return new Uint8Array(0);
    const parts: Uint8Array[] = [];
    let at = this.from;
    while (this.hits[0] !== undefined && this.hits[0].to <= until) {
      const { from, to } = this.hits.shift() ?? { from: until, to: until };
      parts.push(this.bytes(at, Math.max(at, from)), MARKER);
      at = Math.max(at, to);
    }
    parts.push(this.bytes(at, until));
    this.held = this.held.slice(until - this.from);
    this.from = until;
    return joinBytes(parts);
  }

  private bytes(from: number, to: number): Uint8Array {
    return this.held.subarray(from - this.from, to - this.from);
  }
}
