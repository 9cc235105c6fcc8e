import { Composer, isMap, isSeq } from 'yaml';
import type { Document as YamlDocument, Node, Pair } from 'yaml';
import { type Fault, sortFaults } from '../foundation/fault';
import type { Json } from '../foundation/json';
import { type DocumentFaultCode, type Finding, REMEDIES } from './document-fault';
import { pointerNames } from './json-pointer';
import { LineIndex } from './line-index';
import { type PlainNode, readPlain } from './plain-document';
import type { Position } from './position';
import { type Scan, scan } from './scan';
import { TreeReader } from './tree';

/** What is accepted of a document. */
export interface DocumentLimits {
  /** Bytes of UTF-8; 5 MiB unless told. */
  readonly maxBytes?: number;
  /** Levels of lists and objects in each other; 100 unless told. */
  readonly maxDepth?: number;
  /** The line on which it begins in its file, for the places of what is found; 1 unless told. */
  readonly firstLine?: number;
}

/** A document that was read: its value, and where each part of it stands. */
export interface ReadDocument {
  readonly kind: 'read';
  readonly value: Json;
  /** The text that was read, without a byte order mark. */
  readonly text: string;
  /** Where the value at a JSON pointer begins; for what is not there, its nearest surroundings. */
  readonly positionOf: (pointer: string) => Position;
  /** Where the key of an object's entry begins; for list items and what is not there, as `positionOf`. */
  readonly keyPositionOf: (pointer: string) => Position;
}

/** A document that was read, or everything that is wrong with it, in the order of position, at most 1 000. */
export type DocumentReading =
  | ReadDocument
  | {
      readonly kind: 'refused';
      readonly faults: readonly Fault[];
      /** What can be read in spite of the faults, so that all that is wrong can be told at once; absent where not even the syntax holds. */
      readonly salvaged?: ReadDocument;
    };

const MIB = 1024 * 1024;

/**
 * Reads untrusted YAML 1.2 (core schema) or JSON. Size is judged before anything else and nesting before anything recurses; what
 * two readers could understand differently (anchors, tags, merge keys, duplicate keys, odd numbers, directives) is refused.
 * Never throws for a document.
 */
export function readDocument(source: string | Uint8Array, limits: DocumentLimits = {}): DocumentReading {
  const { maxBytes = 5 * MIB, maxDepth = 100, firstLine = 1 } = limits;
  if (isLarger(source, maxBytes)) {
    const message = `The document is larger than ${maxBytes} bytes.`;
    return refused([{ code: 'DOC_TOO_LARGE', path: '', offset: 0, message }], new LineIndex('', firstLine));
  }
  const decoded = typeof source === 'string' ? source : decode(source);
  if (decoded === null)
    return refused(
      [{ code: 'DOC_NOT_UTF8', path: '', offset: 0, message: 'The document is not UTF-8.' }],
      new LineIndex('', firstLine),
    );
  const text = decoded.startsWith('\uFEFF') ? decoded.slice(1) : decoded;
  const lines = new LineIndex(text, firstLine);
  const plain = readPlain(text, maxDepth);
  return plain === null
    ? readFully(text, lines, maxDepth)
    : { kind: 'read', value: plain.value, text, ...plainPositions(plain, lines) };
}

/** Reads any document, and says what is wrong with it. Exported for the proof that plain documents are read alike. */
export function readFully(text: string, lines: LineIndex, maxDepth: number): DocumentReading {
  const scanned = scan(text, maxDepth);
  const findings = [...scanned.findings, ...characterFindings(text)];
  if (scanned.findings.some((finding) => finding.code === 'DOC_TOO_DEEP')) return refused(findings, lines);

  const [first, second] = compose(scanned, text.length);
  const reader = new TreeReader(scanned, maxDepth);
  const value = reader.read(first?.contents ?? null, '');
  findings.push(...reader.findings, ...reader.unclaimed());
  if (second !== undefined) {
    const offset = second.range[0];
    findings.push({ code: 'DOC_SEVERAL_DOCUMENTS', path: '', offset, message: 'A second document begins here.' });
  }
  findings.push(...syntaxFindings([first, second], scanned, lines));
  const isLone = findings.some((finding) => finding.code === 'DOC_LONE_SURROGATE');
  if (!isLone && !text.isWellFormed()) {
    const message = 'Half of a surrogate pair stands here without the other half.';
    findings.push({ code: 'DOC_LONE_SURROGATE', path: '', offset: loneSurrogateAt(text), message });
  }
  const read: ReadDocument = { kind: 'read', value, text, ...positions(first?.contents ?? null, lines) };
  if (findings.length === 0) return read;
  const holds = !findings.some(({ code }) => code === 'DOC_SYNTAX' || code === 'DOC_SEVERAL_DOCUMENTS');
  return holds ? { ...refused(findings, lines), salvaged: read } : refused(findings, lines);
}

function isLarger(source: string | Uint8Array, maxBytes: number): boolean {
  if (typeof source !== 'string') return source.byteLength > maxBytes;
  if (source.length * 3 <= maxBytes) return false;
  return source.length > maxBytes || new TextEncoder().encode(source).byteLength > maxBytes;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** What YAML 1.2 §5.1 does not count among printable characters; a carriage return only before a line feed. */
function characterFindings(text: string): Finding[] {
  const findings: Finding[] = [];

  for (const match of text.matchAll(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|\r(?!\n)/g)) {
    const name = `U+${match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    const message = `The control character ${name} stands here.`;
    findings.push({ code: 'DOC_CONTROL_CHARACTER', path: '', offset: match.index, message });
    if (findings.length >= 1_000) break;
  }
  return findings;
}

type Composed = YamlDocument.Parsed;

function compose(scanned: Scan, length: number): Composed[] {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    // Told apart by the tree reader in linear time; the library compares each key with each.
    uniqueKeys: false,
    prettyErrors: false,
    strict: true,
  });
  return [...composer.compose(scanned.tokens, true, length)] as Composed[];
}

/** The library's errors and warnings, but for those that follow from what has its own fault on that line. */
function syntaxFindings(documents: readonly (Composed | undefined)[], scanned: Scan, lines: LineIndex): Finding[] {
  const explained = new Set(scanned.expressions.map((offset) => lines.positionAt(offset).line));
  const findings: Finding[] = [];
  for (const document of documents) {
    const told = new Set<string>();
    for (const { code, pos, message } of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
      if (code === 'TAG_RESOLVE_FAILED' && scanned.tags.length > 0) continue;
      if (code === 'MULTIPLE_DOCS' || explained.has(lines.positionAt(pos[0]).line)) continue;
      // A bracket that is not closed is reported for each that it stands in.
      if (told.size === told.add(`${pos[0]} ${message}`).size) continue;
      findings.push({ code: 'DOC_SYNTAX', path: '', offset: pos[0], message: `${message}.`.replace('..', '.') });
    }
  }
  return findings;
}

function loneSurrogateAt(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at) ?? 0;
    if (point > 0xffff) at++;
    else if (point >= 0xd800 && point <= 0xdfff) return at;
  }
  return 0;
}

function refused(findings: readonly Finding[], lines: LineIndex): Extract<DocumentReading, { kind: 'refused' }> {
  const faults = findings.map(({ code, path, offset, message }): Fault & { readonly code: DocumentFaultCode } => {
    return { code, path, ...lines.positionAt(offset), message, remediation: REMEDIES[code] };
  });
  return { kind: 'refused', faults: sortFaults(faults) };
}

type Places = Pick<ReadDocument, 'positionOf' | 'keyPositionOf'>;

function placesBy(lines: LineIndex, find: (pointer: string) => { key: number; value: number }): Places {
  return {
    positionOf: (pointer) => lines.positionAt(find(pointer).value),
    keyPositionOf: (pointer) => lines.positionAt(find(pointer).key),
  };
}

/** As `positions`, of a plain document. */
function plainPositions(root: PlainNode, lines: LineIndex): Places {
  const indexes = new WeakMap<object, Map<string, number>>();
  return placesBy(lines, (pointer) => {
    let node = root;
    let at = { key: root.at, value: root.at };
    for (const name of pointerNames(pointer)) {
      let place: number | undefined = Number(name);
      if (node.names !== null) {
        let index = indexes.get(node);
        if (index === undefined) indexes.set(node, (index = new Map(node.names.map((one, i) => [one, i]))));
        place = index.get(name);
      }
      const part = place === undefined ? undefined : node.parts[place];
      if (place === undefined || part === undefined) break;
      at = { key: node.namesAt[place] ?? part.at, value: part.at };
      node = part;
    }
    return at;
  });
}

/** Looks places up in the node tree when asked, one level after the other; each object is indexed once. */
function positions(root: Node | null, lines: LineIndex): Places {
  const indexes = new WeakMap<object, Map<string, Pair<Node, Node | null>>>();
  const find = (pointer: string): { key: number; value: number } => {
    let node = root;
    let at = { key: root?.range?.[0] ?? 0, value: root?.range?.[0] ?? 0 };
    for (const name of pointerNames(pointer)) {
      if (isSeq(node)) {
        node = (node.items[Number(name)] as Node | undefined) ?? null;
        if (node === null) break;
        const start = node.range?.[0] ?? at.value;
        at = { key: start, value: start };
      } else if (isMap(node)) {
        let index = indexes.get(node);
        if (index === undefined) {
          index = new Map((node.items as Pair<Node, Node | null>[]).map((pair) => [textOf(pair.key), pair]));
          indexes.set(node, index);
        }
        const pair = index.get(name);
        if (pair === undefined) break;
        const key = pair.key.range?.[0] ?? at.value;
        node = pair.value;
        at = { key, value: node?.range?.[0] ?? key };
      } else break;
    }
    return at;
  };
  return placesBy(lines, find);
}

function textOf(key: Node): string {
  return String((key as { readonly value?: unknown }).value);
}
