import { digestIfJson } from '../canonical/digest';
import type { Json } from '../foundation/json';

/** Maximum number and length of cached documents. Longer ones are hashed each time. */
const KEPT = 256;
const CHARACTERS = 128 * 1024;

/**
 * Caches JSON documents that were compared with their digests. A text that recurs under the same digest is compared as a string and neither
 * parsed nor hashed again. Nothing else is cached, so every entry matches its digest.
 */
export class ComparedJson {
  private readonly kept = new Map<string, { readonly text: string; readonly value: Json }>();

  /** The value of a JSON text of any spelling with its digest (RFC 8785); `none` if it is not JSON, or has half of a surrogate pair. */
  read(text: string, expected: string): { readonly value: Json; readonly digest: string } {
    const known = this.kept.get(expected);
    if (known?.text === text) return { value: known.value, digest: expected };
    const value = parsed(text);
    if (value === undefined) return { value: null, digest: 'none' };
    const digest = digestIfJson(value);
    if (digest === null) return { value: null, digest: 'none' };
    if (digest === expected && text.length <= CHARACTERS) this.keep(expected, { text, value });
    return { value, digest };
  }

  private keep(digest: string, one: { readonly text: string; readonly value: Json }): void {
    // The most recent document is last.
    this.kept.delete(digest);
    this.kept.set(digest, one);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value as string);
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
