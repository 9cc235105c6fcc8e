import { Composer, isMap, isSeq } from 'yaml';
import type { Document as YamlDocument, Node, Pair } from 'yaml';
import type { Finding } from './document-fault';
import { placesBy, refused, type DocumentReading, type Places, type ReadDocument } from './document-reading';
import { pointerNames } from './json-pointer';
import type { LineIndex } from './line-index';
import { type Scan, scan } from './scan';
import { findingsOf } from './syntax-findings';
import { TreeReader } from './tree';

/** Reads any document and reports its faults. `refusesNul`: U+0000 in a text or key is one. */
export function readFully(text: string, lines: LineIndex, maxDepth: number, refusesNul = false): DocumentReading {
  const scanned = scan(text, maxDepth);
  const findings = [...scanned.findings, ...characterFindings(text)];
  if (scanned.findings.some((finding) => finding.code === 'DOC_TOO_DEEP')) return refused(findings, lines);

  const [first, second] = compose(scanned, text.length);
  // U+0000 that is not escaped is reported as a control character.
  const reader = new TreeReader(scanned, { maxDepth, refusesNul: refusesNul && !text.includes('\0'), lines });
  const value = reader.read(first?.contents ?? null, '');
  findings.push(...reader.findings, ...reader.unclaimed());
  if (second !== undefined) {
    const offset = second.range[0];
    findings.push({ code: 'DOC_SEVERAL_DOCUMENTS', path: '', offset, message: 'A second document begins here.' });
  }
  const broken = syntaxFindings([first, second], scanned, text, lines);
  if (!findings.some(({ code }) => code === 'DOC_LONE_SURROGATE') && !text.isWellFormed()) {
    const message = 'This is an unpaired surrogate.';
    findings.push({ code: 'DOC_LONE_SURROGATE', path: '', offset: loneSurrogateAt(text), message });
  }
  const read: ReadDocument = { kind: 'read', value, text, ...positions(first?.contents ?? null, lines) };
  if (broken.length > 0) return refused([...besides(broken, findings, text, lines), ...broken], lines);
  if (findings.length === 0) return read;
  return second === undefined ? { ...refused(findings, lines), partial: read } : refused(findings, lines);
}

/**
 * The findings that do not follow from broken syntax: a list item among entries, for example, is read as a key that is not a string. So is
 * the item in the line after one that is indented with a tab.
 */
function besides(
  broken: readonly Finding[],
  findings: readonly Finding[],
  text: string,
  lines: LineIndex,
): readonly Finding[] {
  const places = new Set(
    broken.flatMap(({ offset }) => {
      const { line } = lines.positionAt(offset);
      return text.charAt(offset) === '\t' ? [line, line + 1] : [line];
    }),
  );
  return findings.filter(
    ({ code, offset }) => code !== 'DOC_KEY_NOT_STRING' || !places.has(lines.positionAt(offset).line),
  );
}

/** What YAML 1.2 §5.1 does not count among printable characters; a carriage return only before a line feed. */
function characterFindings(text: string): Finding[] {
  const findings: Finding[] = [];

  for (const match of text.matchAll(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|\r(?!\n)/g)) {
    const name = `U+${match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
    const message = `The control character ${name} is not allowed.`;
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
    // The tree reader detects duplicate keys in linear time. The library compares every key with every other one.
    uniqueKeys: false,
    prettyErrors: false,
    strict: true,
  });
  return [...composer.compose(scanned.tokens, true, length)] as Composed[];
}

/** The library's errors and warnings, except those that result from another fault on the same line. */
function syntaxFindings(
  documents: readonly (Composed | undefined)[],
  scanned: Scan,
  text: string,
  lines: LineIndex,
): readonly Finding[] {
  const explained = new Set(scanned.expressions.map((offset) => lines.positionAt(offset).line));
  const errors = documents
    .flatMap((document) => [...(document?.errors ?? []), ...(document?.warnings ?? [])])
    .filter(({ code }) => code !== 'MULTIPLE_DOCS' && (code !== 'TAG_RESOLVE_FAILED' || scanned.tags.length === 0));
  return errors.length === 0 ? [] : findingsOf(errors, { text, tokens: scanned.tokens, lines, explained });
}

function loneSurrogateAt(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at) ?? 0;
    if (point > 0xffff) at++;
    else if (point >= 0xd800 && point <= 0xdfff) return at;
  }
  return 0;
}

/** Looks up positions in the node tree on demand, level by level. Each object is indexed once. */
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
