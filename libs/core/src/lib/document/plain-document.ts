import { BrandedError } from '../foundation/branded-error';
import type { Json } from '../foundation/json';
import { numberFault } from './number-text';

/** A value of a plain document with the offsets of its parts. */
export interface PlainNode {
  /** UTF-16 offset. */
  readonly at: number;
  readonly value: Json;
  /** Names of an object's entries; null of anything else. */
  readonly names: readonly string[] | null;
  /** Offsets of those names. */
  readonly namesAt: readonly number[];
  /** Values of an object's entries, or the items of a list. */
  readonly parts: readonly PlainNode[];
}

/** Printable ASCII and Latin characters, and line feeds. */
const PLAIN_TEXT = /^[\n\x20-\x7e\u00a1-\u024f]*$/;
/** An entry's name, up to its colon. */
const BLOCK_NAME = /(?:[A-Za-z_$][\w./$-]{0,199}|"[^"\\\n]{0,200}"|'[^'\n]{0,200}')(?=:[ \n])/y;
const FLOW_NAME = /(?:[A-Za-z_$][\w./$-]{0,199}(?=: )|"[^"\\\n]{0,200}"(?=:))/y;
const SINGLE_QUOTED = /'[^'\n]*'(?!')/y;
const PLAIN_START = /[A-Za-z0-9_/$(]|-(?=[0-9])/y;
/** A number by the core schema of YAML 1.2 (§10.3.2) that begins with a digit or a minus. */
const NUMBER = /^-?(?:0o[0-7]+|0x[0-9a-fA-F]+|[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)$/;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const FLOW_SIGNS = new Set([...',[]{}']);
const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);
const NONE: readonly never[] = [];
/** Maximum nesting depth of this reader. */
const MAX_LEVELS = 64;

/** Thrown if only the full reader can read the document. */
class NotPlain extends BrandedError {
  static {
    this.brand('NotPlain');
  }
}

/**
 * Reads what most documents are made of: objects and lists in block style, or on one line in flow style, or a whole document of
 * JSON; with scalars on one line and comments. Null for everything else, faults included: then the full reader judges the document.
 * What is read here has no fault, and the full reader reads it alike.
 */
export function readPlain(text: string, maxDepth: number): PlainNode | null {
  if (!PLAIN_TEXT.test(text)) return null;
  try {
    return new PlainReader(text, Math.min(maxDepth, MAX_LEVELS)).document();
  } catch (error) {
    if (NotPlain.is(error)) return null;
    throw error;
  }
}

class PlainReader {
  private at = 0;
  /** Indentation of the line at `at`; -1 at the end. */
  private indent = 0;
  private lineAt = 0;
  /** Inside a document that is a single JSON object or list. Its lines may break between tokens. */
  private breaks = false;

  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
  ) {}

  document(): PlainNode {
    this.nextLine(true);
    if (this.indent !== 0) throw new NotPlain();
    const sign = this.text[this.at];
    this.breaks = sign === '{' || sign === '[';
    const node = this.breaks ? this.inline(0, true) : this.block(0);
    if (this.breaks) this.space();
    return this.at === this.text.length ? node : this.refuse();
  }

  private refuse(): never {
    throw new NotPlain();
  }

  /** Skips spaces, comments and empty lines up to the next content. `fresh`: at the beginning of a line. */
  private nextLine(fresh = false): void {
    const { text } = this;
    let isFresh = fresh;
    for (let at = this.at; ; at++) {
      const from = at;
      while (text[at] === ' ') at++;
      if (text[at] === '#' && (isFresh || at > from))
        at = text.indexOf('\n', at) < 0 ? text.length : text.indexOf('\n', at);
      if (at >= text.length) {
        this.at = text.length;
        this.indent = -1;
        return;
      }
      if (text[at] !== '\n') {
        if (!isFresh) throw new NotPlain();
        this.at = at;
        this.lineAt = from;
        this.indent = at - from;
        return;
      }
      isFresh = true;
    }
  }

  private isDash(): boolean {
    return this.text[this.at] === '-' && this.text[this.at + 1] === ' ';
  }

  private block(depth: number): PlainNode {
    return this.isDash() ? this.blockList(depth) : this.blockObject(depth);
  }

  private blockObject(depth: number): PlainNode {
    if (depth >= this.maxDepth) throw new NotPlain();
    const { at, indent } = this;
    const object = new Entries(at);
    do {
      const nameAt = this.at;
      const name = this.name(BLOCK_NAME);
      this.at++;
      while (this.text[this.at] === ' ') this.at++;
      let part: PlainNode;
      if (this.text[this.at] === '\n' || this.text[this.at] === '#') {
        // The space after the colon precedes the comment here.
        this.at--;
        if (this.text[this.at] === ':') this.at++;
        this.nextLine();
        if (this.indent <= indent && !(this.indent === indent && this.isDash())) throw new NotPlain();
        part = this.block(depth + 1);
      } else {
        part = this.inline(depth + 1, false);
        this.nextLine();
      }
      if (this.indent > indent) throw new NotPlain();
      if (!object.add(name, nameAt, part)) throw new NotPlain();
    } while (this.indent === indent && !this.isDash());
    return object.node();
  }

  private blockList(depth: number): PlainNode {
    if (depth >= this.maxDepth) throw new NotPlain();
    const { at, indent } = this;
    const parts: PlainNode[] = [];
    do {
      this.at += 2;
      while (this.text[this.at] === ' ') this.at++;
      BLOCK_NAME.lastIndex = this.at;
      if (BLOCK_NAME.test(this.text)) {
        this.indent = this.at - this.lineAt;
        parts.push(this.blockObject(depth + 1));
      } else {
        parts.push(this.inline(depth + 1, false));
        this.nextLine();
      }
      if (this.indent > indent) throw new NotPlain();
    } while (this.indent === indent && this.isDash());
    return listNode(at, parts);
  }

  private inline(depth: number, inFlow: boolean): PlainNode {
    const sign = this.text[this.at];
    if (sign === '{') return this.flowObject(depth);
    if (sign === '[') return this.flowList(depth);
    const { at } = this;
    return scalarNode(at, sign === '"' ? this.doubleQuoted() : sign === "'" ? this.singleQuoted() : this.plain(inFlow));
  }

  private flowObject(depth: number): PlainNode {
    // `{{` is an expression without quotes.
    if (depth >= this.maxDepth || this.text[this.at + 1] === '{') throw new NotPlain();
    const object = new Entries(this.at++);
    this.space();
    if (this.text[this.at] !== '}')
      for (;;) {
        const nameAt = this.at;
        const name = this.name(FLOW_NAME);
        this.at++;
        this.space();
        if (!object.add(name, nameAt, this.inline(depth + 1, true))) throw new NotPlain();
        if (!this.goesOn('}')) break;
      }
    this.at++;
    return object.node();
  }

  private flowList(depth: number): PlainNode {
    if (depth >= this.maxDepth) throw new NotPlain();
    const at = this.at++;
    const parts: PlainNode[] = [];
    this.space();
    if (this.text[this.at] !== ']')
      do parts.push(this.inline(depth + 1, true));
      while (this.goesOn(']'));
    this.at++;
    return listNode(at, parts);
  }

  /** After an element: skips a comma, or stops at the end. */
  private goesOn(end: string): boolean {
    this.space();
    if (this.text[this.at] === end) return false;
    if (this.text[this.at] !== ',') throw new NotPlain();
    this.at++;
    this.space();
    return true;
  }

  private space(): void {
    while (this.text[this.at] === ' ' || (this.breaks && this.text[this.at] === '\n')) this.at++;
  }

  /** A name, up to its colon. */
  private name(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found] = pattern.exec(this.text) ?? this.refuse();
    this.at += found.length;
    const isQuoted = found.startsWith('"') || found.startsWith("'");
    const name = isQuoted ? found.slice(1, -1) : found;
    if (FORBIDDEN.has(name) || (!isQuoted && WORDS.has(name))) throw new NotPlain();
    return name;
  }

  private doubleQuoted(): string {
    const from = this.at;
    let end = this.text.indexOf('"', from + 1);
    while (end > 0 && isEscaped(this.text, end)) end = this.text.indexOf('"', end + 1);
    if (end < 0) throw new NotPlain();
    this.at = end + 1;
    const inner = this.text.slice(from + 1, end);
    if (inner.includes('\n')) throw new NotPlain();
    if (!inner.includes('\\')) return inner;
    // JSON escapes have the same meaning in YAML. Other escapes are left to the full reader.
    try {
      const value = JSON.parse(`"${inner}"`) as string;
      return value.isWellFormed() ? value : this.refuse();
    } catch {
      throw new NotPlain();
    }
  }

  private singleQuoted(): string {
    SINGLE_QUOTED.lastIndex = this.at;
    const [found] = SINGLE_QUOTED.exec(this.text) ?? this.refuse();
    this.at += found.length;
    return found.slice(1, -1);
  }

  private plain(inFlow: boolean): Json {
    const { text, at } = this;
    PLAIN_START.lastIndex = at;
    if (!PLAIN_START.test(text)) throw new NotPlain();
    let end = at;
    for (; end < text.length; end++) {
      const sign = text[end] as string;
      if (sign === '\n' || (inFlow && FLOW_SIGNS.has(sign))) break;
      if (sign === '#' && text[end - 1] === ' ') break;
      if (sign !== ':') continue;
      const next = text[end + 1] ?? ' ';
      if (next === ' ' || next === '\n' || (inFlow && FLOW_SIGNS.has(next))) throw new NotPlain();
    }
    while (text[end - 1] === ' ') end--;
    this.at = end;
    const found = text.slice(at, end);
    const word = WORDS.get(found);
    if (word !== undefined) return word;
    if (!NUMBER.test(found)) return found.startsWith('-') ? this.refuse() : found;
    if (numberFault(found) !== null) throw new NotPlain();
    return Number(found) === 0 ? 0 : Number(found);
  }
}

/** Collects the entries of one object. */
class Entries {
  private readonly value: Record<string, Json> = {};
  private readonly names: string[] = [];
  private readonly namesAt: number[] = [];
  private readonly parts: PlainNode[] = [];

  constructor(private readonly at: number) {}

  /** Returns false for a duplicate key. */
  add(name: string, nameAt: number, part: PlainNode): boolean {
    if (Object.hasOwn(this.value, name)) return false;
    this.value[name] = part.value;
    this.names.push(name);
    this.namesAt.push(nameAt);
    this.parts.push(part);
    return true;
  }

  node(): PlainNode {
    const { at, value, names, namesAt, parts } = this;
    return { at, value, names, namesAt, parts };
  }
}

function listNode(at: number, parts: readonly PlainNode[]): PlainNode {
  return { at, value: parts.map(({ value }) => value), names: null, namesAt: NONE, parts };
}

function scalarNode(at: number, value: Json): PlainNode {
  return { at, value, names: null, namesAt: NONE, parts: NONE };
}

/** True if an odd number of backslashes precedes. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === '\\') before--;
  return (at - before) % 2 === 1;
}
