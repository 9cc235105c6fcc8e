import { placesBy, refused, type DocumentReading, type Places } from './document-reading';
import type * as FullReader from './full-reader';
import { pointerNames } from './json-pointer';
import { LineIndex } from './line-index';
import { type PlainNode, readPlain } from './plain-document';

/** Limits for a document. */
interface DocumentLimits {
  /** Bytes of UTF-8. Default: 5 MiB. */
  readonly maxBytes?: number;
  /** Nesting depth of lists and objects. Default: 100. */
  readonly maxDepth?: number;
  /** Number of the document's first line in its file, for reported positions. Default: 1. */
  readonly firstLine?: number;
  /** Refuses texts and keys with U+0000, which only an escape can write. For documents whose texts become rows. Default: false. */
  readonly refusesNul?: boolean;
}

const MIB = 1024 * 1024;

/**
 * Reads untrusted YAML 1.2 (core schema) or JSON. The size is checked first, and the nesting before any recursion. Constructs that two
 * readers could interpret differently (anchors, tags, merge keys, duplicate keys, unusual numbers, directives) are refused. Never throws
 * for a document.
 */
export function readDocument(source: string | Uint8Array, limits: DocumentLimits = {}): DocumentReading {
  const { maxBytes = 5 * MIB, maxDepth = 100, firstLine = 1, refusesNul = false } = limits;
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
  // The plain reader knows no other escape of U+0000.
  const plain = refusesNul && text.includes('\\u0000') ? null : readPlain(text, maxDepth);
  return plain === null
    ? readFully(text, lines, maxDepth, refusesNul)
    : { kind: 'read', value: plain.value, text, ...plainPositions(plain, lines) };
}

/** The full YAML library is loaded when the first document needs it. */
function readFully(text: string, lines: LineIndex, maxDepth: number, refusesNul: boolean): DocumentReading {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./full-reader') as typeof FullReader).readFully(text, lines, maxDepth, refusesNul);
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

/** Looks up positions in the tree of a plain document on demand. */
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
