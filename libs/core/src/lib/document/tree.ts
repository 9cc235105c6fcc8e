import { isAlias, isMap, isScalar, isSeq, Scalar } from 'yaml';
import type { Node, Pair, YAMLMap } from 'yaml';
import type { Json } from '../foundation/json';
import { REMEDIES, type Finding } from './document-fault';
import { pointerTo } from './json-pointer';
import type { LineIndex } from './line-index';
import { numberFault } from './number-text';
import { type Scan, tooDeep } from './scan';

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** How a tree is read. */
interface TreeRules {
  readonly maxDepth: number;
  /** U+0000 in a text or key is refused. */
  readonly refusesNul: boolean;
  readonly lines: LineIndex;
}

/** Converts nodes into a JSON value and collects every construct that is refused. An instance is used for one document. */
export class TreeReader {
  readonly findings: Finding[] = [];
  readonly #claimed = new Set<number>();

  constructor(
    private readonly scan: Scan,
    private readonly rules: TreeRules,
  ) {}

  /** The value of a node; `null` stands in for what is refused. */
  read(node: Node | null, path: string, depth = 0): Json {
    if (node === null) return null;
    const start = node.range?.[0] ?? 0;
    if (isAlias(node)) return this.#refuse('DOC_ALIAS', path, start, `The alias *${node.source} is not allowed.`);
    this.#properties(node, path, start);
    if (isScalar(node)) return this.#scalar(node, path, start);
    if (depth >= this.rules.maxDepth) {
      this.findings.push(tooDeep(start, this.rules.maxDepth, path));
      return null;
    }
    if (isSeq(node)) return node.items.map((item, index) => this.read(item as Node, pointerTo(path, index), depth + 1));
    if (isMap(node)) return this.#map(node, path, start, depth);
    return null;
  }

  /** Reports anchors, tags and expressions that belong to no node, so that nothing the lexer saw goes unreported. */
  unclaimed(): readonly Finding[] {
    const found: Finding[] = [];
    const note = (offsets: readonly number[], code: Finding['code'], message: string) => {
      for (const offset of offsets) if (!this.#claimed.has(offset)) found.push({ code, path: '', offset, message });
    };
    note(this.scan.anchors, 'DOC_ANCHOR', 'An anchor is not allowed.');
    note(this.scan.tags, 'DOC_TAG', 'An explicit tag is not allowed.');
    note(this.scan.expressions, 'DOC_UNQUOTED_EXPRESSION', UNQUOTED);
    return found;
  }

  #map(node: YAMLMap, path: string, start: number, depth: number): Json {
    if (includes(this.scan.expressions, start)) {
      this.#claimed.add(start);
      return this.#refuse('DOC_UNQUOTED_EXPRESSION', path, start, UNQUOTED);
    }
    const entries: Record<string, Json> = {};
    const places = new Map<string, number>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const key = this.#key(pair.key, path);
      const value = this.read(pair.value, key === null ? path : pointerTo(path, key), depth + 1);
      if (key === null) continue;
      const at = pair.key.range?.[0] ?? start;
      const first = places.get(key);
      if (first !== undefined) this.#twice(key, pointerTo(path, key), { first, at });
      else {
        places.set(key, at);
        entries[key] = value;
      }
    }
    return entries;
  }

  #twice(key: string, path: string, { first, at }: { readonly first: number; readonly at: number }): void {
    const message = `The key ${quote(key)} is listed twice.`;
    const { line, column } = this.rules.lines.positionAt(first);
    const remediation = `${REMEDIES.DOC_DUPLICATE_KEY} The first is in line ${line}, column ${column}.`;
    this.findings.push({ code: 'DOC_DUPLICATE_KEY', path, offset: at, message, remediation });
  }

  /** A key's text, or null if it is not usable as a name. */
  #key(key: Node | null, path: string): string | null {
    const start = key?.range?.[0] ?? 0;
    if (isAlias(key)) return this.#refuse('DOC_ALIAS', path, start, `The alias *${key.source} is used as a key.`);
    if (!isScalar(key) || typeof key.value !== 'string') {
      if (isMap(key) && includes(this.scan.expressions, start)) {
        this.#claimed.add(start);
        return this.#refuse('DOC_UNQUOTED_EXPRESSION', path, start, UNQUOTED);
      }
      const written = isScalar(key) && key.source ? ` ${key.source}` : '';
      return this.#refuse('DOC_KEY_NOT_STRING', path, start, `The key${written} is not a string.`);
    }
    const text = key.value;
    this.#properties(key, path, start);
    if (text === '<<' && key.type === Scalar.PLAIN)
      return this.#refuse('DOC_MERGE_KEY', path, start, 'A merge key is not allowed.');
    if (FORBIDDEN.has(text)) return this.#refuse('DOC_KEY_FORBIDDEN', path, start, `The key ${text} is not allowed.`);
    return this.#text(text, path, start);
  }

  #scalar(node: Scalar, path: string, start: number): Json {
    const { value } = node;
    if (typeof value === 'string') return this.#text(value, path, start);
    if (typeof value === 'boolean' || value === null) return value;
    if (typeof value !== 'number') return this.#refuse('DOC_TAG', path, start, 'The value has no JSON type.');
    const text = node.source ?? String(value);
    const code = numberFault(text);
    if (code === 'DOC_NUMBER_FORM') return this.#refuse(code, path, start, `The number ${text} is not in JSON syntax.`);
    if (code === 'DOC_NUMBER_RANGE') return this.#refuse(code, path, start, `The number ${text} is out of range.`);
    if (code !== null) return this.#refuse(code, path, start, `The number ${text} cannot be represented exactly.`);
    // A negative zero is zero: RFC 8785 prints both alike.
    return Number(text) === 0 ? 0 : Number(text);
  }

  /** A text or key. One with an unpaired surrogate has no digest; one with U+0000 cannot become a text of the database. */
  #text(text: string, path: string, start: number): string | null {
    if (!text.isWellFormed()) return this.#refuse('DOC_LONE_SURROGATE', path, start, LONE);
    if (this.rules.refusesNul && text.includes('\0'))
      return this.#refuse('DOC_NUL', path, start, 'The text contains U+0000.');
    return text;
  }

  #properties(node: Node, path: string, start: number): void {
    if (isAlias(node)) return;
    if (node.anchor !== undefined) {
      const at = this.#claim(this.scan.anchors, start);
      if (at !== null) this.#refuse('DOC_ANCHOR', path, at, `The anchor &${node.anchor} is not allowed.`);
    }
    if (node.tag !== undefined) {
      const at = this.#claim(this.scan.tags, start);
      if (at !== null) this.#refuse('DOC_TAG', path, at, 'An explicit tag is not allowed.');
    }
  }

  /** The last offset before a node that does not belong to another node. */
  #claim(offsets: readonly number[], start: number): number | null {
    const offset = offsets[before(offsets, start)];
    if (offset === undefined || this.#claimed.has(offset)) return null;
    this.#claimed.add(offset);
    return offset;
  }

  #refuse(code: Finding['code'], path: string, offset: number, message: string): null {
    this.findings.push({ code, path, offset, message });
    return null;
  }
}

const UNQUOTED = 'The expression is not in quotes, so YAML reads its braces as an object.';
const LONE = 'This is an unpaired surrogate.';

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

/** The index of the last offset that is not after `start`, or -1. */
function before(offsets: readonly number[], start: number): number {
  let [low, high] = [-1, offsets.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= start) low = middle;
    else high = middle - 1;
  }
  return low;
}

function includes(offsets: readonly number[], start: number): boolean {
  return offsets[before(offsets, start)] === start;
}
