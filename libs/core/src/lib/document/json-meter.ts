/** Limits for a JSON text. */
export interface JsonBounds {
  /** Nesting depth of lists and objects. */
  readonly levels: number;
  /** Keys of all objects together. */
  readonly keys: number;
  /** Elements of all lists together. */
  readonly elements: number;
  /** Keys and elements together. */
  readonly values: number;
}

/** A limit that a text exceeds. */
export interface JsonExcess {
  readonly of: keyof JsonBounds;
  readonly most: number;
  /** Offset of the byte at which the limit was exceeded. */
  readonly at: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BLANKS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20]);

/**
 * Counts the contents of a JSON text while its bytes arrive. A text that is too large is refused before the rest has arrived and before any
 * value is built. Each byte is looked at once and never copied. Invalid JSON is counted too: a parser stops at its first fault, and
 * everything before the fault was counted correctly.
 */
export class JsonMeter {
  private keys = 0;
  private elements = 0;
  private at = 0;
  private depth = 0;
  /** 1 at each level that is a list. */
  private readonly lists: Uint8Array;
  private inText = false;
  private isEscaped = false;
  /** True after the opening bracket of a list until its first element. */
  private isBare = false;

  constructor(private readonly bounds: JsonBounds) {
    this.lists = new Uint8Array(bounds.levels + 1);
  }

  /** Keys and elements so far. */
  get values(): number {
    return this.keys + this.elements;
  }

  /** Counts the next bytes. Returns the first limit that they exceed, or null. The meter must not be used after an excess. */
  add(bytes: Uint8Array): JsonExcess | null {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (this.inText) {
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === BACKSLASH) this.isEscaped = true;
        else if (byte === QUOTE) this.inText = false;
        continue;
      }
      const of = this.count(byte);
      if (of !== null) return { of, most: this.bounds[of], at: this.at + i };
    }
    this.at += bytes.length;
    return null;
  }

  private count(byte: number): keyof JsonBounds | null {
    if (this.isBare && byte !== CLOSE_LIST && !BLANKS.has(byte)) {
      this.isBare = false;
      if (++this.elements > this.bounds.elements) return 'elements';
      if (this.values > this.bounds.values) return 'values';
    }
    switch (byte) {
      case QUOTE:
        this.inText = true;
        return null;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (this.depth === this.bounds.levels) return 'levels';
        this.isBare = byte === OPEN_LIST;
        this.lists[++this.depth] = this.isBare ? 1 : 0;
        return null;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        this.isBare = false;
        if (this.depth > 0) this.depth -= 1;
        return null;
      case COLON:
        if (++this.keys > this.bounds.keys) return 'keys';
        return this.values > this.bounds.values ? 'values' : null;
      case COMMA:
        if (this.lists[this.depth] !== 1) return null;
        if (++this.elements > this.bounds.elements) return 'elements';
        return this.values > this.bounds.values ? 'values' : null;
      default:
        return null;
    }
  }
}
